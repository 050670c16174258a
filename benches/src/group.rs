//! B11: a message to a conversation whose members are all here: how long until the last of them has
//! it, against a loop that only writes.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::bare::Bare;
use crate::clients::{Crowd, LEAN, Plan};
use crate::compare::{self, CHARACTERS};
use crate::node::Node;
use crate::quantiles::Spread;
use crate::report::{Bar, Finding, Report};

/// Messages in one repetition.
const MESSAGES: usize = 4;
const BAR: f64 = 1.5;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// One measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000])]
    sockets: Vec<usize>,
    #[arg(long, default_value_t = 15)]
    repetitions: usize,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    for sockets in &options.sockets {
        report.say(&measure(*sockets, options.repetitions).await?);
    }
    Ok(())
}

async fn measure(sockets: usize, repetitions: usize) -> Result<Finding> {
    let mut node = Node::start(&[sockets]).await?;
    let mut crowd = Crowd::come(node.address, Plan::of(0, 0..sockets), |_| LEAN.to_owned()).await?;
    let connections = compare::floor_connections(sockets);
    let mut bare = Bare::start(connections).await?;
    let (mut last, mut floor, mut floor_last) = (Vec::new(), Vec::new(), Vec::new());
    // The first repetition warms up.
    for repetition in 0..=repetitions {
        let (mut times, mut written, mut written_last) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..MESSAGES {
            crowd.expect(1);
            node.publish(0, 1, CHARACTERS).await?;
            crowd.hear_undisturbed().await?;
            times.push(crowd.heard.take_latencies().max() as f64 / 1e3);
        }
        for _ in 0..MESSAGES {
            let [taken, last] = bare.message(crowd.heard.bytes_per_delivery()).await?;
            written.push(taken * sockets as f64 / connections as f64);
            written_last.push(last);
        }
        if repetition > 0 {
            last.push(Spread::of(times).median);
            floor.push(Spread::of(written).median);
            floor_last.push(Spread::of(written_last).median);
        }
    }
    let ratios = Spread::of(last.iter().zip(&floor).map(|(last, floor)| last / floor).collect());
    let [last, floor, floor_last] = [last, floor, floor_last].map(Spread::of);
    Ok(Finding {
        bench: "group",
        text: format!(
            "{sockets} sockets: last delivery after {last} ms, as many bare writes {floor} ms, ratios {ratios}; the last of {connections} has what the loop writes after {floor_last} ms"
        ),
        figures: json!({
            "sockets": sockets, "lastMs": last.json(), "bareMs": floor.json(), "ratio": ratios.json(),
            "bareConnections": connections, "bareLastMs": floor_last.json(),
        }),
        bars: vec![Bar { what: "ratio", value: ratios.median, most: BAR }],
    })
}
