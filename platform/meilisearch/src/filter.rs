//! Filters in the language of the server.
//!
//! Invariant: every value is escaped, so none ends its place in an expression.

use platform::ports::search::Filter;
use schemas::search::ID;

use crate::wire;

/// The expression of a filter; absent if every document passes.
pub fn expression(filter: &Filter) -> Option<String> {
    match filter {
        Filter::All(all) => {
            let parts: Vec<String> = all.iter().filter_map(expression).collect();
            (!parts.is_empty()).then(|| joined(&parts, " AND "))
        }
        Filter::Any(any) if any.is_empty() => Some(nothing()),
        Filter::Any(any) => {
            let parts: Option<Vec<String>> = any.iter().map(expression).collect();
            parts.map(|parts| joined(&parts, " OR "))
        }
        Filter::Not(not) => Some(expression(not).map_or_else(nothing, |not| format!("(NOT {not})"))),
        Filter::OneOf(name, values) => {
            let values: Vec<String> = values.iter().map(|value| wire::escape(value)).collect();
            Some(one_of(if *name == ID { wire::KEY } else { name }, &values))
        }
        Filter::Between(name, from, to) => {
            let from = (*from > i64::MIN).then(|| format!("{name} >= {from}"));
            let to = (*to < i64::MAX).then(|| format!("{name} <= {to}"));
            let parts: Vec<String> = from.into_iter().chain(to).collect();
            (!parts.is_empty()).then(|| joined(&parts, " AND "))
        }
    }
}

/// Documents whose field is one of these values, which are escaped.
pub fn one_of(name: &str, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!("{name} IN [{}]", values.join(", "))
}

fn nothing() -> String {
    one_of(wire::KEY, &[])
}

fn joined(parts: &[String], by: &str) -> String {
    match parts {
        [single] => single.clone(),
        several => format!("({})", several.join(by)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(name: &'static str, value: &str) -> Filter {
        Filter::OneOf(name, vec![value.to_owned()])
    }

    #[test]
    fn filters_are_expressions_in_which_no_value_ends_its_place() {
        for (filter, wanted) in [
            (Filter::All(vec![]), None),
            (Filter::Any(vec![]), Some("key IN []")),
            (Filter::Not(Box::new(Filter::All(vec![]))), Some("key IN []")),
            (one_of(ID, "a.B"), Some("key IN [\"a_2e_42\"]")),
            (
                one_of("sender", "x\"] OR seq > 0 OR sender IN [\""),
                Some("sender IN [\"x_22_5d_20_4f_52_20seq_20_3e_200_20_4f_52_20sender_20_49_4e_20_5b_22\"]"),
            ),
            (Filter::Between("seq", 2, i64::MAX), Some("seq >= 2")),
            (Filter::Between("seq", i64::MIN, i64::MAX), None),
            (
                Filter::Any(vec![one_of("sender", "a"), Filter::Between("seq", 1, 2)]),
                Some("(sender IN [\"a\"] OR (seq >= 1 AND seq <= 2))"),
            ),
            (Filter::Any(vec![one_of("sender", "a"), Filter::All(vec![])]), None),
            (Filter::Not(Box::new(one_of("sender", "a"))), Some("(NOT sender IN [\"a\"])")),
        ] {
            assert_eq!(expression(&filter).as_deref(), wanted, "{filter:?}");
        }
    }
}
