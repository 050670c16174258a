//! The whole system in one process, with nothing installed: parse, open, run.

mod demo;
mod flags;
mod folder;
mod secrets;
mod system;
mod welcome;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use embedded::{OpenError, Store};
use operator::On;
use platform::clock::SystemClock;
use platform::lifecycle::Signals;
use platform::telemetry;
use roles::{Process, http, release};

use crate::flags::Flags;

/// The data folder is damaged: starting again does not help (`EX_DATAERR` of sysexits).
const DAMAGED: u8 = 65;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start();
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    eprintln!("Error: {error:?}");
    match error.downcast_ref() {
        Some(OpenError::Damaged { .. }) => ExitCode::from(DAMAGED),
        Some(_) | None => ExitCode::FAILURE,
    }
}

async fn run() -> Result<()> {
    let flags = Flags::parse();
    folder::make_private();
    if let Some(command) = &flags.command {
        return operate(&flags, command.clone()).await;
    }
    flags.check()?;
    release::announce();
    let signals = Signals::listen().context("signals")?;
    let listener = http::bind(flags.listen)?;
    let admin = http::bind(flags.admin())?;
    folder::prepare(&flags.data_dir)?;
    // Closed last: it syncs what everyone else has written.
    let store = Store::open(&flags.data_dir, Arc::new(SystemClock))?;
    let process = Process::new(store.log(), store.tables(), Arc::new(SystemClock));
    let start = async |process: &mut Process| {
        process.admin(admin);
        let inside = system::start(process, listener, &flags).await?;
        welcome::greet(&inside, &flags, &*process.clock).await
    };
    process.run(signals, start).await
}

/// What an operator does to a folder while no system runs on it.
async fn operate(flags: &Flags, command: operator::Command) -> Result<()> {
    let store = Store::open(&flags.data_dir, Arc::new(SystemClock))?;
    let search = match &command {
        operator::Command::Search(_) => Some(flags.search()?),
        _ => None,
    };
    operator::run(command, &On { log: store.log(), tables: store.tables(), search }).await
}
