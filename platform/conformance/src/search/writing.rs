//! Versions, removal, visibility of writes.

use std::sync::Arc;

use platform::ports::SearchIndex;
use platform::ports::search::{Known, Side};
use schemas::position::Version;
use schemas::search::{Change, MESSAGES};

use super::{everything, found, message, messages, numbers, write};

fn at(version: i64, change: Change) -> Change {
    Change { version: Version(version), ..change }
}

pub async fn a_write_is_found_by_the_next_query(search: Arc<dyn SearchIndex>) {
    for seq in 1..=5 {
        write(&*search, &MESSAGES, &[message(seq, "c", "ann", "squats")]).await;
        assert_eq!(numbers(&*search, "squats", everything()).await, (1..=seq).collect::<Vec<_>>());
    }
}

pub async fn the_higher_version_stays_in_either_order(search: Arc<dyn SearchIndex>) {
    let (old, new) = (message(1, "c", "ann", "lunges"), message(1, "c", "ann", "squats"));
    write(&*search, &MESSAGES, &[at(20, new.clone()), at(10, old.clone())]).await;
    write(&*search, &MESSAGES, &[at(15, old.clone())]).await;
    let hits = found(&*search, "squats", everything()).await;
    assert_eq!(hits.iter().map(|hit| hit.version).collect::<Vec<_>>(), [Version(20)]);
    assert_eq!(numbers(&*search, "lunges", everything()).await, [0; 0]);
    write(&*search, &MESSAGES, &[at(20, new), at(21, old)]).await;
    assert_eq!(numbers(&*search, "lunges", everything()).await, [1]);
    assert_eq!(numbers(&*search, "squats", everything()).await, [0; 0]);
}

pub async fn what_is_gone_stays_gone_for_older_versions(search: Arc<dyn SearchIndex>) {
    let squats = message(1, "c", "ann", "squats");
    let gone = |version| Change { id: squats.id.clone(), version: Version(version), document: None };
    write(&*search, &MESSAGES, &[at(10, squats.clone()), message(2, "c", "ann", "squats")]).await;
    write(&*search, &MESSAGES, &[gone(12)]).await;
    write(&*search, &MESSAGES, &[at(11, squats.clone())]).await;
    assert_eq!(numbers(&*search, "squats", everything()).await, [2]);
    let listed = search.list(&MESSAGES, None, 10).await.expect("a list");
    assert_eq!(listed.documents, [("m-0002".to_owned(), Version(2))]);
    write(&*search, &MESSAGES, &[at(13, squats)]).await;
    assert_eq!(numbers(&*search, "squats", everything()).await, [1, 2]);
}

pub async fn a_list_has_every_document_once(search: Arc<dyn SearchIndex>) {
    for part in messages(&["one"; 23]).chunks(7) {
        write(&*search, &MESSAGES, part).await;
    }
    let (mut listed, mut from): (Vec<(String, Version)>, Option<String>) = (vec![], None);
    loop {
        let page = search.list(&MESSAGES, from.as_deref(), 5).await.expect("a list");
        listed.extend(page.documents);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    listed.sort();
    let wanted: Vec<_> = (1..=23).map(|seq| (format!("m-{seq:04}"), Version(seq))).collect();
    assert_eq!(listed, wanted);
}

pub async fn versions_are_known_of_what_is_there_and_of_what_is_gone(search: Arc<dyn SearchIndex>) {
    let ids = ["m-0002", "m-0009", "m-0001"].map(str::to_owned);
    let known = async || search.versions(&MESSAGES, Side::Live, &ids).await.expect("versions");
    assert_eq!(known().await, [None, None, None]);
    let gone = Change { id: ids[2].clone(), version: Version(7), document: None };
    write(&*search, &MESSAGES, &[gone, message(2, "c", "ann", "squats")]).await;
    let of = |version, is_present| Some(Known { version: Version(version), is_present });
    assert_eq!(known().await, [of(2, true), None, of(7, false)]);
}

pub async fn ids_may_hold_whatever_ids_of_users_do(search: Arc<dyn SearchIndex>) {
    let ids = ["a.b", "a:b", "a_b", "a-b", "A-b", "a_2eb"];
    let change = |id: &str| Change { id: id.to_owned(), ..message(1, "c", "ann", "squats") };
    write(&*search, &MESSAGES, &ids.map(change)).await;
    let mut hits: Vec<String> =
        found(&*search, "squats", everything()).await.into_iter().map(|hit| hit.id).collect();
    hits.sort();
    let mut wanted = ids;
    wanted.sort_unstable();
    assert_eq!(hits, wanted);
}
