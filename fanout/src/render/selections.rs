//! Selections, shared by all who select the same, and found again by the text of their document.
//!
//! Invariants: a selection that is found was admitted by every rule under the same text, and depends on no
//! variable but those that its root field is given, which that field checks; what is kept is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use moka::sync::Cache;
use platform::lock::locked;

use super::{Selected, secret_hash};

/// Bytes of all texts whose selections are kept; their documents take some thirty times as much.
const MOST_BYTES: u64 = 512 * 1024;
/// The longest text whose selection is kept.
const LONGEST: usize = 8 * 1024;
/// Shared selections at which unused ones are first looked for.
const SHARED: usize = 64;

pub struct Selections {
    known: Cache<u128, Known>,
    shared: Mutex<Shared>,
}

#[derive(Clone)]
struct Known {
    selected: Arc<Selected>,
    text_bytes: u32,
}

struct Shared {
    by_key: HashMap<u128, Weak<Selected>>,
    /// How many there are when it is looked through.
    look_at: usize,
}

impl Default for Selections {
    fn default() -> Self {
        let weight = |_: &u128, known: &Known| known.text_bytes;
        let known = Cache::builder().max_capacity(MOST_BYTES).weigher(weight).build();
        Self { known, shared: Mutex::new(Shared { by_key: HashMap::new(), look_at: SHARED }) }
    }
}

impl Selections {
    /// What a document's operation was found to select before, if it may be known again by its text.
    pub fn find(&self, query: &str, operation: Option<&str>) -> Option<Arc<Selected>> {
        self.known.get(&name(query, operation)).map(|known| known.selected)
    }

    /// Keeps a selection that all rules have admitted; gives the one that all equal selections share.
    pub fn keep(&self, query: &str, operation: Option<&str>, selected: Selected) -> Arc<Selected> {
        let selected = self.share(selected);
        if selected.is_closed && query.len() <= LONGEST {
            let text_bytes = query.len() as u32;
            self.known.insert(name(query, operation), Known { selected: selected.clone(), text_bytes });
        }
        selected
    }

    fn share(&self, selected: Selected) -> Arc<Selected> {
        let shared = &mut *locked(&self.shared);
        if let Some(same) = shared.by_key.get(&selected.key).and_then(Weak::upgrade) {
            return same;
        }
        if shared.by_key.len() >= shared.look_at {
            shared.by_key.retain(|_, selected| selected.strong_count() > 0);
            shared.look_at = SHARED + 2 * shared.by_key.len();
        }
        let selected = Arc::new(selected);
        shared.by_key.insert(selected.key, Arc::downgrade(&selected));
        selected
    }
}

fn name(query: &str, operation: Option<&str>) -> u128 {
    secret_hash(&[query, operation.map_or("", |_| "\0"), operation.unwrap_or_default()].concat())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::{Variables, value};

    use super::*;

    fn selected(query: &str, variables: async_graphql::Value) -> Selected {
        let variables = Variables::from_value(variables);
        Selected::new(parse_query(query).unwrap(), None, variables).unwrap()
    }

    const WITH_CURSOR: &str = "subscription($after: String) { inbox(after: $after) { cursor } }";

    #[test]
    fn who_selects_the_same_shares_it_whatever_the_text() {
        let selections = Selections::default();
        let keep = |query| selections.keep(query, None, selected(query, value!({})));
        let one = keep(WITH_CURSOR);
        assert!(Arc::ptr_eq(&one, &keep("subscription { inbox(after: \"x\") { cursor } }")));
        assert!(!Arc::ptr_eq(&one, &keep("subscription { inbox { event { __typename } } }")));
    }

    #[test]
    fn a_text_is_known_again_unless_its_selection_depends_on_variables() {
        let selections = Selections::default();
        assert!(selections.find(WITH_CURSOR, None).is_none());
        let kept = selections.keep(WITH_CURSOR, None, selected(WITH_CURSOR, value!({ "after": "x" })));
        assert!(Arc::ptr_eq(&kept, &selections.find(WITH_CURSOR, None).unwrap()));
        assert!(selections.find(WITH_CURSOR, Some("named")).is_none());
        assert!(selections.find(WITH_CURSOR, Some("")).is_none());
        let inside = "subscription($yes: Boolean!) { inbox { cursor @include(if: $yes) } }";
        let root = "subscription($yes: Boolean!) { inbox @include(if: $yes) { cursor } }";
        let long = format!("{WITH_CURSOR} #{}", "x".repeat(LONGEST));
        for text in [inside, root, &long] {
            selections.keep(text, None, selected(text, value!({ "yes": true })));
            assert!(selections.find(text, None).is_none(), "{text}");
        }
    }

    #[test]
    fn what_nobody_has_any_more_is_let_go() {
        let selections = Selections::default();
        for number in 0..10 * SHARED {
            // With a variable inside, so that only its holder keeps it.
            let query =
                format!("subscription($y: Boolean!) {{ inbox {{ a{number}: cursor @skip(if: $y) }} }}");
            selections.keep(&query, None, selected(&query, value!({ "y": false })));
        }
        assert!(selections.shared.lock().unwrap().by_key.len() <= SHARED);
    }
}
