//! Putting a policy in force: a control record in every partition of both machines.
//!
//! Invariant: a version means one policy. It is stored before it is appended, and appended again at
//! every start, which changes nothing where it is in force already.

use std::path::Path;

use anyhow::{Context, Result};
use platform::ports::{Log, PutRow, Tables};
use schemas::control::{Control, Policy, PolicyVersion};
use schemas::position::Version;
use schemas::tables::{POLICIES, policies};

use crate::control;

/// Puts the file's policy in force; without a file, what was last, and at first what is shipped. Gives
/// its version.
pub async fn apply(log: &dyn Log, tables: &dyn Tables, file: Option<&Path>) -> Result<i64> {
    let stored = stored(tables).await?;
    let wanted = match file {
        Some(file) => Some(read(file)?),
        None if stored.is_none() => Some(domain::policy::parse(domain::policy::SHIPPED)?),
        None => None,
    };
    let version = match (stored, wanted) {
        (Some(stored), Some(wanted)) if stored.policy != wanted => {
            store(tables, PolicyVersion { version: stored.version + 1, policy: wanted }).await?
        }
        (Some(stored), _) => stored,
        (None, Some(wanted)) => store(tables, PolicyVersion { version: 1, policy: wanted }).await?,
        (None, None) => anyhow::bail!("there is no policy"),
    };
    let number = version.version;
    control::append(log, &Control { policy: Some(version), rules: None }).await?;
    Ok(number)
}

pub fn read(file: &Path) -> Result<Policy> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    domain::policy::parse(&text).with_context(|| format!("{}", file.display()))
}

/// The policy that was last put in force.
pub async fn stored(tables: &dyn Tables) -> Result<Option<PolicyVersion>> {
    let rows = tables.get(&POLICIES, &policies::partition(), &[vec![]]).await?;
    Ok(rows.first().map(|row| policies::from_columns(&row.columns)).transpose()?)
}

async fn store(tables: &dyn Tables, version: PolicyVersion) -> Result<PolicyVersion> {
    let row = PutRow {
        key: vec![],
        columns: policies::to_columns(&version),
        version: Version::of(version.version),
        time_to_live: None,
    };
    tables.put(&POLICIES, &policies::partition(), vec![row]).await?;
    tracing::info!(version = version.version, "new policy");
    Ok(version)
}
