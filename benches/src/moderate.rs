//! Words of a policy over a text, beside one search of the same words over the folded text.

use std::hint::black_box;
use std::time::Instant;

use aho_corasick::AhoCorasick;
use anyhow::{Result, ensure};
use clap::Args;
use domain::moderation;
use schemas::moderation::{Action, Moderation, ModerationRule};
use serde_json::json;

use crate::report::{Bar, Finding, Report};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Words of the policy.
    #[arg(long, default_value_t = 10_000)]
    words: u32,
    /// Searches in each of the rounds.
    #[arg(long, default_value_t = 20_000)]
    searches: u32,
}

/// 120 bytes, folded already but for capitals, a sign and a digit.
const TEXT: &str = "Today we warm up together, then do 5 rounds of heavy deadweight rows under some shade, and go home to eat: see you there";
/// The best of them counts, of both in turn.
const ROUNDS: usize = 9;
const MOST_RATIO: f64 = 3.0;

/// A word of 5 to 10 letters, each as likely as another: no byte is in all words, by which a search could skip.
fn word(number: u32) -> String {
    let mut rest = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letters = 5 + number % 6;
    let mut letter = || {
        rest = rest.rotate_left(13).wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(1);
        char::from(b'a' + (rest >> 40).to_le_bytes()[0] % 26)
    };
    (0..letters).map(|_| letter()).collect()
}

pub fn run(options: &Options, report: &mut Report) -> Result<()> {
    ensure!(TEXT.len() == 120, "the text has {} bytes", TEXT.len());
    let words: Vec<String> = (0..options.words).map(word).collect();
    let rule = ModerationRule {
        id: "words".to_owned(),
        action: Action::Reject,
        exempt_roles: vec![],
        words: words.clone(),
        patterns: vec![],
        domains: vec![],
        links: vec![],
        shouting: None,
        mentions_above: None,
    };
    let rules = Moderation::new(vec![], vec![rule]);
    let bare = AhoCorasick::new(&words)?;
    let folded = TEXT.to_lowercase();
    ensure!(moderation::met(&rules, TEXT, 0)?.is_empty(), "the text has a word");
    let (mut whole, mut search) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let of_search = nanos(options.searches, || bare.find_iter(black_box(&folded)).count());
        let of_whole = nanos(options.searches, || {
            moderation::met(&rules, black_box(TEXT), 0).map_or(1, |met| met.len())
        });
        (search, whole) = (search.min(of_search), whole.min(of_whole));
    }
    let ratio = whole / search;
    report.say(&Finding {
        bench: "moderate",
        text: format!(
            "{whole:.0} ns a text under {} words, one search of them {search:.0} ns",
            options.words
        ),
        figures: json!({ "words": options.words, "nanos": whole, "searchNanos": search }),
        bars: vec![Bar { what: "times one search", value: ratio, most: MOST_RATIO }],
    });
    Ok(())
}

/// Time of one call, of many.
fn nanos(calls: u32, mut call: impl FnMut() -> usize) -> f64 {
    let begun = Instant::now();
    for _ in 0..calls {
        black_box(call());
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}
