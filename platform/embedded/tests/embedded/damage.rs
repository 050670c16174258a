//! Journals that were emptied, cut or overwritten: a folder that lost what was synced does not open, and
//! one whose tail a crash has torn does.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use musclemap_embedded::{OpenError, Options, Store};

use ::conformance::harness::{append, record};
use schemas::topics::EVENTS;

use super::{Arc, SystemClock, open, read_all, texts};

const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder in which records were written and synced, and its store was closed.
async fn closed(folder: &Path) {
    let store = open(folder);
    for number in 0..200 {
        append(&*store.log(), record(&EVENTS, 0, format!("{number:0>100}"))).await;
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Journals, the one that is being written last.
fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut journals: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "jnl")).collect();
    journals.sort_by_key(|path| path.file_stem().and_then(|name| name.to_str()?.parse::<u64>().ok()));
    journals
}

/// How much of a journal is written.
fn written(journal: &Path) -> u64 {
    let bytes = fs::read(journal).expect("a journal");
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

fn cut(journal: &Path, length: u64) {
    writable(journal).set_len(length).expect("cut");
}

fn overwrite(journal: &Path, at: u64, byte: u8) {
    writable(journal).write_all_at(&[byte; 40], at).expect("overwritten");
}

fn writable(journal: &Path) -> File {
    OpenOptions::new().write(true).open(journal).expect("a journal")
}

fn reopen(folder: &Path) -> Result<Store, OpenError> {
    Store::open(folder, Arc::new(SystemClock))
}

#[tokio::test]
async fn a_journal_that_lost_what_was_synced_is_refused_again_and_again() {
    let folders = tempfile::tempdir().expect("a folder");
    let whole = folders.path().join("whole");
    closed(&whole).await;
    let journal = journals(&whole).pop().expect("a journal");
    let length = written(&journal);
    assert!(length > 20_000, "{length}");
    type Damage = Box<dyn Fn(&Path)>;
    let mut damages: Vec<(String, Damage)> = vec![
        ("emptied".to_owned(), Box::new(|journal| cut(journal, 0))),
        ("removed".to_owned(), Box::new(|journal| fs::remove_file(journal).expect("removed"))),
    ];
    for part in [1, 100, 250, 500, 750, 900, 999] {
        let at = length * part / 1_000;
        damages.push((format!("cut at {part}"), Box::new(move |journal| cut(journal, at))));
        for byte in [0, 1, 2, 3, 0xff] {
            let name = format!("overwritten with {byte} at {part}");
            damages.push((name, Box::new(move |journal| overwrite(journal, at, byte))));
        }
    }
    damages.push(("cut by a byte".to_owned(), Box::new(move |journal| cut(journal, length - 1))));
    for (name, damage) in damages {
        let folder = folders.path().join("damaged");
        copy(&whole, &folder);
        damage(&journals(&folder).pop().expect("a journal"));
        for attempt in 0..2 {
            let error = reopen(&folder).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("damaged") && error.contains("backup"), "{name} {attempt}: {error:?}");
        }
        fs::remove_dir_all(&folder).expect("removed");
    }
    assert_eq!(read_all(&*reopen(&whole).expect("a store").log(), &EVENTS, 0, 0).await.len(), 200);
}

#[tokio::test]
async fn a_tail_that_was_not_synced_may_be_torn_anywhere() {
    let folders = tempfile::tempdir().expect("a folder");
    let running = folders.path().join("running");
    let options = Options { sync_every: NEVER, ..Options::default() };
    let store = Store::open_with(&running, Arc::new(SystemClock), options).expect("a store");
    for number in 0..50 {
        append(&*store.log(), record(&EVENTS, 0, format!("{number:0>100}"))).await;
    }
    let length = written(&journals(&running).pop().expect("a journal"));
    for part in 0..=20 {
        let folder = folders.path().join(format!("torn-{part}"));
        copy(&running, &folder);
        let journal = journals(&folder).pop().expect("a journal");
        cut(&journal, length / 3 + (length * 2 / 3) * part / 20);
        let store = reopen(&folder).expect("a store");
        let read = texts(&read_all(&*store.log(), &EVENTS, 0, 0).await);
        let expected: Vec<String> = (0..read.len()).map(|number| format!("{number:0>100}")).collect();
        assert_eq!(read, expected, "{part}");
        // And what is written to it now stays.
        append(&*store.log(), record(&EVENTS, 0, "later")).await;
        drop(store);
        let store = reopen(&folder).expect("a store");
        assert_eq!(read_all(&*store.log(), &EVENTS, 0, 0).await.len(), expected.len() + 1, "{part}");
    }
}

#[tokio::test]
async fn a_store_without_the_notes_of_what_was_synced_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    closed(folder.path()).await;
    let notes = folder.path().join("synced");
    let kept = fs::read(&notes).expect("notes");
    for (name, damage) in [("missing", None), ("empty", Some(&kept[..0])), ("malformed", Some(&[0; 16][..]))]
    {
        match damage {
            None => fs::remove_file(&notes).expect("removed"),
            Some(bytes) => fs::write(&notes, bytes).expect("written"),
        }
        assert!(matches!(reopen(folder.path()), Err(OpenError::Damaged { .. })), "{name}");
    }
    fs::write(&notes, &kept).expect("written");
    drop(reopen(folder.path()).expect("a store"));
    assert_ne!(fs::read(&notes).expect("notes"), kept);
}
