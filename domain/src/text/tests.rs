//! Texts as they are stored, seen and compared.

use proptest::prelude::*;

use super::*;

#[test]
fn stores_what_was_written_without_what_deceives() {
    for (written, stored) in [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc\n\rd\r\r\ne", "a\nb\nc\n\nd\n\ne"),
        ("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f", "a\nb\nc\nd\ne\nf"),
        ("nul\0 bell\u{7} escape\u{1b}[31m delete\u{7f} c1\u{80}\u{9f}", "nul bell escape[31m delete c1"),
        ("\r\0\n", "\n\n"),
        ("e\u{301}", "\u{e9}"),
        ("e\0\u{301}", "\u{e9}"),
        ("\u{212b} \u{1100}\u{1161}", "\u{c5} \u{ac00}"),
        ("\u{fb01} \u{ff21}", "\u{fb01} \u{ff21}"),
        ("\u{202e}evil\u{2066}", "evil"),
        ("\u{202a}\u{202b}\u{202c}\u{202d}\u{2067}\u{2068}\u{2069}", ""),
        ("a\u{200e}b\u{200f}c\u{61c}", "a\u{200e}b\u{200f}c\u{61c}"),
        ("family \u{1f468}\u{200d}\u{1f469}", "family \u{1f468}\u{200d}\u{1f469}"),
        ("\u{2764}\u{fe0f} \u{845b}\u{e0100}", "\u{2764}\u{fe0f} \u{845b}\u{e0100}"),
        ("\u{645}\u{6cc}\u{200c}\u{62e}", "\u{645}\u{6cc}\u{200c}\u{62e}"),
        ("\u{feff}a\u{ad}b\u{2060}", "\u{feff}a\u{ad}b\u{2060}"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ] {
        assert_eq!(normalise(written), stored, "{written:?}");
    }
}

#[test]
fn a_text_of_what_is_not_seen_is_blank() {
    let blanks = [
        "",
        " ",
        "\n\t ",
        "\u{a0}",
        "\u{1680}",
        "\u{2000}\u{200a}",
        "\u{202f}",
        "\u{205f}",
        "\u{3000}",
        "\u{200b}",
        "\u{200c}\u{200d}",
        "\u{200e}\u{200f}\u{61c}",
        "\u{2060}\u{2064}",
        "\u{206a}\u{206f}",
        "\u{feff}",
        "\u{ad}",
        "\u{34f}",
        "\u{180b}\u{180f}",
        "\u{180e}",
        "\u{17b4}\u{17b5}",
        "\u{fe00}\u{fe0f}",
        "\u{e0100}\u{e01ef}",
        "\u{e0001}\u{e0020}\u{e007f}",
        "\u{2800}",
        "\u{115f}",
        "\u{1160}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{1d173}\u{1d17a}",
        "\u{1bca0}",
        "\u{fff0}",
        "\u{85}\0",
        " \u{2800}\u{3164}\u{200b}\n",
    ];
    for blank in blanks {
        assert!(is_blank(blank), "{blank:?}");
        assert!(is_blank(&normalise(blank)), "{blank:?}");
        assert!(!is_blank(&format!("{blank}.{blank}")), "{blank:?}");
    }
    for seen in
        ["a", "0", ".", "\u{2801}", "\u{301}", "\u{fffd}", "\u{e000}", "\u{1f468}\u{200d}", "\u{fffc}"]
    {
        assert!(!is_blank(seen), "{seen:?}");
    }
}

#[test]
fn sees_through_spelling_tricks() {
    for (written, alike) in [
        (
            "buy protein now",
            &[
                "BUY protein NOW",
                "b\u{200b}uy protein now",
                "b\u{ad}u\u{34f}y\u{fe0f} pro\u{2060}tein\u{e0020} now\u{180e}\u{feff}",
                "buy pr\u{43e}tein n\u{43e}w",
                "\u{ff42}\u{ff55}\u{ff59} protein now",
                "\u{1d41b}\u{1d42e}\u{1d432} protein now",
                "buy\u{a0}protein now",
                "buy protein n0w",
            ][..],
        ),
        ("stra\u{df}e", &["STRASSE", "strasse", "stra\u{1e9e}e"]),
        ("\u{fb03}x", &["ffix", "FFIX"]),
        ("\u{3c3}\u{3bf}\u{3c6}\u{3cc}\u{3c2}", &["\u{3a3}\u{39f}\u{3a6}\u{38c}\u{3a3}"]),
        ("caf\u{e9}", &["cafe\u{301}", "CAFE\u{301}", "cafe\u{200d}\u{301}"]),
        ("\u{13a0}", &["\u{ab70}"]),
        ("paypal", &["\u{440}\u{430}y\u{440}\u{430}l", "payp\u{430}1", "PAYPAL"]),
    ] {
        for trick in alike {
            assert_eq!(fingerprint(trick), fingerprint(written), "{trick:?}");
        }
    }
    for (one, other) in [("buy protein now", "buy protein later"), ("a b", "ab"), ("caf\u{e9}", "cafe")] {
        assert_ne!(fingerprint(one), fingerprint(other));
    }
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC*|[\\x00-\\x20\u{202a}-\u{202e}a-e\u{301}\u{85}\u{2028}]*|(?s:.)*") {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once.clone());
        prop_assert!(once.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
    }

    #[test]
    fn every_line_break_is_one(lines in prop::collection::vec("[a-z]{1,5}", 1..8), breaks in prop::collection::vec(0..8_usize, 8)) {
        const BREAKS: [&str; 8] = ["\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"];
        let written: String = lines.iter().zip(breaks).map(|(line, at)| format!("{line}{}", BREAKS[at])).collect();
        let stored: String = lines.iter().map(|line| format!("{line}\n")).collect();
        prop_assert_eq!(normalise(&written), stored);
    }

    #[test]
    fn what_is_not_shown_does_not_tell_texts_apart(text in "[a-zA-Z0-9é中 ]{0,20}", at in any::<prop::sample::Index>(),
        hidden in prop::sample::select(vec!['\u{200b}', '\u{200d}', '\u{fe0f}', '\u{ad}', '\u{2060}', '\u{e0061}', '\u{3164}', '\u{180b}'])) {
        let mut with: Vec<char> = text.chars().collect();
        with.insert(at.index(with.len() + 1), hidden);
        prop_assert_eq!(fingerprint(&with.into_iter().collect::<String>()), fingerprint(&text));
    }

    #[test]
    fn case_does_not_tell_texts_apart(text in "[a-zA-Zéßσ ]{0,20}") {
        prop_assert_eq!(fingerprint(&text.to_uppercase()), fingerprint(&text));
    }

    #[test]
    fn ascii_has_the_fingerprint_that_every_text_would_have(text in "[\\x00-\\x7f]*") {
        prop_assert_eq!(fingerprint(&text), hash(shape(&text).as_bytes()));
    }
}
