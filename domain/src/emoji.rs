//! Emoji that a reaction may be: those that Unicode recommends for general interchange.
//!
//! Invariant: an emoji has one form, the fully-qualified one of Unicode's table, so that equal emoji are
//! equal texts. What is text by its own choice, such as a character with the text selector, is no emoji.

use schemas::Refusal;

/// The longest emoji of the table has 35 bytes.
pub const MAX_BYTES: usize = 64;

/// The one form of an emoji; BAD_USER_INPUT for anything else.
pub fn normal(text: &str) -> Result<&'static str, Refusal> {
    let known = emojis::get(text).map(emojis::Emoji::as_str);
    known.ok_or_else(|| Refusal::bad_input("emoji", "one emoji, and nothing beside it"))
}

/// Refuses what cannot be an emoji. The table that says which are is the asking process's: another version of it must
/// not decide otherwise.
pub fn check(emoji: &str) -> Result<(), Refusal> {
    if emoji.is_empty() || emoji.len() > MAX_BYTES {
        return Err(Refusal::bad_input("emoji", "one emoji, and nothing beside it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_has_one_form() {
        for (text, form) in [
            ("👍", "👍"),
            ("👍🏽", "👍🏽"),
            ("❤", "❤\u{fe0f}"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
            ("🇩🇪", "🇩🇪"),
            (
                "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
                "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            ),
        ] {
            assert_eq!(normal(text), Ok(form), "{text}");
        }
    }

    #[test]
    fn what_is_no_emoji_is_refused() {
        for text in [
            "",
            " ",
            "a",
            "1",
            "#",
            "ok",
            ":thumbsup:",
            "thumbsup",
            "👍👍",
            "👍 ",
            " 👍",
            "👍a",
            "❤\u{fe0e}",
            "🏽",
            "🇩",
            "🇩🇩",
            "\u{200d}",
            "\u{fe0f}",
            "👍\u{200d}👎",
            "👍\u{fe0e}",
            "<b>",
            "\u{0}",
            "𝄞",
            "→",
        ] {
            assert!(normal(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_emoji_is_its_own_form_and_fits() {
        for emoji in emojis::iter().map(emojis::Emoji::as_str) {
            assert_eq!(normal(emoji), Ok(emoji));
            assert_eq!(check(emoji), Ok(()));
        }
    }
}
