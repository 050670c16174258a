//! B8: sockets that say and hear nothing but pings, each with an inbox: what they take of memory and
//! time.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::clients::{Crowd, LEAN, Plan};
use crate::node::Node;
use crate::report::{Bar, Finding, Report};

/// Sockets that come before anything is measured, so that what is made once is there.
const FIRST: usize = 16;
const MEMORY_BAR: f64 = 4.0;
const TIME_BAR: f64 = 2.0;
/// Memory has settled when so many looks in a row find it within this part of itself.
const LOOKS: usize = 8;
const LOOK_EVERY: Duration = Duration::from_millis(250);
const STEADY: f64 = 0.002;
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// One measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000])]
    sockets: Vec<usize>,
    /// How long time is taken, in seconds; each socket is pinged every 30.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    for sockets in &options.sockets {
        report.say(&measure(*sockets, Duration::from_secs(options.seconds)).await?);
    }
    Ok(())
}

async fn measure(sockets: usize, window: Duration) -> Result<Finding> {
    let mut node = Node::start(&[FIRST + sockets]).await?;
    let lean = |_| LEAN.to_owned();
    let first = Crowd::come(node.address, Plan::of(0, 0..FIRST), lean).await?;
    let before = settled_memory(&node).await?;
    let own = busy_micros(&mut node, window / 2).await?;
    let crowd = Crowd::come(node.address, Plan::of(0, FIRST..FIRST + sockets), lean).await?;
    let after = settled_memory(&node).await?;
    let busy = busy_micros(&mut node, window).await?;
    for crowd in [&first, &crowd] {
        ensure!(crowd.heard.closes().is_empty(), "sockets were closed: {:?}", crowd.heard.closes());
    }
    let each = (after - before) / sockets as f64;
    let micros = (busy - own) / sockets as f64;
    Ok(Finding {
        bench: "idle",
        text: format!(
            "{sockets} sockets: {each:.2} KB of memory and {micros:.2} µs/s each, {:.0} µs/s without them",
            own
        ),
        figures: json!({
            "sockets": sockets, "kilobytesEach": each, "microsPerSecondEach": micros,
            "microsPerSecondWithout": own, "memoryKilobytes": { "before": before, "after": after },
        }),
        bars: vec![
            Bar { what: "KB per socket", value: each, most: MEMORY_BAR },
            Bar { what: "µs/s per socket", value: micros, most: TIME_BAR },
        ],
    })
}

/// Microseconds on a core in each second of a time.
async fn busy_micros(node: &mut Node, window: Duration) -> Result<f64> {
    let (begun, before) = (Instant::now(), node.cpu().await?);
    sleep(window).await;
    let spent = node.cpu().await? - before;
    Ok(spent as f64 / 1e3 / begun.elapsed().as_secs_f64())
}

/// Kilobytes, once they do not change any more.
async fn settled_memory(node: &Node) -> Result<f64> {
    let settled = async {
        let (mut last, mut steady) = (node.memory()?, 0);
        while steady < LOOKS {
            sleep(LOOK_EVERY).await;
            let now = node.memory()?;
            steady = if (now - last).abs() <= last * STEADY { steady + 1 } else { 0 };
            last = now;
        }
        Ok(last)
    };
    timeout(SETTLED_WITHIN, settled).await.context("memory does not settle")?
}
