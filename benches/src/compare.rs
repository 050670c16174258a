//! A node beside the bare write loop: what a delivery costs in either, in turns.
//!
//! Invariants: a figure is the median of repetitions in which node and loop took turns; what the node
//! spends on a message that nobody hears (the append and the reading of the log) is taken off. Each such
//! message follows one that is heard, so it finds the caches as cold as that did; what comes of it late
//! is counted for the next one that is heard.

use anyhow::Result;
use serde_json::{Value, json};

use crate::bare::Bare;
use crate::clients::Crowd;
use crate::node::Node;
use crate::quantiles::Spread;

/// Characters of a message, beside the moment that it begins with.
pub const CHARACTERS: usize = 60;
/// Deliveries of a turn, about.
const PER_TURN: usize = 20_000;
const MOST_ROUNDS: usize = 500;
const LEAST_ROUNDS: usize = 4;
/// Descriptors of this process for connections.
const DESCRIPTORS: usize = 19_000;

/// How many connections the loop has beside `sockets` of a node: as many, where this process has room.
pub fn floor_connections(sockets: usize) -> usize {
    sockets.min(DESCRIPTORS - sockets)
}

/// How many times a burst is sent in one turn.
pub fn rounds(sockets: usize, burst: usize) -> usize {
    (PER_TURN / (sockets * burst)).clamp(LEAST_ROUNDS, MOST_ROUNDS)
}

/// Nanoseconds on a core for each delivery, by repetition.
#[derive(Default)]
pub struct Costs {
    /// Without what a message costs that nobody hears.
    pub own: Vec<f64>,
    /// With everything that the process did.
    pub whole: Vec<f64>,
    pub floor: Vec<f64>,
    /// Payloads that a message was rendered to.
    pub renderings: Vec<f64>,
}

impl Costs {
    /// Takes in more repetitions.
    pub fn add(&mut self, more: Self) {
        self.own.extend(more.own);
        self.whole.extend(more.whole);
        self.floor.extend(more.floor);
        self.renderings.extend(more.renderings);
    }

    /// How often the node spends what the loop does.
    pub fn ratio(&self) -> Spread {
        Spread::of(self.own.iter().zip(&self.floor).map(|(own, floor)| own / floor).collect())
    }

    /// Of a message, in whichever repetition there were most.
    pub fn most_renderings(&self) -> f64 {
        self.renderings.iter().copied().fold(0.0, f64::max)
    }

    pub fn text(&self) -> String {
        let [own, whole, floor] = self.micros();
        format!(
            "CPU per delivery {own} µs, {:.2} with the log, bare write {floor} µs, ratios {}",
            whole.median,
            self.ratio()
        )
    }

    pub fn json(&self) -> Value {
        let [own, whole, floor] = self.micros().map(|spread| spread.json());
        json!({ "ownMicros": own, "wholeMicros": whole, "bareMicros": floor, "ratio": self.ratio().json() })
    }

    fn micros(&self) -> [Spread; 3] {
        [&self.own, &self.whole, &self.floor]
            .map(|costs| Spread::of(costs.iter().map(|nanoseconds| nanoseconds / 1e3).collect()))
    }
}

/// A crowd that is the members of a group, and the group in which nobody listens.
pub struct Turn<'a> {
    pub node: &'a mut Node,
    pub crowd: &'a mut Crowd,
    pub group: usize,
    pub deaf: usize,
    pub burst: usize,
}

impl Turn<'_> {
    /// Sends bursts, each once the one before has come to everybody; notes what a delivery cost.
    pub async fn take(self, costs: &mut Costs) -> Result<()> {
        let Self { node, crowd, group, deaf, burst } = self;
        let rounds = rounds(crowd.size, burst);
        let rendered_before = node.renderings().await?;
        let (mut heard, mut unheard, mut before) = (0, 0, node.cpu().await?);
        for _ in 0..rounds {
            crowd.expect(burst);
            node.publish(group, burst, CHARACTERS).await?;
            crowd.hear_undisturbed().await?;
            let between = node.cpu().await?;
            node.publish(deaf, burst, CHARACTERS).await?;
            let after = node.cpu().await?;
            heard += between - before;
            unheard += after - between;
            before = after;
        }
        let deliveries = (rounds * burst * crowd.size) as f64;
        costs.own.push((heard as f64 - unheard as f64) / deliveries);
        costs.whole.push(heard as f64 / deliveries);
        let rendered = node.renderings().await? - rendered_before;
        costs.renderings.push(rendered / (rounds * burst) as f64);
        Ok(())
    }
}

/// The same of the loop, with as many frames in one write as `frames` says.
pub async fn floor(
    bare: &mut Bare,
    crowd: &Crowd,
    (frames, rounds): (usize, usize),
    costs: &mut Costs,
) -> Result<()> {
    costs.floor.push(bare.cost(frames, crowd.heard.bytes_per_delivery(), rounds).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_long_enough_and_not_too_long() {
        assert_eq!([rounds(10, 1), rounds(1_000, 1), rounds(1_000, 64)], [500, 20, 4]);
    }

    #[test]
    fn the_loop_has_as_many_connections_as_there_are_descriptors_for() {
        assert_eq!([5_000, 10_000, 15_000].map(floor_connections), [5_000, 9_000, 4_000]);
    }

    #[test]
    fn a_ratio_is_of_one_repetition() {
        let costs = Costs {
            own: vec![2.0, 6.0, 4.0],
            floor: vec![1.0, 2.0, 4.0],
            whole: vec![2.0; 3],
            ..Costs::default()
        };
        assert_eq!(costs.ratio(), Spread { least: 1.0, median: 2.0, most: 3.0 });
    }
}
