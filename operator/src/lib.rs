//! What operators do to a system: put a policy in force, replay dead letters, rebuild the search index.
//!
//! Invariant: each command can be given again, and then changes nothing more.

pub mod audit;
pub mod control;
pub mod dead_letters;
pub mod policy;
pub mod search;
pub mod trial;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use platform::ports::{Log, SearchIndex, Tables};
use schemas::position::{Offset, Partition};

#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Prices, limits, features, and rules over texts.
    #[command(subcommand)]
    Policy(Policy),
    /// Versions of the rules in code, which come in force once every process runs a build that knows them.
    #[command(subcommand)]
    Rules(Rules),
    /// Dead letters: records that could not be handled.
    #[command(subcommand)]
    Dlq(Dlq),
    /// The search index.
    #[command(subcommand)]
    Search(Search),
    /// The audit log of moderation.
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Debug, Clone, Subcommand)]
pub enum Audit {
    /// Checks that no entry was changed or taken out, and fails if one was.
    Verify,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Search {
    /// Builds the index from the tables beside the live one, and swaps it in.
    Rebuild {
        /// Goes on with what an earlier run has built and not swapped in, and writes what that lacks.
        #[arg(long, conflicts_with = "verify")]
        resume: bool,
        /// Builds nothing: compares the live index with the tables, and fails if they differ.
        #[arg(long)]
        verify: bool,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub enum Policy {
    /// Puts a policy in force, from a control record in every partition on.
    Apply { file: PathBuf },
    /// Puts nothing in force: tells how many of the newest texts of messages meet which rules of a draft.
    Try {
        file: PathBuf,
        /// How many texts.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        last: u32,
    },
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
    /// Puts a dead letter of a command, or of what the platform says, back where it was read, to be handled anew;
    /// a command has its effect at most once, ever.
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

/// What the commands work on.
pub struct On {
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    /// Absent in a deployment without one.
    pub search: Option<Arc<dyn SearchIndex>>,
}

/// Does what is asked, and prints the result.
pub async fn run(command: Command, on: &On) -> Result<()> {
    let (log, tables) = (&*on.log, &*on.tables);
    match command {
        Command::Audit(Audit::Verify) => audit::verify(tables).await?,
        Command::Search(Search::Rebuild { resume, verify: false }) => search::rebuild(on, resume).await?,
        Command::Search(Search::Rebuild { verify: true, .. }) => search::verify(on).await?,
        Command::Policy(Policy::Apply { file }) => {
            let version = policy::apply(log, tables, Some(&file)).await?;
            println!("policy version {version} is in force");
        }
        Command::Policy(Policy::Try { file, last }) => {
            let findings = trial::run(log, &file, last as usize).await?;
            findings.lines().iter().for_each(|line| println!("{line}"));
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
