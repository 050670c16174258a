//! What operators do to a system: put a policy in force, look at dead letters and replay them.
//!
//! Invariant: each command can be given again, and then changes nothing more.

pub mod control;
pub mod dead_letters;
pub mod policy;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use platform::ports::{Log, Tables};
use schemas::position::{Offset, Partition};

#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Prices and limits.
    #[command(subcommand)]
    Policy(Policy),
    /// Versions of the rules in code, which come in force once every process runs a build that knows them.
    #[command(subcommand)]
    Rules(Rules),
    /// Dead letters: records that could not be handled.
    #[command(subcommand)]
    Dlq(Dlq),
}

#[derive(Debug, Clone, Subcommand)]
pub enum Policy {
    /// Puts a policy in force, from a control record in every partition on.
    Apply { file: PathBuf },
}

#[derive(Debug, Clone, Subcommand)]
pub enum Rules {
    /// Puts a version in force, from a control record in every partition on.
    Apply { version: i32 },
}

#[derive(Debug, Clone, Subcommand)]
pub enum Dlq {
    /// One line for each dead letter, oldest first.
    List {
        /// Of one topic alone, named as the topic that it was read from.
        #[arg(long)]
        topic: Option<String>,
    },
    /// Headers and value of a dead letter.
    Show(Place),
    /// Puts a dead letter back where it was read, to be decided anew; at most once, ever.
    Replay(Place),
}

/// Where a dead letter stands.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The topic that it was read from.
    pub topic: String,
    pub partition: Partition,
    pub offset: Offset,
}

/// Does what is asked, and prints what there is to say.
pub async fn run(command: Command, log: &dyn Log, tables: &dyn Tables) -> Result<()> {
    match command {
        Command::Policy(Policy::Apply { file }) => {
            let version = policy::apply(log, tables, Some(&file)).await?;
            println!("policy version {version} is in force");
        }
        Command::Rules(Rules::Apply { version }) => {
            control::apply_rules(log, version).await?;
            println!("rules {version} are in force");
        }
        Command::Dlq(Dlq::List { topic }) => {
            let letters = dead_letters::list(log, topic.as_deref()).await?;
            letters.iter().for_each(|letter| println!("{}", letter.line()));
            println!("{} dead letters", letters.len());
        }
        Command::Dlq(Dlq::Show(place)) => print!("{}", dead_letters::find(log, &place).await?.text()),
        Command::Dlq(Dlq::Replay(place)) => {
            let offset = dead_letters::replay(log, &place).await?;
            println!("replayed as offset {offset} of {}", place.topic);
        }
    }
    Ok(())
}
