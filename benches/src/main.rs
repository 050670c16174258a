//! Benchmarks: each drives real programs from outside, and measures its floor in the same run.
//!
//! A sub-command each; for each finding one line for people, one of JSON. Anything lost is a failure.

mod all;
mod bare;
mod child;
mod clients;
mod clock;
mod compare;
mod decide;
mod fanout;
mod graphql;
mod group;
mod hops;
mod idle;
mod moderate;
mod node;
mod pace;
mod pipeline;
mod quantiles;
mod record;
mod report;
mod slow;
mod storm;
mod usage;

use anyhow::Result;
use clap::{Parser, Subcommand};

use report::Report;

#[derive(Parser)]
#[command(version, about = "Benchmarks of MuscleMap Messaging")]
struct Command {
    /// Fail if a figure is above its bar.
    #[arg(long, global = true)]
    strict: bool,
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// All of them, in small.
    All(all::Options),
    /// From a send to its receipt by every member, through the whole system.
    Pipeline(pipeline::Options),
    /// The rules alone: decisions a second on one core.
    Decide(decide::Options),
    /// The words of a policy over one text.
    Moderate(moderate::Options),
    /// One message after the other to many sockets of a node.
    Fanout(fanout::Options),
    /// Many messages at once to many sockets of a node.
    Burst(fanout::BurstOptions),
    /// Sockets of a node whose selections differ.
    Graphql(graphql::Options),
    /// Sockets of a node on which nothing happens.
    Idle(idle::Options),
    /// Sockets that are cut off at once and come back.
    Storm(storm::Options),
    /// Sockets that read slowly, or not at all.
    Slow(slow::Options),
    /// One big conversation: how long until the last member has a message.
    Group(group::Options),
    /// The node that the others start beside themselves.
    #[command(hide = true)]
    Node(node::Options),
    /// The loop that they compare it with.
    #[command(hide = true)]
    Bare,
}

fn main() -> Result<()> {
    let command = Command::parse();
    if let Bench::Bare = command.bench {
        return bare::run();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut report = Report::default();
        match command.bench {
            Bench::Node(options) => return node::run(options).await,
            Bench::All(options) => all::run(&options, &mut report).await?,
            bench => bench.run(&mut report).await?,
        }
        if command.strict { report.insist() } else { Ok(()) }
    })
}

impl Bench {
    /// One benchmark.
    async fn run(self, report: &mut Report) -> Result<()> {
        match self {
            Self::Pipeline(options) => pipeline::run(options, report).await,
            Self::Decide(options) => decide::run(&options, report).await,
            Self::Moderate(options) => moderate::run(&options, report),
            Self::Fanout(options) => fanout::run(&options, report).await,
            Self::Burst(options) => fanout::run_bursts(&options, report).await,
            Self::Graphql(options) => graphql::run(&options, report).await,
            Self::Idle(options) => idle::run(&options, report).await,
            Self::Storm(options) => storm::run(&options, report).await,
            Self::Slow(options) => slow::run(&options, report).await,
            Self::Group(options) => group::run(&options, report).await,
            Self::All(_) | Self::Node(_) | Self::Bare => anyhow::bail!("not a benchmark by itself"),
        }
    }
}
