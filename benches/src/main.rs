//! Benchmarks: each drives real programs from outside, and measures its floor in the same run.
//!
//! A sub-command each; one line for people, one of JSON. Anything lost is a failure.

mod decide;
mod hops;
mod pipeline;
mod quantiles;
mod usage;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(version, about = "Benchmarks of MuscleMap Messaging")]
enum Bench {
    /// From a send to its receipt by every member, through the whole system.
    Pipeline(pipeline::Options),
    /// The rules alone: decisions a second on one core.
    Decide(decide::Options),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Bench::parse() {
        Bench::Pipeline(options) => pipeline::run(options).await,
        Bench::Decide(options) => decide::run(&options).await,
    }
}
