//! The whole system in one process, with nothing installed: parse, open, start, wait, drain.

mod flags;
mod http;
mod policy;
mod secrets;
mod system;
mod welcome;

use anyhow::{Context, Result};
use clap::Parser;
use platform::lifecycle::Signals;
use platform::telemetry;

use crate::flags::Flags;
use crate::system::System;

#[tokio::main]
async fn main() -> Result<()> {
    telemetry::start();
    let flags = Flags::parse();
    let mut signals = Signals::listen().context("signals")?;
    let mut system = System::start(&flags).await?;
    welcome::greet(&system, &flags).await?;
    let ended = system.watch(signals.next()).await;
    tracing::info!("draining");
    tokio::select! {
        drained = system.drain() => drained?,
        () = signals.next() => anyhow::bail!("told to end a second time: what was on its way repeats"),
    }
    ended
}
