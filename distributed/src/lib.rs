//! One role in a process of its own, over Kafka and ScyllaDB: parse, connect, run.
//!
//! Invariant: the process ends with success only if nothing of what it had begun was given up.

pub mod config;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use kafka::Kafka;
use platform::clock::SystemClock;
use platform::lifecycle::Signals;
use platform::ports::Ephemeral;
use platform::telemetry;
use redis_ephemeral::Redis;
use roles::{Access, Process, http, release};
use scylla_tables::Scylla;

use crate::config::{Config, Flags};

/// How often the platform's keys are read again.
const KEYS_EVERY: Duration = Duration::from_secs(60);

/// Runs a process until it is told to end. `start` starts its role.
pub async fn run(
    role: &'static str,
    start: impl AsyncFnOnce(&mut Process, &Config) -> Result<()>,
) -> Result<()> {
    telemetry::start();
    let flags = Flags::parse();
    let config = Config::load(&flags)?;
    if flags.print_config {
        print!("{}", toml::to_string(&config)?);
        return Ok(());
    }
    release::announce();
    let mut signals = Signals::listen().context("signals")?;
    let admin = http::bind(config.admin.listen)?;
    let (kafka, tables) = tokio::select! {
        connected = connect(&config, role) => connected?,
        // Nothing has begun, and whoever does not answer is not waited for.
        () = signals.next() => std::process::exit(0),
    };
    prometheus::register(Box::new(kafka.metrics())).context("metrics")?;
    prometheus::register(Box::new(tables.metrics())).context("metrics")?;
    let process = Process::new(Arc::new(kafka), Arc::new(tables), Arc::new(SystemClock));
    let start = async |process: &mut Process| {
        process.admin(admin);
        start(process, &config).await?;
        tracing::info!(role, admin = %config.admin.listen, "started");
        Ok(())
    };
    process.run(signals, start).await
}

/// The log and the tables of a deployment.
pub async fn connect(config: &Config, client_id: &str) -> Result<(Kafka, Scylla)> {
    let kafka = Kafka::connect(config.kafka(client_id)).await.context("kafka")?;
    let tables = Scylla::connect(config.tables(), &schemas::tables::ALL).await.context("tables")?;
    Ok((kafka, tables))
}

/// The ephemeral state of a deployment, with its subscriptions; the process serves without the server too.
pub fn ephemeral(process: &mut Process, config: &Config) -> Result<Arc<dyn Ephemeral>> {
    let redis = Redis::new(config.redis())?;
    prometheus::register(Box::new(redis.metrics())).context("metrics")?;
    process.life.running.spawn("redis", |stop| redis.clone().run(stop));
    Ok(redis)
}

/// Who signs in; the platform's keys are read again and again.
pub fn access(process: &mut Process, config: &Config) -> Result<Access> {
    let access = config.access()?;
    if let Some(file) = config.key_file() {
        let (file, authenticator) = (file.to_owned(), access.authenticator.clone());
        let clock = process.clock.clone();
        process.life.running.spawn("keys", |stop| async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok::<(), Infallible>(()),
                    () = clock.sleep(KEYS_EVERY) => match config::read_keys(&file) {
                        Ok(keys) => authenticator.replace_keys(keys),
                        Err(error) => tracing::warn!(%error, "keys stay as they are"),
                    },
                }
            }
        });
    }
    Ok(access)
}
