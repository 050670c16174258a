//! B3: subscribers whose selections are alike or differ, each group against the same lean selection
//! and in turns with it: a payload is rendered for each selection, not for each subscriber.

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::clients::{Crowd, LEAN, Plan};
use crate::compare::{Costs, Turn};
use crate::node::Node;
use crate::quantiles::Spread;
use crate::report::{Bar, Finding, Report};

const BAR: f64 = 1.15;

#[derive(Debug, Clone, Args)]
pub struct Options {
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
    /// Different selections among them, one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 50])]
    selections: Vec<usize>,
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
}

/// What a client selects that shows messages; another one for each number.
fn selection(number: usize) -> String {
    format!(
        "{{ cursor event {{ __typename
            ... on MessageCreated {{ message {{ seq content id conversationId at{number:03}: createdAt
                sender {{ id username displayName }} }} }}
            ... on ResumeGap {{ reason }} ... on Drained {{ replayed }} }} }}"
    )
}

/// Subscribers with so many selections, and what they cost.
struct Group {
    selections: usize,
    crowd: Crowd,
    costs: Costs,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    let sockets = options.sockets;
    // Group 0 is the lean one; the last is heard by nobody.
    let deaf = options.selections.len() + 1;
    let mut sizes = vec![sockets; deaf];
    sizes.push(1);
    let mut node = Node::start(&sizes).await?;
    let mut groups = Vec::new();
    for (group, selections) in [0].iter().chain(&options.selections).enumerate() {
        let select = |member: usize| match selections {
            0 => LEAN.to_owned(),
            selections => selection(member % selections),
        };
        let crowd = Crowd::come(node.address, Plan::of(group, 0..sockets), select).await?;
        groups.push(Group { selections: *selections, crowd, costs: Costs::default() });
    }
    for repetition in 0..=options.repetitions {
        for (number, group) in groups.iter_mut().enumerate() {
            let mut turn = Costs::default();
            let (node, crowd) = (&mut node, &mut group.crowd);
            Turn { node, crowd, group: number, deaf, burst: 1 }.take(&mut turn).await?;
            // The first turn warms up.
            if repetition > 0 {
                group.costs.add(turn);
            }
        }
    }
    let (lean, groups) = groups.split_first().context("a lean group")?;
    for group in groups {
        say(report, sockets, group, lean);
    }
    Ok(())
}

fn say(report: &mut Report, sockets: usize, group: &Group, lean: &Group) {
    let Group { selections, crowd, costs } = group;
    let renderings = costs.most_renderings();
    let ratio = Spread::of(costs.own.iter().zip(&lean.costs.own).map(|(own, lean)| own / lean).collect());
    let micros = |costs: &Costs| Spread::of(costs.own.iter().map(|own| own / 1e3).collect());
    let mut bars = vec![Bar { what: "renderings per message", value: renderings, most: *selections as f64 }];
    if *selections == 1 {
        bars.push(Bar { what: "ratio", value: ratio.median, most: BAR });
    }
    report.say(&Finding {
        bench: "graphql",
        text: format!(
            "{sockets} sockets, selections {selections}, {} bytes: CPU per delivery {} µs, lean ({} bytes) {} µs, ratios {ratio}",
            crowd.heard.bytes_per_delivery(),
            micros(costs),
            lean.crowd.heard.bytes_per_delivery(),
            micros(&lean.costs),
        ),
        figures: json!({
            "sockets": sockets, "selections": selections, "ownMicros": micros(costs).json(),
            "leanMicros": micros(&lean.costs).json(), "ratio": ratio.json(), "renderingsPerMessage": renderings,
        }),
        bars,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_differ_and_are_equally_long() {
        assert_ne!(selection(1), selection(2));
        assert_eq!(selection(1).len(), selection(49).len());
    }
}
