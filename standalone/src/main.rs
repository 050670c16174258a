//! The whole system in one process, with nothing installed: parse, open, run.

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
use roles::{Process, http, release};

use crate::flags::Flags;

#[tokio::main]
async fn main() -> Result<()> {
    telemetry::start();
    let flags = Flags::parse();
    if let Some(command) = &flags.command {
        return operate(&flags, command.clone()).await;
    }
    release::announce();
    let signals = Signals::listen().context("signals")?;
    let listener = http::bind(flags.listen)?;
    let admin = http::bind(flags.admin())?;
    std::fs::create_dir_all(&flags.data_dir)
        .with_context(|| format!("cannot make {}", flags.data_dir.display()))?;
    // Closed last: it syncs what everyone else has written.
    let store = Store::open(&flags.data_dir, Arc::new(SystemClock))?;
    let process = Process::new(store.log(), store.tables(), Arc::new(SystemClock));
    let start = async |process: &mut Process| {
        process.admin(admin);
        let ingest = system::start(process, listener, &flags).await?;
        welcome::greet(&ingest, &flags).await
    };
    process.run(signals, start).await
}

/// What an operator does to a folder while no system runs on it.
async fn operate(flags: &Flags, command: operator::Command) -> Result<()> {
    let store = Store::open(&flags.data_dir, Arc::new(SystemClock))?;
    operator::run(command, &*store.log(), &*store.tables()).await
}
