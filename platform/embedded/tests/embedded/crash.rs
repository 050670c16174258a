//! Killed, or out of disk, at any moment: what was acknowledged is there, and the log has no gap.
//!
//! The victim is this test program, started again for one test that does nothing without the
//! variable that names its folder. It says on its output what it was acknowledged.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use platform::ports::{Log, LogError, PutRow, Tables};
use schemas::position::{Offset, Partition, Version};
use schemas::tables::{USERS, Value};
use schemas::topics::EVENTS;
use tokio::task::JoinSet;

use super::{append, open, read_all, record, texts};

const FOLDER: &str = "EMBEDDED_VICTIM_FOLDER";
const VALUE_BYTES: &str = "EMBEDDED_VICTIM_VALUE_BYTES";
/// Before every line that says something, as the test program says other things too.
const MARK: &str = "@";

/// What a victim was acknowledged.
#[derive(Debug, Default)]
struct Acknowledged {
    records: BTreeMap<(Partition, Offset), String>,
    /// Highest version by row.
    rows: BTreeMap<String, i64>,
    /// Why it could not go on.
    closed: Option<String>,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        let Some((_, line)) = line.split_once(MARK) else {
            return;
        };
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let number = |word: &str| word.parse::<i64>().expect("a number");
        match words[..] {
            ["record", partition, offset, text] => {
                let place = (number(partition) as Partition, number(offset));
                assert!(self.records.insert(place, text.to_owned()).is_none(), "{place:?} twice");
            }
            ["row", name, version] => {
                self.rows.insert(name.to_owned(), number(version));
            }
            ["closed", ..] => self.closed = Some(line.to_owned()),
            _ => panic!("unknown line {line:?}"),
        }
    }

    async fn check(&self, folder: &Path) {
        let store = open(folder);
        let (log, tables) = (store.log(), store.tables());
        for partition in 0..8 {
            let read = texts(&read_all(&*log, &EVENTS, partition, 0).await);
            for ((_, offset), text) in self.records.range((partition, 0)..(partition + 1, 0)) {
                let found = read.get(*offset as usize);
                assert!(found.is_some_and(|found| found.starts_with(text)), "{partition} {offset} is lost");
            }
            // The place after the last one is the next one's.
            assert_eq!(append(&*log, record(&EVENTS, partition, "checked")).await, read.len() as Offset);
        }
        for (name, version) in &self.rows {
            let rows = tables.get(&USERS, &[Value::text(name)], &[Vec::new()]).await.expect("a read");
            assert!(rows.first().is_some_and(|row| row.version.0 >= *version), "{name} {version} is lost");
        }
    }
}

fn victim(folder: &Path, command: &mut Command) -> Child {
    command
        .args(["--exact", "crash::victim_appends_until_it_cannot", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a victim")
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged = Acknowledged::default();
    for round in 1..=4 {
        let program = std::env::current_exe().expect("this program");
        let mut victim = victim(folder.path(), Command::new(program).env(VALUE_BYTES, "9000"));
        let mut lines = BufReader::new(victim.stdout.take().expect("its output"));
        let mut heard = 0;
        loop {
            let mut line = String::new();
            let length = lines.read_line(&mut line).expect("a line");
            if length == 0 || !line.ends_with('\n') {
                break;
            }
            acknowledged.hear(line.trim_end());
            heard += 1;
            if heard == 500 * round {
                victim.kill().expect("a kill");
            }
        }
        victim.wait().expect("its end");
        assert!(heard >= 500 * round, "the victim ended by itself after {heard} lines");
        acknowledged.check(folder.path()).await;
    }
}

/// A limit on the size of files stands for a full disk: the journal cannot grow beyond it.
#[tokio::test]
async fn a_store_that_cannot_be_written_closes_the_log_without_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this program");
    let mut shell = Command::new("bash");
    // In KiB; the journal begins with 64 MiB.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 65600; exec \"$0\" \"$@\""]).arg(program);
    let mut victim = victim(folder.path(), shell.env(VALUE_BYTES, "400000"));
    let mut acknowledged = Acknowledged::default();
    for line in BufReader::new(victim.stdout.take().expect("its output")).lines() {
        acknowledged.hear(&line.expect("a line"));
    }
    victim.wait().expect("its end");
    let closed = acknowledged.closed.as_deref().expect("the log closed");
    assert!(closed.contains("the store failed"), "{closed}");
    acknowledged.check(folder.path()).await;
}

/// Writes until it is killed, or the log is closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim_appends_until_it_cannot() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let bytes: usize = std::env::var(VALUE_BYTES).expect("a size").parse().expect("a number");
    say("").expect("output");
    let store = open(Path::new(&folder));
    let mut tasks = JoinSet::new();
    for partition in 0..8 {
        let log = store.log();
        tasks.spawn(async move {
            for number in 0.. {
                let text = format!("{partition}:{number};");
                let mut value = text.clone().into_bytes();
                // Nothing that compresses.
                let mut noise = number * 8 + partition as u64 + 1;
                value.resize_with(bytes / (1 + number as usize % 3), || {
                    noise =
                        noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    b'a' + (noise >> 59) as u8
                });
                let receipt = match log.enqueue(record(&EVENTS, partition, value)).await {
                    Ok(receipt) => receipt,
                    Err(error) => return error,
                };
                match receipt.await {
                    Ok(offset) => say(&format!("{MARK}record {partition} {offset} {text}")).expect("output"),
                    Err(LogError::Unknown(_)) => {}
                    Err(error) => return error,
                }
            }
            unreachable!("numbers do not end")
        });
    }
    let tables = store.tables();
    tasks.spawn(async move {
        for version in 1.. {
            let name = format!("u{}", version % 50);
            let row = PutRow {
                key: Vec::new(),
                columns: vec![Value::text(&name), Value::Null, Value::Null],
                version: Version(version),
                time_to_live: None,
            };
            if tables.put(&USERS, &[Value::text(&name)], vec![row]).await.is_err() {
                break;
            }
            say(&format!("{MARK}row {name} {version}")).expect("output");
        }
        // The log says why.
        std::future::pending().await
    });
    let error = tasks.join_next().await.expect("a task").expect("a writer");
    // None of the others may get further than this one.
    let log = store.log();
    for partition in 0..8 {
        assert!(matches!(
            log.enqueue(record(&EVENTS, partition, "late")).await.err(),
            Some(LogError::Closed(_))
        ));
    }
    say(&format!("{MARK}closed {error}")).expect("output");
}

/// Without the capture of the test program, and whole lines only.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
