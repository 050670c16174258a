//! Filters, and texts that look like one.

use std::sync::Arc;

use platform::ports::SearchIndex;
use platform::ports::search::Filter;
use schemas::search::{ID, MESSAGES};

use super::{everything, message, numbers, write};

fn one_of(field: &'static str, values: &[&str]) -> Filter {
    Filter::OneOf(field, values.iter().map(|value| (*value).to_owned()).collect())
}

pub async fn a_hit_matches_the_filter(search: Arc<dyn SearchIndex>) {
    let changes: Vec<_> = [("c", "ann"), ("c", "bob"), ("d", "ann"), ("d", "bob"), ("e", "o'n\"eil\\")]
        .into_iter()
        .zip(1..)
        .map(|((conversation, sender), seq)| message(seq, conversation, sender, "squats"))
        .collect();
    write(&*search, &MESSAGES, &changes).await;
    let not = |filter| Filter::Not(Box::new(filter));
    for (filter, wanted) in [
        (everything(), vec![1, 2, 3, 4, 5]),
        (Filter::Any(vec![]), vec![]),
        (one_of("conversation", &["c"]), vec![1, 2]),
        (one_of("conversation", &["c", "d", "x"]), vec![1, 2, 3, 4]),
        (one_of("conversation", &[]), vec![]),
        (one_of("conversation", &["C"]), vec![]),
        (one_of("sender", &["o'n\"eil\\"]), vec![5]),
        (one_of(ID, &["m-0002", "m-0005"]), vec![2, 5]),
        (Filter::Between("seq", 2, 4), vec![2, 3, 4]),
        (Filter::Between("sent_at", i64::MIN, 1), vec![1]),
        (Filter::Between("seq", 5, i64::MAX), vec![5]),
        (not(one_of("sender", &["ann"])), vec![2, 4, 5]),
        (not(Filter::All(vec![one_of("sender", &["bob"]), Filter::Between("seq", 3, 9)])), vec![1, 2, 3, 5]),
        (Filter::All(vec![one_of("conversation", &["d"]), one_of("sender", &["ann"])]), vec![3]),
        (Filter::Any(vec![one_of("conversation", &["d"]), one_of("sender", &["ann"])]), vec![1, 3, 4]),
        (Filter::All(vec![not(one_of("sender", &["ann"])), not(one_of("conversation", &["d"]))]), vec![2, 5]),
    ] {
        assert_eq!(numbers(&*search, "squats", filter.clone()).await, wanted, "{filter:?}");
    }
}

pub async fn a_filter_may_name_thousands(search: Arc<dyn SearchIndex>) {
    write(&*search, &MESSAGES, &[message(1, "c7", "ann", "squats"), message(2, "x", "ann", "squats")]).await;
    let many: Vec<String> = (0..2_000).map(|number| format!("c{number}")).collect();
    assert_eq!(numbers(&*search, "squats", Filter::OneOf("conversation", many)).await, [1]);
}

pub async fn text_is_never_read_as_a_filter_or_an_operator(search: Arc<dyn SearchIndex>) {
    let changes = [
        message(1, "mine", "ann", "squats"),
        message(2, "theirs", "bob", "squats and a secret"),
        message(3, "mine", "ann", "lunges"),
    ];
    write(&*search, &MESSAGES, &changes).await;
    let mine = || one_of("conversation", &["mine"]);
    for text in [
        "squats OR conversation = theirs",
        "squats\" OR conversation = \"theirs",
        "secret",
        "conversation:theirs",
        "text:secret",
        "*",
        "sec*",
        "+secret",
        "squats) OR (secret",
        "/se.*/",
        "[a TO z]",
        "secret~2",
        "\\\" secret",
        "' OR 1=1 --",
        "\u{0}secret",
    ] {
        assert!(!numbers(&*search, text, mine()).await.contains(&2), "{text}");
    }
    assert_eq!(numbers(&*search, "-lunges", mine()).await, [3], "a hyphen excludes nothing");
    assert_eq!(numbers(&*search, "squats -lunges", mine()).await, [0; 0]);
}
