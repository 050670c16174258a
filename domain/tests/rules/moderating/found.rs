//! What words, patterns and links find, and what they must not.

use musclemap_domain::moderation::met;
use proptest::prelude::*;
use schemas::moderation::Action::Reject;
use schemas::moderation::{LinkTrick, Moderation, ModerationRule, Reason, Shouting};

use super::{rule, words};

/// Texts with a part that is another word, numbers that read as letters, and the vocabulary of training.
pub const COMMON: [&str; 30] = [
    "Greetings from Scunthorpe, Penistone and Lightwater",
    "I passed my class, an assistant assessed the assembly",
    "grass, bass and a cocktail on a Saturday in Essex",
    "burn calories, warm up, then burnout sets",
    "5x5 squats at 455 lb, 1RM 180kg, then 3x10 @ 80",
    "did 8 sets of 5, total 5005 kg, 4x100m in 0:55",
    "Snatch, clean and jerk, bench press, dead hang",
    "Romanian deadlift, hip thrust, good mornings",
    "glute ham raise, butt kicks, hamstring curls",
    "pec deck, pecs are sore, tight hip flexors",
    "protein shake, creatine 5g, whey isolate",
    "Is the sauna hot?! Yes!!! Let's go :)",
    "Ann: 100% | Bob: 90% | total 1:05!",
    "see you @ 7, bring $5 and a towel!",
    "mañana, año nuevo, los analistas analizan",
    "Fußball und Gewichtheben, die Straße entlang",
    "le titre, la constitution, un compétiteur",
    "сегодня ноги, завтра спина и пресс",
    "Θα πάμε γυμναστήριο αύριο",
    "今日はスクワットを百キロで五回やりました",
    "오늘은 하체 운동을 했어요",
    "تمرين الساقين اليوم",
    "नमस्ते, आज पैरों का दिन है",
    "https://musclemap.com/workouts/55?set=3#top",
    "see www.example.org/a_b-c?x=1&y=2 for the plan",
    "mail ann@example.org, or call 555-1234",
    "v1.2.3.4 of the app, 10.10.10.10 reps",
    "e.g.this or leg.day is no link at all",
    "PR!!! 200KG",
    "x",
];

fn rules(of: ModerationRule) -> Moderation {
    Moderation::new(vec!["musclemap.com".to_owned()], vec![of])
}

fn is_met(rules: &Moderation, text: &str) -> bool {
    !met(rules, text, 0).unwrap().is_empty()
}

/// Words whose letters stand in harmless ones too.
const WORDS: [&str; 9] = ["ass", "cunt", "penis", "tit*", "bum", "sex", "cock", "buy followers", "*hitler*"];

#[test]
fn a_word_is_found_in_each_spelling_and_not_inside_others() {
    let found = rules(words("words", Reject, &WORDS));
    for text in [
        "ass",
        "you ASS!",
        "a$$",
        "@$$",
        "4ss",
        "_ass_",
        "(ass)",
        "ass\nclass",
        "a\u{200b}s\u{200d}s",
        "as\u{ad}s",
        "\u{430}ss",
        "\u{ff41}\u{ff53}\u{ff53}",
        "\u{1d41a}\u{1d42c}\u{1d42c}",
        "p3n1s",
        "PEN!S",
        "pen|s",
        "penls",
        "tits",
        "T1tan",
        "c\u{43e}ck",
        "\u{421}OCK",
        "buy  followers",
        "buy\nfoll0wers now",
        "Buy\u{a0}Followers",
        "neohitlerist",
    ] {
        assert!(is_met(&found, text), "{text:?}");
    }
    for text in COMMON.iter().copied().filter(|text| !text.contains("titre")) {
        assert!(!is_met(&found, text), "{text:?}");
    }
    for text in ["455", "1055 kg", "buyfollowers", "buy, followers", "substitute", "a s s", "Essex", "burn"] {
        assert!(!is_met(&found, text), "{text:?}");
    }
}

#[test]
fn words_of_other_scripts_are_found_in_each_case_and_without_spaces() {
    let found = rules(words("words", Reject, &["допинг", "ΣΤΕΡΟΕΙΔΗ", "麻薬", "마약", "straße"]));
    for text in ["ДОПИНГ!", "это Допинг", "στεροειδή στεροειδη", "彼は麻薬を買った", "STRASSE", "마약"]
    {
        assert!(is_met(&found, text), "{text:?}");
    }
    for text in ["допинговый", "麻の薬", "стероид"] {
        assert!(!is_met(&found, text), "{text:?}");
    }
}

#[test]
fn a_pattern_is_searched_in_what_a_reader_sees() {
    let found = rules(ModerationRule {
        patterns: vec![r"(?i)\bwhatsapp\s*\+?\d{6,}".to_owned(), r"^\s*1488\s*$".to_owned()],
        ..rule("patterns", Reject)
    });
    for (text, expected) in [
        ("WhatsApp +49123456", true),
        ("What\u{200b}sApp +4912\u{ad}3456", true),
        ("\u{ff37}hatsapp 1234567", true),
        ("1488", true),
        ("set 1488 of 2000", false),
        ("my whatsapp is broken", false),
    ] {
        assert_eq!(is_met(&found, text), expected, "{text:?}");
    }
}

#[test]
fn links_are_found_by_where_they_lead_and_how_they_hide_it() {
    let domains = ModerationRule {
        domains: vec!["evil.example".to_owned(), "b\u{fc}cher.example".to_owned()],
        ..rule("domains", Reject)
    };
    let tricks = |trick| ModerationRule { links: vec![trick], ..rule("tricks", Reject) };
    let (ip, user) = (tricks(LinkTrick::IpLiteral), tricks(LinkTrick::Userinfo));
    let (punycode, alike) = (tricks(LinkTrick::Punycode), tricks(LinkTrick::LookAlike));
    for (name, rule, text, expected) in [
        ("denied", &domains, "https://evil.example/x", true),
        ("below a denied one", &domains, "see HTTP://a.b.EVIL.example.", true),
        ("without a scheme", &domains, "see evil.example/x", true),
        ("hidden characters", &domains, "https://ev\u{200b}il.exam\u{ad}ple", true),
        ("behind a port", &domains, "https://evil.example:8443/", true),
        ("in punycode", &domains, "https://xn--bcher-kva.example", true),
        ("another one", &domains, "https://notevil.example https://evil.example.org", false),
        ("in a path", &domains, "https://example.org/evil.example", false),
        ("an address", &ip, "http://127.0.0.1:80/x", true),
        ("a number", &ip, "http://2130706433/", true),
        ("hexadecimal", &ip, "http://0x7f.1/", true),
        ("IPv6", &ip, "http://[::1]/", true),
        ("repetitions", &ip, "10.10.10.10 reps", false),
        ("a name", &user, "https://musclemap.com@evil.example/", true),
        ("a password", &user, "https://a:b@musclemap.com/", true),
        ("an e-mail address", &user, "ann@example.org", false),
        ("a sign in the path", &user, "https://example.org/@ann", false),
        ("several scripts", &punycode, "https://p\u{430}ypal.example", true),
        ("the same in punycode", &punycode, "https://xn--pypal-4ve.example", true),
        ("another script that looks like ASCII", &punycode, "https://\u{440}\u{430}\u{443}.example", true),
        ("an honest name", &punycode, "https://b\u{fc}cher.example https://почта.example", false),
        ("leet", &alike, "https://musc1emap.com", true),
        ("look-alikes", &alike, "https://muscl\u{435}map.com/login", true),
        ("below an imitation", &alike, "https://www.musc1emap.com", true),
        ("as a part", &alike, "https://musclemap.com.evil.example", true),
        ("the trusted one", &alike, "https://musclemap.com https://app.musclemap.com", false),
        ("a longer name", &alike, "https://mymusclemap.com", false),
    ] {
        assert_eq!(is_met(&rules(rule.clone()), text), expected, "{name}: {text}");
    }
    let trusted = ModerationRule { domains: vec!["com.example".to_owned()], ..rule("domains", Reject) };
    let allowed =
        |trusted_domain: &str| Moderation::new(vec![trusted_domain.to_owned()], vec![trusted.clone()]);
    assert!(!is_met(&allowed("good.com.example"), "https://good.com.example"));
    assert!(is_met(&allowed("good.com.example"), "https://bad.com.example"));
}

#[test]
fn shouting_is_a_part_of_enough_letters() {
    let found = rules(ModerationRule {
        shouting: Some(Shouting { letters: 10, percentage: 80 }),
        ..rule("shouting", Reject)
    });
    for (text, expected) in [
        ("BUY NOW, BUY", false),
        ("BUY NOW, BUY IT", true),
        ("BUY NOW, BUY it", true),
        ("BUY NOW, buy it", false),
        ("今日はスクワットを百キロで五回やりました", false),
    ] {
        assert_eq!(is_met(&found, text), expected, "{text}");
    }
    assert_eq!(met(&found, "BUY NOW, BUY IT", 0), Ok(vec![(0, Reason::Spam)]));
}

/// Spellings of a letter that mean the same.
fn spelled(letter: char) -> Vec<String> {
    let upper: String = letter.to_uppercase().collect();
    let more: &[&str] = match letter {
        'a' => &["4", "@", "\u{430}", "\u{ff41}"],
        'e' => &["3", "\u{435}", "\u{ff25}"],
        'i' => &["1", "!", "|", "\u{456}"],
        'o' => &["0", "\u{43e}", "\u{3bf}"],
        's' => &["5", "$", "\u{455}"],
        't' => &["7", "\u{ff34}"],
        'l' => &["1", "|"],
        'c' => &["\u{441}", "\u{421}"],
        'p' => &["\u{440}", "\u{420}"],
        _ => &[],
    };
    let more = more.iter().map(|other| (*other).to_owned());
    [letter.to_string(), upper].into_iter().chain(more).collect()
}

fn disguised(word: &'static str) -> impl Strategy<Value = String> {
    let letters: Vec<_> = word
        .chars()
        .map(|letter| {
            let hidden = prop::sample::select(vec!["", "", "", "\u{200b}", "\u{200d}", "\u{ad}", "\u{2060}"]);
            (prop::sample::select(spelled(letter)), hidden).prop_map(|(spelled, hidden)| spelled + hidden)
        })
        .collect();
    letters.prop_map(|letters| letters.concat())
}

proptest! {
    #![proptest_config(crate::always::cases(256))]

    #[test]
    fn a_forbidden_word_is_found_whatever_its_spelling_and_its_surroundings(
        word in prop::sample::select(vec!["steroids", "cocaine", "idiot", "testicle", "plague"]).prop_flat_map(disguised),
        before in "([a-zа-яß5 ]{0,20}[ ,.(\n])?",
        after in "([ ,.)?\n][a-zа-яß5 ]{0,20})?",
    ) {
        let all = ["steroids", "cocaine", "idiot", "testicle", "plague"];
        let found = rules(words("words", Reject, &all));
        let text = format!("{before}{word}{after}");
        prop_assume!(word.chars().any(|c| !c.is_ascii_digit()));
        prop_assert!(is_met(&found, &text), "{text:?}");
    }

    /// Equal rules give equal hits, whether they were built before or are built anew.
    #[test]
    fn a_replay_meets_the_same_rules(text in "[ -~а-яα-ω\u{200b}\n]{0,60}", word in "[a-z]{2,4}") {
        let both = || Moderation::new(vec![], vec![
            words("one", Reject, &[&word, "e*"]),
            ModerationRule { patterns: vec!["[xyz]{2}".to_owned()], ..rule("two", Reject) },
        ]);
        let first = met(&both(), &text, 0).unwrap();
        prop_assert_eq!(&first, &met(&both(), &text, 0).unwrap());
        let kept = both();
        prop_assert_eq!(&first, &met(&kept, &text, 0).unwrap());
        prop_assert_eq!(&first, &met(&kept, &text, 0).unwrap());
    }
}
