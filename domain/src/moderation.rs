//! Moderation: the rules of the policy over texts that others read, before anything is charged.
//!
//! Invariants: pure, as all rules are. What is matched by is built once for the rules of a policy, shared by all
//! partitions that have them in force, and gives the same hits wherever it is built. A sender learns the kind of
//! what is not allowed, never the rule.

mod folding;
mod limits;
mod links;
mod words;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use fold::Fold;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use schemas::moderation::{Action, Flagged, Hit, Moderation, ModerationRule, Reason, Shouting};
use schemas::{ErrorCode, Refusal};

use crate::operation::Context;
use links::Links;
use words::Words;

pub use limits::{InvalidRule, check as check_rules};

/// Bytes of one compiled pattern, and of all patterns of a policy together.
const PATTERN_BYTES: usize = 256 * 1024;
const PATTERNS_BYTES: usize = 8 * 1024 * 1024;
/// Groups of a pattern inside each other.
const PATTERN_DEPTH: u32 = 20;

/// Refuses the text of a field if it meets a rule that rejects, and notes each rule that it meets.
pub fn check<F: Fold>(
    context: &Context<'_, F>,
    field: &str,
    text: &str,
    mentions: usize,
) -> Result<(), Refusal> {
    let rules = &context.policy.moderation;
    if rules.rules().is_empty() {
        return Ok(());
    }
    let matcher = matcher(rules).map_err(|_| unreadable())?;
    let mut rejected = None;
    for (rule, reason) in matcher.met(text, mentions) {
        let Some(rule) = rules.rules().get(rule) else { continue };
        if rule.exempt_roles.iter().any(|role| context.envelope.roles.contains(role)) {
            continue;
        }
        context.hits.borrow_mut().push(Hit { rule: rule.id.clone(), action: rule.action });
        match rule.action {
            Action::Reject => rejected = rejected.or(Some(reason)),
            Action::Flag => {
                let mut flagged = context.flagged.borrow_mut();
                let rules = &mut flagged.get_or_insert_with(|| Flagged { reason, rules: vec![] }).rules;
                if !rules.contains(&rule.id) {
                    rules.push(rule.id.clone());
                }
            }
            Action::Shadow => {}
        }
    }
    rejected.map_or(Ok(()), |reason| Err(Refusal::content_rejected(field, reason)))
}

/// No text passes by rules that this build cannot read.
fn unreadable() -> Refusal {
    Refusal::new(ErrorCode::InternalServerError, "the rules of the policy cannot be read")
}

/// The rules that a text meets under some rules, ascending, each once, with the reason of each.
pub fn met(rules: &Moderation, text: &str, mentions: usize) -> Result<Vec<(usize, Reason)>, InvalidRule> {
    Ok(matcher(rules)?.met(text, mentions))
}

/// A matcher with the rules that it is of, so that equal rules share it.
struct Built {
    of: Moderation,
    matcher: Result<Matcher, InvalidRule>,
}

/// The matchers that are in use: those of the policies in force, which are few.
static IN_USE: Mutex<Vec<Weak<Built>>> = Mutex::new(Vec::new());

/// The matcher of rules: built at the first call, or taken from equal rules.
fn matcher(rules: &Moderation) -> Result<&Matcher, InvalidRule> {
    let built: Option<&Built> = rules.built(|rules| {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.retain(|built| built.strong_count() > 0);
        if let Some(built) = in_use.iter().filter_map(Weak::upgrade).find(|built| built.of == *rules) {
            return built;
        }
        let of = Moderation::new(rules.trusted_domains().to_vec(), rules.rules().to_vec());
        let built = Arc::new(Built { matcher: Matcher::new(rules), of });
        in_use.push(Arc::downgrade(&built));
        built
    });
    built.ok_or(InvalidRule::Unreadable)?.matcher.as_ref().map_err(InvalidRule::clone)
}

/// What texts are matched by.
struct Matcher {
    words: Words,
    patterns: Option<Patterns>,
    links: Links,
    shouting: Vec<(usize, Shouting)>,
    mentions: Vec<(usize, usize)>,
}

impl Matcher {
    fn new(rules: &Moderation) -> Result<Self, InvalidRule> {
        let numbered = || rules.rules().iter().enumerate();
        let shouting = numbered().filter_map(|(at, rule)| Some((at, rule.shouting?))).collect();
        let mentions = numbered().filter_map(|(at, rule)| {
            let most = rule.mentions_above?;
            Some((at, usize::try_from(most).unwrap_or(0)))
        });
        Ok(Self {
            words: Words::new(rules.rules())?,
            patterns: Patterns::new(rules.rules())?,
            links: Links::new(rules),
            shouting,
            mentions: mentions.collect(),
        })
    }

    fn met(&self, text: &str, mentions: usize) -> Vec<(usize, Reason)> {
        let mut met = vec![];
        self.words.find(text, |rule| met.push((rule, Reason::ProhibitedText)));
        if let Some(patterns) = &self.patterns {
            let found = patterns.set.matches(&folding::readable(text));
            met.extend(found.iter().map(|at| (patterns.rules[at], Reason::ProhibitedText)));
        }
        self.links.find(text, |rule| met.push((rule, Reason::MaliciousLink)));
        for (rule, shouting) in &self.shouting {
            if shouts(text, shouting) {
                met.push((*rule, Reason::Spam));
            }
        }
        let floods = self.mentions.iter().filter(|(_, most)| mentions > *most);
        met.extend(floods.map(|(rule, _)| (*rule, Reason::Spam)));
        met.sort_unstable();
        met.dedup_by_key(|(rule, _)| *rule);
        met
    }
}

/// Patterns of all rules, searched in one pass, in time that is linear in the text.
struct Patterns {
    set: RegexSet,
    /// The rule of each pattern.
    rules: Vec<usize>,
}

impl Patterns {
    fn new(rules: &[ModerationRule]) -> Result<Option<Self>, InvalidRule> {
        let (mut all, mut of) = (vec![], vec![]);
        for (at, rule) in rules.iter().enumerate() {
            for pattern in &rule.patterns {
                compile(&rule.id, pattern)?;
                all.push(pattern);
                of.push(at);
            }
        }
        if all.is_empty() {
            return Ok(None);
        }
        let set = RegexSetBuilder::new(all).size_limit(PATTERNS_BYTES).nest_limit(PATTERN_DEPTH).build();
        Ok(Some(Self { set: set.map_err(|_| InvalidRule::Patterns)?, rules: of }))
    }
}

/// A pattern by itself, so that an error names its rule.
fn compile(id: &str, pattern: &str) -> Result<Regex, InvalidRule> {
    let built = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).nest_limit(PATTERN_DEPTH).build();
    built.map_err(|error| InvalidRule::Pattern(id.to_owned(), error.to_string()))
}

fn shouts(text: &str, rule: &Shouting) -> bool {
    let (mut letters, mut capitals) = (0_i64, 0_i64);
    for c in text.chars() {
        letters += i64::from(c.is_uppercase() || c.is_lowercase());
        capitals += i64::from(c.is_uppercase());
    }
    letters >= rule.letters.into() && capitals * 100 >= letters * i64::from(rule.percentage)
}
