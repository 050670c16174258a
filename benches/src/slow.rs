//! B10: some sockets stop reading, some read very slowly: what the others notice, what it costs in
//! memory, and whether the slow ones get everything in the end.

use anyhow::{Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::json;

use crate::clients::{Crowd, LEAN, Mode, Plan};
use crate::node::Node;
use crate::quantiles;
use crate::report::{Bar, Finding, Report};

const GROUPS: usize = 5;
/// Of each hundred members of a group.
const STOP: usize = 1;
const TRICKLE: usize = 5;
const MEMBERS: usize = 100;
/// Bytes in a second.
const TRICKLED: usize = 1_024;
/// Messages to all groups together: enough for a second's to be a tenth of what the kernel holds for
/// one socket, about a megabyte.
const PER_SECOND: u32 = 200;
const CHARACTERS: usize = 3_000;
const OTHERS_BAR: f64 = 1.2;
/// Kilobytes that a slow client may take, beyond what the same flow takes without any.
const MEMORY_BAR: f64 = 1_536.0;
/// The code that says that a client was too slow.
const TOO_SLOW: u16 = 4900;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long messages flow before some are slow, and again while they are, in seconds; a node waits
    /// ten for a client once the kernel takes no more.
    #[arg(long, default_value_t = 22)]
    seconds: usize,
}

struct Scene {
    node: Node,
    healthy: Crowd,
    stopped: Crowd,
    trickling: Crowd,
}

/// What a flow did to the healthy, and to memory.
struct Flow {
    latencies: Histogram<u64>,
    kilobytes: f64,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    let mut scene = Scene::set().await?;
    // The first one warms up: rings and renderings fill.
    scene.flow(options.seconds / 2).await?;
    let before = scene.flow(options.seconds).await?;
    scene.stopped.set_mode(Mode::Stop);
    scene.trickling.set_mode(Mode::Trickle(TRICKLED));
    let meanwhile = scene.flow(options.seconds).await?;
    let slow = [&scene.stopped, &scene.trickling];
    slow.iter().for_each(|crowd| crowd.set_mode(Mode::Read));
    for crowd in slow {
        crowd.hear().await?;
    }
    let closes =
        |code: u16| slow.iter().map(|crowd| crowd.heard.closes().get(&code).copied().unwrap_or(0)).sum();
    let (told, cut): (u64, u64) = (closes(TOO_SLOW), closes(0));
    ensure!(told + cut > 0, "nobody was too slow: the flow is too thin");

    let slow = GROUPS * (STOP + TRICKLE);
    let p99 = [&before, &meanwhile].map(|flow| quantiles::milliseconds(&flow.latencies, 0.99));
    let kilobytes = (meanwhile.kilobytes - before.kilobytes) / slow as f64;
    report.say(&Finding {
        bench: "slow",
        text: format!(
            "{} healthy sockets, p99 {:.2} ms, {:.2} ms beside {slow} slow ones; {kilobytes:.0} KB for each slow one; {told} closed with {TOO_SLOW}, {cut} without a code, all resumed, none lost",
            scene.healthy.size, p99[0], p99[1]
        ),
        figures: json!({
            "healthy": scene.healthy.size, "slow": slow, "closedTooSlow": told, "closedWithoutCode": cut,
            "beforeMs": quantiles::of_histogram(&before.latencies),
            "meanwhileMs": quantiles::of_histogram(&meanwhile.latencies),
            "kilobytesPerSlow": kilobytes, "grownKilobytes": { "before": before.kilobytes, "meanwhile": meanwhile.kilobytes },
        }),
        bars: vec![
            Bar { what: "healthy p99 ratio", value: p99[1] / p99[0], most: OTHERS_BAR },
            Bar { what: "KB per slow client", value: kilobytes, most: MEMORY_BAR },
        ],
    });
    Ok(())
}

impl Scene {
    async fn set() -> Result<Self> {
        let node = Node::start(&[MEMBERS; GROUPS]).await?;
        let lean = |_| LEAN.to_owned();
        let healthy = MEMBERS - STOP - TRICKLE;
        let of = |members| Plan::of_groups(0..GROUPS, members);
        let slow = |members| Plan { far: true, ..of(members) };
        Ok(Self {
            healthy: Crowd::come(node.address, of(0..healthy), lean).await?,
            stopped: Crowd::come(node.address, slow(healthy..healthy + STOP), lean).await?,
            trickling: Crowd::come(node.address, slow(healthy + STOP..MEMBERS), lean).await?,
            node,
        })
    }

    /// Sends for some seconds; ends when the healthy have everything.
    async fn flow(&mut self, seconds: usize) -> Result<Flow> {
        let messages = seconds * PER_SECOND as usize;
        for crowd in [&mut self.healthy, &mut self.stopped, &mut self.trickling] {
            crowd.expect(messages / GROUPS);
        }
        let before = self.node.memory()?;
        self.node.flow((0..GROUPS).collect(), PER_SECOND, messages, CHARACTERS).await?;
        self.node.flow_end().await?;
        self.healthy.hear_undisturbed().await?;
        let kilobytes = self.node.memory()? - before;
        Ok(Flow { latencies: self.healthy.heard.take_latencies(), kilobytes })
    }
}
