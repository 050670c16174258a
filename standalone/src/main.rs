//! The whole system in one process, with nothing installed: parse, open, start, wait, drain.

mod flags;
mod secrets;
mod system;
mod welcome;

use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use embedded::Store;
use platform::clock::SystemClock;
use platform::lifecycle::Signals;
use platform::telemetry;

use crate::flags::Flags;
use crate::system::System;

#[tokio::main]
async fn main() -> Result<()> {
    telemetry::start();
    let flags = Flags::parse();
    if let Some(command) = &flags.command {
        return operate(&flags, command.clone()).await;
    }
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

/// What an operator does to a folder while no system runs on it.
async fn operate(flags: &Flags, command: operator::Command) -> Result<()> {
    let store = Store::open(&flags.data_dir, Arc::new(SystemClock))?;
    operator::run(command, &*store.log(), &*store.tables()).await
}
