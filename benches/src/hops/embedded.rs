//! Hops through an embedded log of their own.

use std::sync::Arc;

use anyhow::Result;
use embedded::Store;
use platform::clock::SystemClock;
use platform::ports::{Log, LogError};
use schemas::record::{Outgoing, Place};
use schemas::topics::VERDICTS;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{HOPS, PACE, Times, payload};
use crate::pace;

pub fn start(times: Times, stop: CancellationToken) -> Result<JoinSet<()>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), Arc::new(SystemClock))?;
    let log: Arc<dyn Log> = store.log();
    let moments = pace::moments(PACE, usize::MAX)?;
    let mut floor = JoinSet::new();
    floor.spawn(async move {
        let mut tasks = JoinSet::new();
        for hop in 0..HOPS {
            tasks.spawn(pass_on(log.clone(), hop, times.clone()));
        }
        tasks.spawn(begin(log, moments));
        tokio::select! {
            () = stop.cancelled() => {}
            Some(ended) = tasks.join_next() => eprintln!("the floor has ended: {ended:?}"),
        }
        drop((tasks, store, folder));
    });
    Ok(floor)
}

async fn begin(log: Arc<dyn Log>, mut moments: mpsc::Receiver<u64>) -> Result<(), LogError> {
    while let Some(due) = moments.recv().await {
        append(&*log, 0, payload(due)).await?;
    }
    Ok(())
}

async fn pass_on(log: Arc<dyn Log>, hop: i32, times: Times) -> Result<(), LogError> {
    let mut reader = log.read(&VERDICTS, hop, 0).await?;
    loop {
        for record in reader.next().await? {
            if hop + 1 == HOPS {
                times.note(&record.value);
            } else {
                append(&*log, hop + 1, record.value.to_vec()).await?;
            }
        }
    }
}

async fn append(log: &dyn Log, hop: i32, value: Vec<u8>) -> Result<(), LogError> {
    let place = Place::Partition(hop);
    // What follows a record waits for nothing: the receipt is not asked for.
    log.enqueue(Outgoing { topic: &VERDICTS, place, key: None, headers: vec![], value }).await.map(drop)
}
