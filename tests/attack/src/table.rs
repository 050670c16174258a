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

/// What was found while workers attacked the system.
pub struct Measured {
    pub inputs_per_second: f64,
    /// Of neighbours.
    pub times: Times,
    pub before: Usage,
    pub after: Usage,
}

pub struct Row {
    pub name: &'static str,
    pub during: Measured,
    /// Times of neighbours while the sink is attacked; absent where the bars for one attack do not apply.
    pub beside: Option<Times>,
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
        let Some(beside) = &self.beside else { return vec![] };
        let Measured { times, before, after, .. } = &self.during;
        let mut failures = Vec::new();
        let (p99, beside) = (milliseconds(times.p99()), milliseconds(beside.p99()));
        if p99 > NOTICEABLE && p99 > RATIO * beside {
            failures.push(format!(
                "{}: p99 of the neighbours {p99:.1} ms, {beside:.1} beside the sink",
                self.name
            ));
        }
        let growth = after.megabytes - before.megabytes;
        if growth > GROWTH {
            failures.push(format!("{}: memory has grown by {growth:.0} MB", self.name));
        }
        if times.failed > 0 {
            failures.push(format!("{}: {} sends of neighbours failed", self.name, times.failed));
        }
        failures
    }

    pub fn print(&self) {
        let Measured { inputs_per_second, times, before, after } = &self.during;
        let [p50, p99] = [times.p50(), times.p99()].map(milliseconds);
        let (mut sink, mut ratio, mut verdict) = (String::new(), String::new(), "");
        if let Some(beside) = &self.beside {
            let beside = milliseconds(beside.p99());
            (sink, ratio) = (format!("{beside:.1}"), format!("{:.2}", p99 / beside));
            verdict = if self.failures().is_empty() { "holds" } else { "BROKEN" };
        }
        let growth = format!("{:+.0}", after.megabytes - before.megabytes);
        let written = after.written_megabytes - before.written_megabytes;
        println!(
            "{:<34} {inputs_per_second:>10.0} {p50:>8.1} {p99:>8.1} {sink:>8} {ratio:>8} {growth:>9} {:>7} {written:>9.1}  {verdict}",
            self.name, after.descriptors
        );
    }
}

fn milliseconds(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
