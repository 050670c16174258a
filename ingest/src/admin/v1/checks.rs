//! The shapes that bodies and paths of the admin API must have.
//!
//! Invariant: each is what the pattern in the description says, so a client can check it before it asks.

use schemas::Refusal;
use schemas::flags::Tier;

/// Unicode scalar values of a name.
const MAX_NAME: usize = 100;
/// The largest grant: what an account may have at all.
pub const MAX_GRANT_MILLI: i64 = 2_000_000_000;

type Checked = Result<(), Refusal>;

fn wanted(field: &str, is_so: bool, what: &str) -> Checked {
    if is_so { Ok(()) } else { Err(Refusal::bad_input(field, what)) }
}

/// A name of at most 100 characters without control characters; one of them is a letter, a digit or `_`.
pub fn name(field: &str, name: &str) -> Checked {
    let is_short = name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    let is_seen = name.chars().any(|c| c.is_alphanumeric() || c == '_');
    wanted(field, is_short && is_seen, "1 to 100 characters with a letter or a digit, none of control")
}

pub fn url(url: &str) -> Checked {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let is_url = (1..=1_990).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_graphic());
    wanted("avatarUrl", is_url, "an address that begins with https://, of at most 1998 characters of ASCII")
}

pub fn email(email: &str) -> Checked {
    let is_address = email.split_once('@').is_some_and(|(local, domain)| {
        (1..=64).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_graphic())
            && (1..=189).contains(&domain.len())
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
    });
    wanted("email", is_address, "an address of e-mail in ASCII")
}

/// The form of a BCP 47 tag; its parts are not looked up.
pub fn locale(locale: &str) -> Checked {
    let mut parts = locale.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let is_part =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_tag = is_language && parts.clone().count() <= 4 && parts.all(is_part);
    wanted("locale", is_tag, "a language tag, as de or pt-BR")
}

pub fn tier(tier: &str) -> Checked {
    wanted("tier", tier.parse::<Tier>().is_ok(), "1 to 32 of a-z, 0-9, _ and -")
}

/// A path has no segment of dots alone.
pub fn begins_plainly(field: &str, text: &str) -> Checked {
    let is_plain = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    wanted(field, is_plain, "it begins with a letter or a digit")
}

/// The key of a grant: it is a row for ever.
pub fn key(key: &str) -> Checked {
    begins_plainly("key", key)?;
    let is_key = key.len() <= 100 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    wanted("key", is_key, "1 to 100 letters, digits, dots, dashes, underscores")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_admits_what_it_says_and_nothing_beside() {
        let name = |text: &str| name("username", text);
        type Check<'a> = &'a dyn Fn(&str) -> Checked;
        let cases: [(Check<'_>, &[&str], &[&str]); 6] = [
            (
                &name,
                &["a", "Ánn 🏋️", "_", "愛", &"x".repeat(100)],
                &["", " ", "🏋️", "a\n", "a\u{85}", &"x".repeat(101)],
            ),
            (
                &url,
                &["https://a", "https://example.org/a.png?b=1#c"],
                &[
                    "",
                    "https://",
                    "http://a",
                    "https://a b",
                    "https://é",
                    &format!("https://{}", "a".repeat(1_991)),
                ],
            ),
            (
                &email,
                &["ann@example.org", "a+b@c"],
                &["", "ann", "@a", "a@", "a@b@c", "a b@c", "é@c", "a@c_d"],
            ),
            (
                &locale,
                &["de", "pt-BR", "zh-Hant-TW"],
                &["", "d", "deutsch", "de-", "de-1", "de_DE", "de-aa-bb-cc-dd-ee"],
            ),
            (&tier, &["premium", "a_b-1"], &["", "Premium", "a b"]),
            (&key, &["may", "2026-05.1_a"], &["", ".", "_a", "a b", "a/b", "é", &"x".repeat(101)]),
        ];
        for (check, good, bad) in cases {
            for text in good {
                assert_eq!(check(text), Ok(()), "{text}");
            }
            for text in bad {
                assert!(check(text).is_err(), "{text}");
            }
        }
    }
}
