//! B9: sockets that are cut off at once and come back with their cursors, while messages flow to
//! others; and what taking them in costs a loop that does nothing else. The crowd's threads give way to
//! the node's: it stands for clients on other machines. A disk that pauses shows in what the others
//! notice; with `TMPDIR` in memory it has no part in it.

use anyhow::Result;
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::time::Instant;

use crate::bare;
use crate::clients::{Aside, Crowd, LEAN, Mode, Plan};
use crate::compare::CHARACTERS;
use crate::node::Node;
use crate::quantiles;
use crate::report::{Bar, Finding, Report};

/// The group of those who are cut off; the others' groups follow.
const STORM: usize = 0;
const OTHERS: usize = 10;
const OTHERS_EACH: usize = 10;
/// Messages to the others.
const PER_SECOND: u32 = 100;
/// Of the others, before the storm and again around it.
const EACH: usize = 80;
/// Messages that those who are away miss.
const MISSED: usize = 2;
const BACK_BAR: f64 = 30.0;
const CPU_BAR: f64 = 100.0;
const OTHERS_BAR: f64 = 3.0;

#[derive(Debug, Clone, Args)]
pub struct Options {
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
}

/// A node, those who will be cut off, and the others.
struct Scene {
    node: Node,
    crowd: Crowd,
    others: Crowd,
    /// Where the crowd lives.
    aside: Aside,
}

/// What the others' flow takes of the node, and how long it takes to them.
struct Calm {
    /// Nanoseconds on a core, in a second.
    cpu: f64,
    latencies: Histogram<u64>,
}

/// The same while everybody else goes, and comes back.
struct Storm {
    seconds: f64,
    /// Nanoseconds on a core, the others' flow included.
    cpu: f64,
    going: Histogram<u64>,
    coming: Histogram<u64>,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    let sockets = options.sockets;
    let mut scene = Scene::set(sockets).await?;
    let calm = scene.calm().await?;
    let storm = scene.storm().await?;
    let each = (storm.cpu - calm.cpu * storm.seconds) / sockets as f64 / 1e3;
    let bare = scene.bare(sockets).await? / 1e3;
    let [before, going, coming] =
        [&calm.latencies, &storm.going, &storm.coming].map(|times| quantiles::milliseconds(times, 0.99));
    report.say(&Finding {
        bench: "storm",
        text: format!(
            "{sockets} sockets cut off, {MISSED} messages missed by each: all back in {:.2} s, {each:.0} µs CPU each, {bare:.0} by a bare loop; p99 of others {before:.2} ms before, {going:.2} ms as they were cut off, {coming:.2} ms as they came back; none lost",
            storm.seconds,
        ),
        figures: json!({
            "sockets": sockets, "missedByEach": MISSED, "backSeconds": storm.seconds, "cpuMicrosEach": each, "bareMicrosEach": bare,
            "othersBeforeMs": quantiles::of_histogram(&calm.latencies),
            "othersAtCutMs": quantiles::of_histogram(&storm.going),
            "othersAtReturnMs": quantiles::of_histogram(&storm.coming),
        }),
        bars: vec![
            Bar { what: "seconds until all are back", value: storm.seconds, most: BACK_BAR },
            Bar { what: "µs CPU per return", value: each, most: CPU_BAR },
            Bar { what: "others' p99 ratio", value: coming / before, most: OTHERS_BAR },
        ],
    });
    Ok(())
}

impl Scene {
    async fn set(sockets: usize) -> Result<Self> {
        let mut sizes = vec![sockets];
        sizes.resize(1 + OTHERS, OTHERS_EACH);
        let node = Node::start(&sizes).await?;
        let lean = |_| LEAN.to_owned();
        let aside = Aside::start()?;
        let all_at_once = Plan { at_once: sockets, threads: aside.threads(), ..Plan::of(STORM, 0..sockets) };
        let crowd = Crowd::come(node.address, all_at_once, lean).await?;
        let others = Plan::of_groups(1..1 + OTHERS, 0..OTHERS_EACH);
        let others = Crowd::come(node.address, others, lean).await?;
        let mut scene = Self { node, crowd, others, aside };
        scene.crowd.expect(1);
        scene.node.publish(STORM, 1, CHARACTERS).await?;
        scene.crowd.hear_undisturbed().await?;
        Ok(scene)
    }

    /// What the same costs a bare loop, for each.
    async fn bare(&self, sockets: usize) -> Result<f64> {
        let plan = Plan { threads: self.aside.threads(), ..Plan::of(STORM, 0..sockets) };
        bare::cost_of_return(plan, MISSED, self.others.heard.bytes_per_delivery()).await
    }

    async fn start_flow(&mut self) -> Result<()> {
        self.others.expect(EACH);
        self.node.flow((1..1 + OTHERS).collect(), PER_SECOND, OTHERS * EACH, CHARACTERS).await
    }

    async fn end_flow(&mut self) -> Result<()> {
        self.node.flow_end().await?;
        self.others.hear_undisturbed().await
    }

    async fn calm(&mut self) -> Result<Calm> {
        // What is made at the first message is made before.
        self.start_flow().await?;
        self.end_flow().await?;
        self.others.heard.take_latencies();
        let (begun, before) = (Instant::now(), self.node.cpu().await?);
        self.start_flow().await?;
        self.end_flow().await?;
        let cpu = (self.node.cpu().await? - before) as f64 / begun.elapsed().as_secs_f64();
        Ok(Calm { cpu, latencies: self.others.heard.take_latencies() })
    }

    async fn storm(&mut self) -> Result<Storm> {
        let size = self.crowd.size as u64;
        self.start_flow().await?;
        self.others.heard.take_latencies();
        let (begun, before) = (Instant::now(), self.node.cpu().await?);
        self.crowd.set_mode(Mode::Away);
        self.crowd.heard.until_departures(size).await?;
        self.node.until_sockets(self.others.size).await?;
        let going = self.others.heard.take_latencies();
        self.crowd.expect(MISSED);
        self.node.publish(STORM, MISSED, CHARACTERS).await?;
        self.crowd.set_mode(Mode::Read);
        self.crowd.heard.until_arrivals(2 * size).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let (cpu, coming) = (self.node.cpu().await? - before, self.others.heard.take_latencies());
        self.crowd.hear().await?;
        self.end_flow().await?;
        Ok(Storm { seconds, cpu: cpu as f64, going, coming })
    }
}
