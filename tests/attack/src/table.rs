//! The findings: a line for each attack.

use tests::system::Stack;

use crate::neighbours::Times;
use crate::usage::Usage;

/// The neighbours' p99 may be this many times what it is when the attackers are aimed at the sink.
const RATIO: f64 = 2.0;
/// Below it a ratio says nothing, in milliseconds.
const NOTICEABLE: f64 = 20.0;
/// A process may grow by this much in an attack, in megabytes.
const GROWTH: f64 = 512.0;

pub struct Row {
    pub name: &'static str,
    pub inputs: u64,
    pub seconds: f64,
    /// Of neighbours while the system is attacked.
    pub times: Times,
    /// Of neighbours while the sink is attacked.
    pub beside: Times,
    pub before: Usage,
    pub during: Usage,
}

pub fn head(stack: Stack) {
    println!("attacks on {stack:?}; times are those of the neighbours' sends, in ms");
    println!(
        "{:<34} {:>10} {:>8} {:>8} {:>8} {:>8} {:>9} {:>7} {:>9}  verdict",
        "attack", "inputs/s", "p50", "p99", "sink p99", "ratio", "MB", "fds", "MB to disk"
    );
}

impl Row {
    /// What is over its bar.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        let (p99, beside) = (milliseconds(self.times.p99()), milliseconds(self.beside.p99()));
        if p99 > NOTICEABLE && p99 > RATIO * beside {
            failures.push(format!(
                "{}: p99 of the neighbours {p99:.1} ms, {beside:.1} beside the sink",
                self.name
            ));
        }
        let growth = self.during.megabytes - self.before.megabytes;
        if growth > GROWTH {
            failures.push(format!("{}: memory has grown by {growth:.0} MB", self.name));
        }
        if self.times.failed > 0 {
            failures.push(format!("{}: {} sends of neighbours failed", self.name, self.times.failed));
        }
        failures
    }

    pub fn print(&self) {
        let verdict = if self.failures().is_empty() { "holds" } else { "BROKEN" };
        let beside = format!("{:.1}", milliseconds(self.beside.p99()));
        let ratio = format!("{:.2}", milliseconds(self.times.p99()) / milliseconds(self.beside.p99()));
        line(
            self.name,
            self.inputs as f64 / self.seconds,
            &self.times,
            [&beside, &ratio],
            self.before,
            self.during,
            verdict,
        );
    }
}

pub fn all_together(inputs: u64, seconds: f64, times: &Times, before: Usage, during: Usage) {
    line("all together", inputs as f64 / seconds, times, ["", ""], before, during, "");
}

fn line(
    name: &str,
    inputs: f64,
    times: &Times,
    beside: [&str; 2],
    before: Usage,
    during: Usage,
    verdict: &str,
) {
    let [p50, p99] = [times.p50(), times.p99()].map(milliseconds);
    let [sink, ratio] = beside;
    let growth = format!("{:+.0}", during.megabytes - before.megabytes);
    let written = during.written_megabytes - before.written_megabytes;
    println!(
        "{name:<34} {inputs:>10.0} {p50:>8.1} {p99:>8.1} {sink:>8} {ratio:>8} {growth:>9} {:>7} {written:>9.1}  {verdict}",
        during.descriptors
    );
}

fn milliseconds(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
