//! Control records: what all partitions of both machines are told.
//!
//! Invariant: rules come in force only when an operator says so, once every process runs a build that
//! knows them; until then what ships with a build stays dark.

use anyhow::{Result, ensure};
use platform::clock::{Clock, SystemClock};
use platform::ports::Log;
use platform::runner::checkpoint;
use schemas::avro;
use schemas::control::{Control, RULES};
use schemas::record::{Origin, Outgoing, Place};
use schemas::topics::{ACCOUNT_COMMANDS, CONVERSATION_COMMANDS};

/// Puts a version of the rules in force, from a control record in every partition on.
pub async fn apply_rules(log: &dyn Log, rules: i32) -> Result<()> {
    ensure!(
        checkpoint::runs(RULES, rules),
        "this build runs the rules {} and {RULES}, not {rules}",
        RULES - 1
    );
    append(log, &Control { policy: None, rules: Some(rules) }).await
}

/// To the conversations first: what an account lets pass by a new policy meets it there.
pub async fn append(log: &dyn Log, control: &Control) -> Result<()> {
    let value = avro::encode(control);
    let at = SystemClock.now();
    for topic in [&CONVERSATION_COMMANDS, &ACCOUNT_COMMANDS] {
        for partition in 0..log.partitions(topic) {
            let place = Place::Partition(partition);
            let headers = Origin::client(at, None).headers("Control");
            let record = Outgoing { topic, place, key: None, headers, value: value.clone() };
            log.enqueue(record).await?.await?;
        }
    }
    Ok(())
}
