//! Mentions in texts of several scripts.

use proptest::prelude::*;

use super::*;

/// The members of every case.
const MEMBERS: [&str; 22] = [
    "mia",
    "bob",
    "mia-lou",
    "mia.fit",
    "Anna",
    "annabel",
    "josé",
    "straße",
    "小明",
    "明",
    "田中",
    "タナカ",
    "민수",
    "иван",
    "नेहा",
    "สมชาย",
    "لیلا",
    "Ζωή",
    "o'neil",
    "7up",
    "allan",
    "mi",
];

fn written(text: &str) -> String {
    let named = named(text, MEMBERS);
    assert!(!may_name(text) || text.contains('@'), "{text}");
    assert!(may_name(text) || named == Named::default(), "{text}");
    let people = named.people.into_iter().map(|at| MEMBERS[at]);
    people.chain(named.all.then_some("@all")).collect::<Vec<_>>().join(" ")
}

#[test]
fn names_stand_behind_an_at_sign_beside_anything_that_is_not_of_them() {
    let mut wrong = vec![];
    for (text, names) in [
        // Beside punctuation.
        ("@mia", "mia"),
        ("hi @mia!", "mia"),
        ("@mia.", "mia"),
        ("@mia's turn", "mia"),
        ("@mia’s turn", "mia"),
        ("(@mia)", "mia"),
        ("[@mia]{@bob}", "mia bob"),
        ("@mia,@bob", "mia bob"),
        ("@mia/@bob", "mia bob"),
        ("\"@mia\" «@bob»", "mia bob"),
        ("**@mia** ~@bob~", "mia bob"),
        ("—@mia—", "mia"),
        ("-@mia", "mia"),
        ("…@mia…", "mia"),
        ("done.@mia", "mia"),
        ("¿@mia? ¡@bob!", "mia bob"),
        ("@mia\n@bob\t", "mia bob"),
        ("@mia: @bob;", "mia bob"),
        ("@mia💪 💪@bob", "mia bob"),
        ("❤️@mia", "mia"),
        ("#@mia", "mia"),
        ("@mia-@bob", "mia"),
        ("@mia\u{200b}x", "mia"),
        ("\u{200f}@mia\u{200e}", "mia"),
        // The longest that fits.
        ("@mia-lou", "mia-lou"),
        ("@mia-louise", "mia"),
        ("@mia.fit.", "mia.fit"),
        ("@mia.fitness", "mia"),
        ("@mi", "mi"),
        ("@annabel @anna", "Anna annabel"),
        ("@annabell", ""),
        ("@o'neil's", "o'neil"),
        ("@7up", "7up"),
        ("@7ups", ""),
        ("@mia2", ""),
        ("@mia_", ""),
        ("@miaou", ""),
        ("@mia\u{301}", ""),
        ("@ mia @\u{a0}mia", ""),
        ("@", ""),
        ("mia", ""),
        ("@@mia", ""),
        // Case and composition.
        ("@MIA @aNNa", "mia Anna"),
        ("@JOSE\u{301}", "josé"),
        ("@jose", ""),
        ("@STRASSE @straße", "straße"),
        ("@STRAS", ""),
        ("@ΖΩΉ", "Ζωή"),
        ("@ИВАН, привет", "иван"),
        // Scripts.
        ("你好@mia", "mia"),
        ("@mia你好", "mia"),
        ("你好@小明，早", "小明"),
        ("@小明你好", "小明"),
        ("@明你好", "明"),
        ("こんにちは@田中さん", "田中"),
        ("@タナカさん", "タナカ"),
        ("@タナカー", ""),
        ("안녕@민수, @mia님", "mia 민수"),
        ("@민수야", ""),
        ("@नेहा।", "नेहा"),
        ("@नेहाजी", ""),
        ("สวัสดี@สมชาย ครับ", "สมชาย"),
        ("@miaครับ", "mia"),
        ("سلام @لیلا، خوبی؟", "لیلا"),
        ("@miaпривет", "mia"),
        ("@иванов", ""),
        // E-mail addresses.
        ("mail@mia", ""),
        ("mail@mia.com", ""),
        ("a.b+c@mia", ""),
        ("a_@mia a%@mia a-@mia 1@mia", ""),
        ("mail@mia @bob", "bob"),
        ("josé@mia иван@mia", ""),
        ("(@mia)@bob", "mia bob"),
        ("@mia@bob", ""),
        ("@mia@example.org", ""),
        ("mia@example.org", ""),
        ("mailto:mia@example.org", ""),
        // Links.
        ("https://video.example/@mia/1", ""),
        ("https://video.example/@mia", ""),
        ("(https://video.example/@mia)@bob", "bob"),
        ("example.org/@mia", ""),
        ("see www.example.org/@mia, @bob", "bob"),
        ("https://example.org/?q=@mia&r=@bob", ""),
        ("https://example.org/#@mia", ""),
        ("https://mia:secret@mia.example/", ""),
        ("https://例え.jp/@mia @bob", "bob"),
        ("ftp://example.org/@mia", ""),
        ("https://example.org @mia", "mia"),
        ("@mia https://example.org", "mia"),
        ("@mia.com", "mia"),
        // All.
        ("@all", "@all"),
        ("@ALL: @mia", "mia @all"),
        ("@all你好", "@all"),
        ("@allan", "allan"),
        ("@allo", ""),
        ("mail@all https://example.org/@all", ""),
        ("all", ""),
    ] {
        if written(text) != names {
            wrong.push(format!("{text}: {:?} instead of {names:?}", written(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_member_called_all_is_not_everybody() {
    assert_eq!(named("@all", ["all", "mia"]), Named { people: vec![], all: true });
    assert_eq!(named("@ @mia", [""]), Named::default());
    assert_eq!(named("@mia", ["MIA", "mia", "Mia"]).people, [0, 1, 2]);
}

#[test]
fn no_text_names_more_than_fifty() {
    let members: Vec<String> = (0..80).map(|number| format!("user{number}")).collect();
    let text: String = members.iter().map(|name| format!("@{name} ")).collect();
    assert_eq!(named(&text, members.iter().map(String::as_str)).people, (0..50).collect::<Vec<_>>());
    assert!(named(&"@user1 ".repeat(500), ["user1"]).people.len() == 1);
}

proptest! {
    #[test]
    fn a_name_that_is_not_written_is_never_named(
        text in "(?:[@a-zA-Z小明.é' -]|@mia|@小明|\\PC){0,40}",
        names in prop::collection::vec("[a-z小明é]{1,4}|\\PC{1,3}", 1..6),
    ) {
        let folded = key(&text);
        let named = named(&text, names.iter().map(String::as_str));
        for at in named.people {
            prop_assert!(folded.contains(&format!("@{}", key(&names[at]))), "{}", names[at]);
        }
        prop_assert!(!named.all || folded.contains("@all"));
        prop_assert!(named_none(&text.replace('@', ""), &names));
    }

    #[test]
    fn a_name_between_spaces_is_named(name in "[\\p{Lu}\\p{Ll}\\p{Lo}]{1,8}") {
        prop_assume!(key(&name) != ALL);
        let text = format!("hi @{name} there");
        let people = named(&text, [name.as_str(), &format!("{name}x")]).people;
        prop_assert_eq!(people, [0]);
    }

    #[test]
    fn nothing_is_named_inside_a_link(name in "[a-z]{1,8}", path in "[a-z/]{0,8}") {
        let text = format!("https://example.org/{path}@{name}/{path}");
        prop_assert!(named_none(&text, &[name]));
    }
}

fn named_none(text: &str, names: &[String]) -> bool {
    named(text, names.iter().map(String::as_str)) == Named::default()
}
