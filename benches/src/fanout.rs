//! B1 and B2: one conversation's messages to all its members on one node, one at a time or several at
//! once, against a loop that only writes.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::bare::Bare;
use crate::clients::{Crowd, LEAN, Plan};
use crate::compare::{self, Costs, Turn};
use crate::node::Node;
use crate::report::{Bar, Finding, Report};

/// Frames in one write of the loop that bursts are compared with.
const FRAMES: usize = 8;
const BAR: f64 = 1.2;
const BURST_BAR: f64 = 1.7;
/// Groups of a node: the crowd's, and one that nobody listens to.
const CROWD: usize = 0;
const DEAF: usize = 1;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Sockets on the node, one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000, 5_000])]
    sockets: Vec<usize>,
    #[arg(long, default_value_t = 25)]
    repetitions: usize,
}

#[derive(Debug, Clone, Args)]
pub struct BurstOptions {
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
    /// Messages at once, one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 64])]
    bursts: Vec<usize>,
    #[arg(long, default_value_t = 15)]
    repetitions: usize,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    for sockets in &options.sockets {
        let (costs, bytes) = measure(*sockets, 1, 1, options.repetitions).await?;
        let renderings = costs.most_renderings();
        report.say(&Finding {
            bench: "fanout",
            text: format!("{sockets} sockets, {bytes} bytes: {}", costs.text()),
            figures: json!({
                "sockets": sockets, "bytes": bytes, "costs": costs.json(), "renderingsPerMessage": renderings,
            }),
            bars: vec![
                Bar { what: "ratio", value: costs.ratio().median, most: BAR },
                Bar { what: "renderings per message", value: renderings, most: 1.0 },
            ],
        });
    }
    Ok(())
}

pub async fn run_bursts(options: &BurstOptions, report: &mut Report) -> Result<()> {
    let sockets = options.sockets;
    for burst in &options.bursts {
        let (costs, bytes) = measure(sockets, *burst, FRAMES, options.repetitions).await?;
        report.say(&Finding {
            bench: "burst",
            text: format!("{burst} at once to {sockets} sockets, the loop {FRAMES}: {}", costs.text()),
            figures: json!({ "burst": burst, "sockets": sockets, "bytes": bytes, "costs": costs.json() }),
            bars: vec![Bar { what: "ratio", value: costs.ratio().median, most: BURST_BAR }],
        });
    }
    Ok(())
}

/// Costs of bursts, and the bytes of a frame's text.
async fn measure(sockets: usize, burst: usize, frames: usize, repetitions: usize) -> Result<(Costs, usize)> {
    let mut node = Node::start(&[sockets, 1]).await?;
    let mut crowd = Crowd::come(node.address, Plan::of(CROWD, 0..sockets), |_| LEAN.to_owned()).await?;
    let mut bare = Bare::start(compare::floor_connections(sockets)).await?;
    let floor_rounds = compare::rounds(sockets, frames);
    let mut costs = Costs::default();
    // The first turn warms up.
    for repetition in 0..=repetitions {
        let mut turn = Costs::default();
        let node = &mut node;
        Turn { node, crowd: &mut crowd, group: CROWD, deaf: DEAF, burst }.take(&mut turn).await?;
        compare::floor(&mut bare, &crowd, (frames, floor_rounds), &mut turn).await?;
        if repetition > 0 {
            costs.add(turn);
        }
    }
    Ok((costs, crowd.heard.bytes_per_delivery()))
}
