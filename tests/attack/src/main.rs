//! Attacks at full size against a running system, beside users who do nothing wrong.
//!
//! Invariant: each attack also runs against a sink, with the same neighbours on the system: what the
//! attackers take of the machine by themselves is no fault of the system. The program fails if an attack
//! breaks its bar.

mod attacks;
mod ground;
mod neighbours;
mod sink;
mod table;
mod usage;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use tests::System;
use tokio::time::Instant;

use attacks::{ATTACKS, Attack, Running};
use ground::Ground;
use neighbours::Neighbours;
use sink::Sink;
use table::{Measured, Row};
use usage::Usage;

/// Of the answers to neighbours, while everything happens together.
const ANSWERED_WITHIN: Duration = Duration::from_millis(200);

#[derive(Parser)]
#[command(version, about = "Attacks on MuscleMap Messaging, on the stack that MM_STACK names")]
struct Command {
    /// How long each attack takes, and as long against the sink.
    #[arg(long, value_name = "SECONDS", default_value_t = 12)]
    seconds: u64,
    /// Only attacks whose name holds this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// The server that attackers are aimed at to see what they take by themselves.
    #[command(hide = true)]
    Sink,
}

#[tokio::main]
async fn main() -> Result<()> {
    let command = Command::parse();
    match command.part {
        Some(Part::Sink) => sink::serve().await,
        None => attack(&command).await,
    }
}

async fn attack(command: &Command) -> Result<()> {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.toml");
    let mut system = System::with_shipped_limits(Some(&policy)).await;
    let sink = Sink::start().await?;
    let aim = Ground::of_system(&system).await?;
    let aside = Ground { http: sink.address, sockets: sink.address, ..aim.clone() };
    let mut neighbours = Neighbours::come(&system).await?;
    let each = Duration::from_secs(command.seconds);

    table::head(system.stack);
    let mut failures = Vec::new();
    let chosen: Vec<&Attack> = ATTACKS.iter().filter(|attack| attack.name.contains(&command.only)).collect();
    for attack in &chosen {
        let beside = {
            let running = attack.begin(&aside);
            neighbours.observe(each).await?;
            drop(running);
            neighbours.take()
        };
        let during = measure(&system, &mut neighbours, each, || vec![attack.begin(&aim)]).await?;
        let row = Row { name: attack.name, during, beside: Some(beside) };
        row.print();
        failures.extend(row.failures());
        ensure!(
            system.processes.iter_mut().all(|process| process.ended().is_none()),
            "{} ended a process",
            attack.name
        );
    }

    let begin = || chosen.iter().map(|attack| attack.begin_in_small(&aim)).collect();
    let during = measure(&system, &mut neighbours, each, begin).await?;
    let together = Row { name: "all together", during, beside: None };
    together.print();
    let p99 = together.during.times.p99();
    if p99 > ANSWERED_WITHIN {
        failures.push(format!("all together: p99 of answers {p99:?} is over {ANSWERED_WITHIN:?}"));
    }
    ensure!(system.processes.iter_mut().all(|process| process.ended().is_none()), "a process has ended");
    ensure!(system.end().await, "a process did not end with success");
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Attacks the system for a time, beside the neighbours.
async fn measure(
    system: &System,
    neighbours: &mut Neighbours,
    time: Duration,
    begin: impl FnOnce() -> Vec<Running>,
) -> Result<Measured> {
    let before = Usage::of_all(&system.processes)?;
    let begun = Instant::now();
    let running = begin();
    neighbours.observe(time).await?;
    let after = Usage::of_all(&system.processes)?;
    let inputs: u64 = running.iter().map(Running::inputs).sum();
    let inputs_per_second = inputs as f64 / begun.elapsed().as_secs_f64();
    drop(running);
    Ok(Measured { inputs_per_second, times: neighbours.take(), before, after })
}
