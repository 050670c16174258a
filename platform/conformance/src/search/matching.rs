//! What matches a text, and in which order.

use std::sync::Arc;

use platform::ports::SearchIndex;
use platform::ports::search::{HIGHLIGHT, Query};
use schemas::position::Version;
use schemas::search::{CONVERSATIONS, Change, Document, MESSAGES};

use super::{ask, everything, found, messages, numbers, write};

async fn check(search: &dyn SearchIndex, texts: &[&str], cases: &[(&str, &[i64])]) {
    write(search, &MESSAGES, &messages(texts)).await;
    for (query, wanted) in cases {
        assert_eq!(numbers(search, query, everything()).await, *wanted, "{query}");
    }
}

pub async fn every_word_has_to_match(search: Arc<dyn SearchIndex>) {
    let texts = ["leg day tomorrow", "leg press", "rest day", "nothing"];
    let cases: [(&str, &[i64]); 5] =
        [("leg", &[1, 2]), ("leg day", &[1]), ("day leg", &[1]), ("leg squat", &[]), ("", &[])];
    check(&*search, &texts, &cases).await;
}

pub async fn a_typo_matches_in_long_words_alone(search: Arc<dyn SearchIndex>) {
    let texts = ["protein shake", "gym today", "deadlifts again"];
    let cases: [(&str, &[i64]); 6] = [
        ("protien x", &[]),
        ("protien shake", &[1]),
        ("protin shake", &[1]),
        ("gim today", &[]),
        ("dedlift again", &[]),
        ("deadlfts again", &[3]),
    ];
    check(&*search, &texts, &cases).await;
}

pub async fn the_last_word_may_be_a_prefix(search: Arc<dyn SearchIndex>) {
    let texts = ["training tomorrow", "tomorrow training"];
    let cases: [(&str, &[i64]); 4] =
        [("tom", &[1, 2]), ("training tom", &[1, 2]), ("tom training", &[]), ("\"training\" tomor", &[1, 2])];
    check(&*search, &texts, &cases).await;
}

pub async fn a_phrase_matches_as_it_is(search: Arc<dyn SearchIndex>) {
    let texts = ["leg day is here", "day of the leg", "leg, day", "legs day"];
    let cases: [(&str, &[i64]); 3] =
        [("\"leg day\"", &[1, 3]), ("\"day of the leg\"", &[2]), ("\"leg day\" here", &[1])];
    check(&*search, &texts, &cases).await;
}

pub async fn case_and_accents_make_no_difference(search: Arc<dyn SearchIndex>) {
    let texts = ["Übung für Anfänger", "sesión mañana", "entraînement léger", "coração forte"];
    let cases: [(&str, &[i64]); 6] = [
        ("ubung", &[1]),
        ("ÜBUNG", &[1]),
        ("sesion manana", &[2]),
        ("ENTRAINEMENT", &[3]),
        ("coracao", &[4]),
        ("coração", &[4]),
    ];
    check(&*search, &texts, &cases).await;
}

pub async fn scripts_without_spaces_match(search: Arc<dyn SearchIndex>) {
    let texts = ["明天早上一起去跑步吧", "明日の練習は中止です", "내일 아침에 운동하자", "今天休息"];
    let cases: [(&str, &[i64]); 6] =
        [("跑步", &[1]), ("練習", &[2]), ("中止", &[2]), ("운동", &[3]), ("休息", &[4]), ("游泳", &[])];
    check(&*search, &texts, &cases).await;
}

pub async fn highlights_mark_what_matches(search: Arc<dyn SearchIndex>) {
    write(&*search, &MESSAGES, &messages(&["Leg day: legs, <b>leg</b>!", "a protein shake", "明天跑步"]))
        .await;
    for (query, wanted) in [
        ("leg day", "<Leg> <day>: legs, <b><leg></b>!"),
        ("\"leg day\"", "<Leg> <day>: legs, <b>leg</b>!"),
        ("protien shake", "a <protein> <shake>"),
        ("prot", "a <protein> shake"),
        ("跑步", "明天<跑步>"),
    ] {
        let hits = found(&*search, query, everything()).await;
        let shown = hits[0].highlighted[0].replace(HIGHLIGHT[0], "<").replace(HIGHLIGHT[1], ">");
        let plain: String = hits[0].highlighted[0].chars().filter(|c| !HIGHLIGHT.contains(c)).collect();
        assert!(["Leg day: legs, <b>leg</b>!", "a protein shake", "明天跑步"].contains(&plain.as_str()));
        // Characters of one run may be marked together or one by one, a prefix in part or whole.
        let same = |text: &str| text.replace("><", "").replace("<prot>ein", "<protein>");
        assert_eq!(same(&shown), same(wanted), "{query}");
    }
}

pub async fn better_hits_come_first(search: Arc<dyn SearchIndex>) {
    let change = |id: &str, title: &str, members: &str| Change {
        id: id.to_owned(),
        version: Version(1),
        document: Some(Document {
            texts: vec![title.to_owned(), members.to_owned()],
            words: vec![],
            numbers: vec![],
        }),
    };
    let changes = [
        change("members", "Chess", "marathon runner"),
        change("typo", "Maraton", "ann bob"),
        change("exact", "Marathon", "ann bob"),
    ];
    write(&*search, &CONVERSATIONS, &changes).await;
    let query = Query { text: "marathon".to_owned(), filter: everything(), offset: 0, limit: 10 };
    let hits = ask(&*search, &CONVERSATIONS, &query).await.hits;
    assert_eq!(hits.len(), 3);
    assert_eq!(hits[0].id, "exact");
    assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score), "{hits:?}");
    assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{hits:?}");
}

pub async fn of_equally_good_hits_the_newest_comes_first(search: Arc<dyn SearchIndex>) {
    write(&*search, &MESSAGES, &messages(&["squats today"; 6])).await;
    let hits = found(&*search, "squats", everything()).await;
    let ids: Vec<&str> = hits.iter().map(|hit| hit.id.as_str()).collect();
    assert_eq!(ids, ["m-0006", "m-0005", "m-0004", "m-0003", "m-0002", "m-0001"]);
}

pub async fn pages_have_every_hit_once(search: Arc<dyn SearchIndex>) {
    write(&*search, &MESSAGES, &messages(&["squats"; 23])).await;
    let mut seen = vec![];
    for offset in [0, 5, 10, 15, 20, 25] {
        let query = Query { text: "squats".to_owned(), filter: everything(), offset, limit: 5 };
        let hits = ask(&*search, &MESSAGES, &query).await;
        assert_eq!(hits.total, 23);
        seen.extend(hits.hits.into_iter().map(|hit| hit.id));
    }
    assert_eq!(seen.len(), 23);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 23);
}
