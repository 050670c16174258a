//! Rules that no policy may have: each is refused when the policy is read, by the key at fault.

use expect_test::expect;
use musclemap_domain::policy;

/// The error of the shipped policy with other rules.
fn read(rules: &str) -> String {
    let start = policy::SHIPPED.find("trusted_domains").unwrap();
    let text = format!("{}{rules}\n", &policy::SHIPPED[..start]);
    policy::parse(&text).map_or_else(|error| error.to_string(), |_| "taken".to_owned())
}

fn with(rule: &str) -> String {
    read(&format!("trusted_domains = []\nrules = [{{ {rule} }}]"))
}

#[test]
fn rules_that_are_wrong_are_refused_by_their_key() {
    let mut answers = String::new();
    let long = "x".repeat(101);
    let many = |what: &str, one: &str, count: usize| {
        format!(r#"id = "a", action = "FLAG", {what} = [{}]"#, one.repeat(count))
    };
    for (name, rule) in [
        ("a word", r#"id = "a", action = "REJECT", words = ["x y", "*x*", "ab*"]"#.to_owned()),
        (
            "everything",
            r#"id = "a_1-b", action = "FLAG", exempt_roles = ["admin"], patterns = ["a+b"],
            domains = ["a.example"], links = ["PUNYCODE"], shouting = { letters = 1, percentage = 100 },
            mentions_above = 0"#
                .replace('\n', " "),
        ),
        ("nothing", r#"id = "a", action = "SHADOW""#.to_owned()),
        ("an id", r#"id = "A b", action = "SHADOW", words = ["x"]"#.to_owned()),
        ("an action", r#"id = "a", action = "DELETE", words = ["x"]"#.to_owned()),
        ("a role", r#"id = "a", action = "FLAG", exempt_roles = ["coach"], words = ["x"]"#.to_owned()),
        ("a key", r#"id = "a", action = "FLAG", word = ["x"]"#.to_owned()),
        ("no letter", r#"id = "a", action = "FLAG", words = ["455"]"#.to_owned()),
        ("nothing to see", "id = \"a\", action = \"FLAG\", words = [\"\u{200b}*\"]".to_owned()),
        ("a star inside", r#"id = "a", action = "FLAG", words = ["a*b"]"#.to_owned()),
        ("a long word", format!(r#"id = "a", action = "FLAG", words = ["{long}"]"#)),
        ("a broken pattern", r#"id = "a", action = "FLAG", patterns = ["(a"]"#.to_owned()),
        ("a large pattern", r#"id = "a", action = "FLAG", patterns = ["[a-z]{9999}"]"#.to_owned()),
        ("a long pattern", format!(r#"id = "a", action = "FLAG", patterns = ["{}"]"#, "a".repeat(501))),
        ("every text", r#"id = "a", action = "FLAG", patterns = ["a*"]"#.to_owned()),
        ("no domain", r#"id = "a", action = "FLAG", domains = ["example"]"#.to_owned()),
        (
            "a percentage",
            r#"id = "a", action = "FLAG", shouting = { letters = 1, percentage = 101 }"#.to_owned(),
        ),
        ("mentions", r#"id = "a", action = "FLAG", mentions_above = -1"#.to_owned()),
        ("words", many("words", r#""ab","#, 20_001)),
        ("patterns", many("patterns", r#""ab","#, 101)),
        ("domains", many("domains", r#""a.b","#, 5_001)),
        ("bytes", many("words", &format!(r#""{}","#, "x".repeat(100)), 2_700)),
    ] {
        // The first line of an error of TOML has no more than its place.
        let answer = with(&rule);
        let line = answer.trim_end().lines().last().unwrap_or_default();
        answers.push_str(&format!("{name}: {line}\n"));
    }
    let one = r#"{ id = "a", action = "FLAG", words = ["x"] },"#;
    answers.push_str(&format!("twice: {}\n", read(&format!("trusted_domains = []\nrules = [{one}{one}]"))));
    let all: String = (0..65).map(|id| one.replace("\"a\"", &format!("\"a{id}\""))).collect();
    answers.push_str(&format!("rules: {}\n", read(&format!("trusted_domains = []\nrules = [{all}]"))));
    answers.push_str(&format!("trusted: {}\n", read("trusted_domains = [\"a b\"]\nrules = []")));
    expect![[r#"
        a word: taken
        everything: taken
        nothing: moderation.rules.a: it lists nothing that a text must not have
        an id: moderation.rules.id: "A b" must be 1 to 48 of a-z, 0-9, _ and -, and there once
        an action: unknown variant `DELETE`, expected one of `REJECT`, `FLAG`, `SHADOW`
        a role: unknown variant `coach`, expected `moderator` or `admin`
        a key: unknown field `word`, expected one of `id`, `action`, `exempt_roles`, `words`, `patterns`, `domains`, `links`, `shouting`, `mentions_above`
        no letter: moderation.rules.a.words: "455" must have a letter, no * but at its ends, and 100 characters
        nothing to see: moderation.rules.a.words: "\u{200b}*" must have a letter, no * but at its ends, and 100 characters
        a star inside: moderation.rules.a.words: "a*b" must have a letter, no * but at its ends, and 100 characters
        a long word: moderation.rules.a.words: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" must have a letter, no * but at its ends, and 100 characters
        a broken pattern: error: unclosed group
        a large pattern: moderation.rules.a.patterns: Compiled regex exceeds size limit of 262144 bytes.
        a long pattern: moderation.rules.a.patterns: "aaaaaaaaaaaaaaaaaaaa" and on has more than 500 bytes
        every text: moderation.rules.a.patterns: "a*" finds the empty text, and so every text
        no domain: moderation.rules.a.domains: "example" is no domain
        a percentage: moderation.rules.a.shouting: 1 to 16000 letters, and a percentage from 1 to 100
        mentions: moderation.rules.a.mentions_above: between 0 and 16000
        words: moderation.rules: words are at most 20000 of all rules together
        patterns: moderation.rules: patterns are at most 100 of all rules together
        domains: moderation.rules: domains are at most 5000 of all rules together
        bytes: moderation.rules: their texts are at most 262144 bytes together
        twice: moderation.rules.id: "a" must be 1 to 48 of a-z, 0-9, _ and -, and there once
        rules: moderation.rules: at most 64 rules
        trusted: moderation.trusted_domains: "a b" is no domain
    "#]].assert_eq(&answers);
}
