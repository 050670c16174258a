//! What a range asks of a partition: at most one bound on either side.
//!
//! Invariant: a slice is not empty by its bounds alone; the cluster is not asked for those.

use std::cmp::Ordering;

use platform::ports::Range;
use schemas::tables::Value;

/// A bound by a prefix of the clustering key; only a whole key excludes itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bound {
    pub(crate) values: Vec<Value>,
    pub(crate) inclusive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slice {
    pub(crate) lower: Option<Bound>,
    pub(crate) upper: Option<Bound>,
    pub(crate) descending: bool,
}

impl Slice {
    /// Nothing if no row can be within. Bounds and `after` fit the table.
    pub(crate) fn of(range: &Range) -> Option<Self> {
        let (mut lower, mut upper) = (prefix(&range.from), prefix(&range.to));
        if let Some(after) = &range.after {
            // The one row of a partition without clustering has nothing behind it.
            if after.is_empty() {
                return None;
            }
            let (bound, before) =
                if range.descending { (&mut upper, Ordering::Greater) } else { (&mut lower, Ordering::Less) };
            // Whichever bound is nearer: a place need not lie within the range.
            if bound.as_ref().is_none_or(|bound| compare(after, &bound.values) != before) {
                *bound = Some(Bound { values: after.clone(), inclusive: false });
            }
        }
        if let (Some(lower), Some(upper)) = (&lower, &upper) {
            let inclusive = lower.inclusive && upper.inclusive;
            match compare(&lower.values, &upper.values) {
                Ordering::Greater => return None,
                Ordering::Equal if !inclusive && lower.values.len() == upper.values.len() => return None,
                Ordering::Equal | Ordering::Less => {}
            }
        }
        Some(Self { lower, upper, descending: range.descending })
    }
}

fn prefix(values: &[Value]) -> Option<Bound> {
    (!values.is_empty()).then(|| Bound { values: values.to_vec(), inclusive: true })
}

/// By the columns that both have. Values of one type stand in the order of their column's.
fn compare(a: &[Value], b: &[Value]) -> Ordering {
    let both = a.len().min(b.len());
    a[..both].cmp(&b[..both])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64, name: &str) -> Vec<Value> {
        vec![Value::BigInt(number), Value::text(name)]
    }

    fn number(number: i64) -> Vec<Value> {
        vec![Value::BigInt(number)]
    }

    fn shown(bound: Option<Bound>) -> Option<(Vec<Value>, bool)> {
        bound.map(|bound| (bound.values, bound.inclusive))
    }

    #[test]
    fn a_place_is_the_bound_if_it_is_nearer() {
        let range = Range { from: number(2), to: number(4), limit: 1, ..Range::default() };
        for (after, lower) in [
            (key(1, "z"), Some((number(2), true))),
            (key(2, "a"), Some((key(2, "a"), false))),
            (key(4, "a"), Some((key(4, "a"), false))),
        ] {
            let slice = Slice::of(&Range { after: Some(after), ..range.clone() }).expect("a slice");
            assert_eq!((shown(slice.lower), shown(slice.upper)), (lower, Some((number(4), true))));
        }
        for (after, upper) in [(key(4, "a"), (key(4, "a"), false)), (key(5, "a"), (number(4), true))] {
            let range = Range { after: Some(after), descending: true, ..range.clone() };
            let slice = Slice::of(&range).expect("a slice");
            assert_eq!((shown(slice.lower), shown(slice.upper)), (Some((number(2), true)), Some(upper)));
        }
        let open = Range { limit: 1, ..Range::default() };
        assert_eq!(Slice::of(&open), Some(Slice { lower: None, upper: None, descending: false }));
    }

    #[test]
    fn what_bounds_leave_nothing_of_is_not_asked_for() {
        let empty = [
            Range { from: number(4), to: number(2), ..Range::default() },
            Range { from: key(3, "c"), to: key(3, "a"), ..Range::default() },
            Range { to: number(1), after: Some(key(4, "a")), ..Range::default() },
            Range { to: key(4, "a"), after: Some(key(4, "a")), ..Range::default() },
            Range { from: number(4), after: Some(key(3, "a")), descending: true, ..Range::default() },
            Range { after: Some(vec![]), ..Range::default() },
        ];
        for range in empty {
            assert_eq!(Slice::of(&range), None, "{range:?}");
        }
    }
}
