//! Paging of lists by keyset.
//!
//! Invariant: a cursor holds the position of its item in the order of the list, not the item, so it stays
//! valid when the item moves or leaves; what stood still is neither missed nor doubled.

use async_graphql::{ID, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemas::{Refusal, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most items of one page.
pub const MAX_PAGE: i32 = 50;
/// The most items or rows that are looked at for one page.
pub const MAX_LOOKED: usize = 1_000;
/// The longest cursor that is read, in bytes.
const MAX_CURSOR_BYTES: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct PageInfo {
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub start_cursor: Option<String>,
    pub end_cursor: Option<String>,
}

/// The number of items of a page, if the client may ask for as many.
pub fn size(field: &'static str, wanted: Option<i32>) -> Result<usize, Refusal> {
    let count = wanted.unwrap_or(MAX_PAGE);
    if (1..=MAX_PAGE).contains(&count) {
        Ok(usize::try_from(count).unwrap_or(1))
    } else {
        Err(Refusal::bad_input(field, format!("between 1 and {MAX_PAGE}")))
    }
}

/// Size and beginning of a page of users by id; `after` is the id of the last one seen.
pub fn of_users(first: Option<i32>, after: Option<ID>) -> Result<(usize, Option<UserId>), Refusal> {
    let count = size("first", first)?;
    let after = after.map(|after| after.parse()).transpose().map_err(|_| malformed("after"))?;
    Ok((count, after))
}

/// A position as opaque text.
pub fn cursor<P: Serialize>(position: &P) -> String {
    // A position is made of numbers and ids, so that it has a form in JSON.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// The position in a cursor that a client gives back.
pub fn position<P: Serialize + DeserializeOwned>(
    field: &'static str,
    cursor: Option<&str>,
) -> Result<Option<P>, Refusal> {
    let Some(cursor) = cursor else { return Ok(None) };
    if cursor.len() > MAX_CURSOR_BYTES {
        return Err(malformed(field));
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| malformed(field))?;
    let position: P = serde_json::from_slice(&bytes).map_err(|_| malformed(field))?;
    // Only the form that `cursor` gives is a cursor.
    if self::cursor(&position) == cursor { Ok(Some(position)) } else { Err(malformed(field)) }
}

/// The refusal of a cursor that no page has given.
pub fn malformed(field: &str) -> Refusal {
    Refusal::bad_input(field, "malformed cursor")
}

/// A page of a list in memory, in ascending order of `position`.
pub struct ListPage<T> {
    pub items: Vec<T>,
    pub info: PageInfo,
}

impl<T> ListPage<T> {
    /// The `size` items behind a position.
    pub fn of<P: Ord + Serialize>(
        all: Vec<T>,
        size: usize,
        after: Option<P>,
        position: impl Fn(&T) -> P,
    ) -> Self {
        let before = |item: &T| after.as_ref().is_some_and(|after| position(item) <= *after);
        let has_previous_page = all.first().is_some_and(before);
        let mut items: Vec<T> = all.into_iter().skip_while(before).collect();
        let has_next_page = items.len() > size;
        items.truncate(size);
        let cursor = |item: Option<&T>| item.map(|item| cursor(&position(item)));
        let (start_cursor, end_cursor) = (cursor(items.first()), cursor(items.last()));
        let info = PageInfo { has_next_page, has_previous_page, start_cursor, end_cursor };
        Self { items, info }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemas::ErrorCode;

    use super::*;

    type Item = (i64, &'static str);

    fn page(all: &[Item], size: usize, after: Option<&str>) -> ListPage<Item> {
        let after = position::<(i64, String)>("after", after).unwrap();
        ListPage::of(all.to_vec(), size, after, |(at, id)| (*at, (*id).to_owned()))
    }

    #[test]
    fn a_cursor_outlives_its_item() {
        let all = [(1, "a"), (1, "b"), (2, "c"), (3, "d")];
        let first = page(&all, 2, None);
        assert_eq!(first.items, all[..2]);
        assert!(first.info.has_next_page && !first.info.has_previous_page);
        let after = first.info.end_cursor.unwrap();
        let rest = page(&[(1, "a"), (2, "c"), (3, "d")], 2, Some(&after));
        assert_eq!(rest.items, all[2..], "b has left");
        assert!(!rest.info.has_next_page && rest.info.has_previous_page);
        assert_eq!(page(&[], 2, Some(&after)).info.end_cursor, None);
    }

    #[test]
    fn malformed_cursors_and_sizes_are_named() {
        let spaced = URL_SAFE_NO_PAD.encode("[1, \"a\"]");
        for bad in
            ["", "x", "!!", &spaced, &cursor(&7), &cursor(&("a", 1)), &"x".repeat(MAX_CURSOR_BYTES + 1)]
        {
            let refusal = position::<(i64, String)>("after", Some(bad)).unwrap_err();
            assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::BadUserInput, Some("after")));
        }
        assert_eq!(size("first", None), Ok(50));
        for bad in [0, -1, 51] {
            assert_eq!(size("first", Some(bad)).unwrap_err().field.as_deref(), Some("first"));
        }
    }

    proptest! {
        #[test]
        fn walking_sees_what_stands_still_once(
            kept in prop::collection::btree_set(0i64..100, 0..60),
            gone in prop::collection::btree_set(0i64..100, 0..60),
            count in 1usize..9,
        ) {
            let all: Vec<i64> = kept.union(&gone).copied().collect();
            let left: Vec<i64> = kept.iter().copied().collect();
            let (mut seen, mut after) = (vec![], None);
            for turn in 0.. {
                let list = if turn == 0 { all.clone() } else { left.clone() };
                let at = position::<i64>("after", after.as_deref()).unwrap();
                let page = ListPage::of(list, count, at, |item| *item);
                seen.extend(page.items);
                after = page.info.end_cursor;
                if !page.info.has_next_page { break; }
            }
            prop_assert!(seen.is_sorted_by(|a, b| a < b));
            prop_assert!(kept.iter().all(|item| seen.contains(item)));
        }
    }
}
