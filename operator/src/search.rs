//! The search index, built again or compared with the tables.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use platform::clock::SystemClock;
use platform::ports::{Ports, SearchIndex};

use crate::On;

/// Builds the index again, and prints the result.
pub async fn rebuild(on: &On, resume: bool) -> Result<()> {
    let (ports, search) = ports(on)?;
    let built = search_index::rebuild(&ports, search, resume).await?;
    for (index, documents) in &built.documents {
        println!("{index}: {documents} documents");
    }
    println!("{} written, {} records meanwhile", built.written, built.caught_up);
    Ok(())
}

/// Compares the index with the tables, and fails if they differ.
pub async fn verify(on: &On) -> Result<()> {
    let (ports, search) = ports(on)?;
    let compared = search_index::verify(&ports, search).await?;
    compared.shown.iter().for_each(|difference| println!("{difference}"));
    ensure!(compared.differences == 0, "{} differences", compared.differences);
    println!("{} documents, as the tables say", compared.documents);
    Ok(())
}

fn ports(on: &On) -> Result<(Ports, Arc<dyn SearchIndex>)> {
    let search = on.search.clone().context("there is no search index: search.url is not given")?;
    let ports = Ports { log: on.log.clone(), tables: on.tables.clone(), clock: Arc::new(SystemClock) };
    Ok((ports, search))
}
