//! What operators do to a deployment: set up topics and tables, apply a policy, look at dead letters.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use distributed::config::{Config, Flags};
use operator::On;
use platform::telemetry;
use schemas::control::RULES;

#[derive(Debug, Parser)]
#[command(version = roles::release::FULL, about = "Operates MuscleMap Messaging on Kafka and ScyllaDB")]
struct Operate {
    /// Settings that differ from the defaults.
    #[arg(long, value_name = "FILE", env = "MM_CONFIG")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes topics and tables, or checks that those there are as they should be; puts a policy in
    /// force if there is none.
    Setup {
        /// Of every topic; fixed for the life of the system.
        #[arg(long, default_value_t = 64)]
        partitions: i32,
        /// Of topics and tables.
        #[arg(long, default_value_t = 3)]
        replicas: i32,
        /// Brokers that must have a record before it is acknowledged.
        #[arg(long, default_value_t = 2)]
        min_insync: i32,
    },
    #[command(flatten)]
    Operator(operator::Command),
}

#[tokio::main]
async fn main() -> Result<()> {
    telemetry::start();
    let Operate { config, command } = Operate::parse();
    let flags = Flags { config, listen: None, admin: None, print_config: false };
    let config = Config::load(&flags)?;
    match command {
        Command::Setup { partitions, replicas, min_insync } => {
            let settings =
                kafka::setup::Settings { partitions, replication: replicas, min_insync_replicas: min_insync };
            kafka::setup::ensure(&config.kafka("musclemap"), settings).await.context("topics")?;
            let tables = &schemas::tables::ALL;
            scylla_tables::setup::ensure(&config.tables(), replicas.unsigned_abs(), tables)
                .await
                .context("tables")?;
            let (log, tables) = distributed::connect(&config, "musclemap").await?;
            if operator::policy::stored(&tables).await?.is_none() {
                // Nothing has been decided yet, so nobody decides by older ones.
                operator::control::apply_rules(&log, RULES).await?;
            }
            let version = operator::policy::apply(&log, &tables, None).await?;
            println!("topics and tables are as they should be; policy version {version} is in force");
            Ok(())
        }
        Command::Operator(command) => {
            let (log, tables) = distributed::connect(&config, "musclemap").await?;
            let on = On { log: Arc::new(log), tables: Arc::new(tables), search: config.search()? };
            operator::run(command, &on).await
        }
    }
}
