//! Licence expressions: whether what a crate offers is among what is allowed.

/// Whether `expression` (SPDX, or the older `A/B`) can be met by licences of `allowed` alone.
pub fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &*tokens;
    let met = either(&mut rest, allowed);
    met && rest.is_empty()
}

/// Alternatives; `OR` binds weaker than `AND`.
fn either(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = all(rest, allowed);
    while take(rest, "OR") {
        met |= all(rest, allowed);
    }
    met
}

fn all(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = one(rest, allowed);
    while take(rest, "AND") {
        met &= one(rest, allowed);
    }
    met
}

/// A licence, with its exception if it has one, or an expression in parentheses.
fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    if take(rest, "(") {
        let met = either(rest, allowed);
        return take(rest, ")") && met;
    }
    let Some((first, behind)) = rest.split_first() else { return false };
    *rest = behind;
    let mut licence = (*first).to_owned();
    if take(rest, "WITH") {
        let Some((exception, behind)) = rest.split_first() else { return false };
        *rest = behind;
        licence = format!("{licence} WITH {exception}");
    }
    allowed.contains(&licence)
}

fn take(rest: &mut &[&str], token: &str) -> bool {
    let is_next = rest.first() == Some(&token);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_allowed_licences_alone() {
        let allowed = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for (expression, met) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("MIT/GPL-3.0-only", true),
            ("MIT AND GPL-3.0-only", false),
            ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
            ("GPL-3.0-only OR MIT AND ISC", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(is_met(expression, &allowed), met, "{expression}");
        }
    }
}
