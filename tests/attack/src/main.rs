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

use attacks::{ATTACKS, Attack};
use ground::Ground;
use neighbours::Neighbours;
use sink::Sink;
use table::Row;
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
        let before = Usage::of_all(&system.processes)?;
        let begun = Instant::now();
        let running = attack.begin(&aim);
        neighbours.observe(each).await?;
        let during = Usage::of_all(&system.processes)?;
        let (inputs, seconds) = (running.inputs(), begun.elapsed().as_secs_f64());
        drop(running);
        let row =
            Row { name: attack.name, inputs, seconds, times: neighbours.take(), beside, before, during };
        row.print();
        failures.extend(row.failures());
        ensure!(
            system.processes.iter_mut().all(|process| process.ended().is_none()),
            "{} ended a process",
            attack.name
        );
    }

    let before = Usage::of_all(&system.processes)?;
    let begun = Instant::now();
    let running: Vec<_> = chosen.iter().map(|attack| attack.begin_in_small(&aim)).collect();
    neighbours.observe(each).await?;
    let during = Usage::of_all(&system.processes)?;
    let (inputs, seconds) =
        (running.iter().map(attacks::Running::inputs).sum(), begun.elapsed().as_secs_f64());
    drop(running);
    let together = neighbours.take();
    table::all_together(inputs, seconds, &together, before, during);
    if together.p99() > ANSWERED_WITHIN {
        failures
            .push(format!("all together: p99 of answers {:?} is over {ANSWERED_WITHIN:?}", together.p99()));
    }
    ensure!(system.processes.iter_mut().all(|process| process.ended().is_none()), "a process has ended");
    ensure!(system.end().await, "a process did not end with success");
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
