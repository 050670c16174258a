//! Paging: which part of a numbered list an answer holds.
//!
//! Invariant: messages of a conversation have no hole, so a page is arithmetic on numbers.

use async_graphql::SimpleObject;
use schemas::Refusal;

/// The most that one page holds.
pub const MAX_PAGE: i32 = 50;

#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub start_cursor: Option<String>,
    pub end_cursor: Option<String>,
}

/// Which page of messages is wanted; numbers are those of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    pub first: Option<i32>,
    pub after: Option<i64>,
    pub last: Option<i32>,
    pub before: Option<i64>,
    pub around: Option<i64>,
}

/// Numbers `from..=to`; empty if `from` is above `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: i64,
    pub to: i64,
}

/// How many are wanted, if the client may ask for so many.
pub fn size(field: &'static str, wanted: Option<i32>) -> Result<i64, Refusal> {
    match wanted {
        None => Ok(i64::from(MAX_PAGE)),
        Some(count) if (1..=MAX_PAGE).contains(&count) => Ok(i64::from(count)),
        Some(_) => Err(Refusal::bad_input(field, format!("between 1 and {MAX_PAGE}"))),
    }
}

impl Wanted {
    /// The page among the numbers `low..=head` that the viewer may see. The newest by default.
    pub fn window(self, low: i64, head: i64) -> Result<Window, Refusal> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Refusal::bad_input("last", "give first or last, not both"));
        }
        if let Some(middle) = self.around {
            if self.after.is_some() || self.before.is_some() {
                return Err(Refusal::bad_input("around", "give around, or after and before"));
            }
            let count = size("first", self.first.or(self.last))?;
            let from = (middle - count / 2).min(head - count + 1).max(low);
            return Ok(Window { from, to: (from + count - 1).min(head) });
        }
        let from = self.after.map_or(low, |after| after.saturating_add(1).max(low));
        let to = self.before.map_or(head, |before| before.saturating_sub(1).min(head));
        Ok(match (self.first, self.last) {
            (Some(first), _) => Window { from, to: to.min(from + size("first", Some(first))? - 1) },
            // Forward from a cursor unless asked otherwise; else the newest.
            (None, None) if self.after.is_some() && self.before.is_none() => {
                Window { from, to: to.min(from + i64::from(MAX_PAGE) - 1) }
            }
            (None, last) => Window { from: from.max(to - size("last", last)? + 1), to },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(wanted: Wanted) -> (i64, i64) {
        let window = wanted.window(1, 200).unwrap();
        (window.from, window.to)
    }

    #[test]
    fn pages_go_both_ways_from_the_newest() {
        let none = Wanted::default();
        assert_eq!(window(none), (151, 200));
        assert_eq!(window(Wanted { last: Some(10), ..none }), (191, 200));
        assert_eq!(window(Wanted { last: Some(10), before: Some(191), ..none }), (181, 190));
        assert_eq!(window(Wanted { first: Some(10), ..none }), (1, 10));
        assert_eq!(window(Wanted { first: Some(10), after: Some(10), ..none }), (11, 20));
        assert_eq!(window(Wanted { after: Some(10), ..none }), (11, 60));
        assert_eq!(window(Wanted { after: Some(200), ..none }), (201, 200));
        assert_eq!(window(Wanted { around: Some(100), first: Some(11), ..none }), (95, 105));
        assert_eq!(window(Wanted { around: Some(1), first: Some(11), ..none }), (1, 11));
        assert_eq!(window(Wanted { around: Some(200), first: Some(11), ..none }), (190, 200));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_field() {
        let none = Wanted::default();
        for (wanted, field) in [
            (Wanted { first: Some(0), ..none }, "first"),
            (Wanted { first: Some(51), ..none }, "first"),
            (Wanted { last: Some(-1), ..none }, "last"),
            (Wanted { first: Some(1), last: Some(1), ..none }, "last"),
            (Wanted { around: Some(1), after: Some(1), ..none }, "around"),
        ] {
            assert_eq!(wanted.window(1, 200).unwrap_err().field.as_deref(), Some(field));
        }
    }

    proptest! {
        #[test]
        fn walking_either_way_sees_every_message_once(head in 0i64..300, low in 1i64..20, count in 1i32..=50) {
            let all: Vec<i64> = (low..=head).collect();
            let (mut seen, mut after) = (vec![], None);
            loop {
                let page = Wanted { first: Some(count), after, ..Wanted::default() }.window(low, head).unwrap();
                if page.from > page.to { break; }
                seen.extend(page.from..=page.to);
                after = Some(page.to);
            }
            prop_assert_eq!(&seen, &all);
            let (mut seen, mut before) = (vec![], None);
            loop {
                let page = Wanted { last: Some(count), before, ..Wanted::default() }.window(low, head).unwrap();
                if page.from > page.to { break; }
                seen.splice(0..0, page.from..=page.to);
                before = Some(page.from);
            }
            prop_assert_eq!(&seen, &all);
        }
    }
}
