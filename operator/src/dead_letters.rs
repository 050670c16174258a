//! Dead letters, as operators see them.
//!
//! Invariants: a replay is a new command, or the newest record of what the platform says: it has an id of its own,
//! no cause, and no charge (which was refunded), and a key under which it has its effect once. An event is not
//! replayed, because every reader would take it for a new one.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use platform::dead_letter::{self, ORIGIN_HEADER, REASON_HEADER, SIZE_HEADER};
use platform::ports::{Log, LogError, Record};
use schemas::avro;
use schemas::position::Offset;
use schemas::record::{ONCE_HEADER, Origin, Outgoing, Place as Partitioned, SOURCE_HEADER};
use schemas::topics::{
    self, ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, PLATFORM_FOLLOWS, PLATFORM_USERS, Topic,
};
use tokio::time::timeout;

use crate::Place;

/// How long the log may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Topics whose records may be appended again.
static REPLAYED: [&Topic; 4] =
    [&ACCOUNT_COMMANDS, &CONVERSATION_COMMANDS, &PLATFORM_USERS, &PLATFORM_FOLLOWS];

/// A record that could not be handled.
pub struct DeadLetter {
    /// The topic that it was read from.
    pub topic: &'static Topic,
    pub record: Record,
}

/// All of one topic, or of every one; a letter that a crash has repeated stands once.
pub async fn list(log: &dyn Log, topic: Option<&str>) -> Result<Vec<DeadLetter>> {
    let mut letters = Vec::new();
    for topic in consumed().filter(|known| topic.is_none_or(|wanted| known.name == wanted)) {
        let Some(dead) = topic.dead_letters else { continue };
        for partition in 0..log.partitions(dead) {
            let marks = log.marks(dead, partition).await?;
            let mut next = marks.low;
            let mut seen = Seen::default();
            let mut reader = log.read(dead, partition, next).await?;
            while next < marks.end {
                let Ok(records) = timeout(PATIENCE, reader.next()).await else {
                    bail!("{} does not answer", dead.name);
                };
                for record in records? {
                    next = record.offset + 1;
                    if seen.is_new(&record) {
                        letters.push(DeadLetter { topic, record });
                    }
                }
            }
        }
    }
    Ok(letters)
}

/// The highest origin of each consumer's letters in a partition: those of one consumer only go up.
#[derive(Default)]
struct Seen(BTreeMap<Vec<u8>, Offset>);

impl Seen {
    fn is_new(&mut self, letter: &Record) -> bool {
        let Some(origin) = dead_letter::origin(letter) else { return true };
        let source = letter.header(SOURCE_HEADER).unwrap_or_default().to_vec();
        if self.0.get(&source).is_some_and(|last| origin <= *last) {
            return false;
        }
        self.0.insert(source, origin);
        true
    }
}

pub async fn find(log: &dyn Log, place: &Place) -> Result<DeadLetter> {
    let topic = consumed().find(|topic| topic.name == place.topic).context("no such topic")?;
    let dead = topic.dead_letters.context("the topic has no dead letters")?;
    let nothing = || format!("no dead letter at {} {} {}", place.topic, place.partition, place.offset);
    let marks = log.marks(dead, place.partition).await?;
    if !(marks.low..marks.end).contains(&place.offset) {
        bail!(nothing());
    }
    let mut reader = log.read(dead, place.partition, place.offset).await?;
    let records = timeout(PATIENCE, reader.next()).await.context("the log does not answer")??;
    let record = records.into_iter().next().filter(|record| record.offset == place.offset);
    Ok(DeadLetter { topic, record: record.with_context(nothing)? })
}

/// Appends it again; gives its new offset.
pub async fn replay(log: &dyn Log, place: &Place) -> Result<Offset> {
    let letter = find(log, place).await?;
    letter.check_replay()?;
    let DeadLetter { topic, record } = letter;
    let once = format!("replay {} {} {}", place.topic, place.partition, place.offset);
    let mut headers = Origin::client(record.time, None).headers(schema_of(&record));
    headers.push((ONCE_HEADER, once.into_bytes()));
    let command = Outgoing {
        topic,
        place: Partitioned::Key,
        key: record.key.as_ref().map(|key| key.to_vec()),
        headers,
        value: record.value.to_vec(),
    };
    let receipt = log.enqueue(command).await?;
    Ok(timeout(PATIENCE, receipt).await.unwrap_or_else(|_| Err(LogError::Unknown("no answer".into())))?)
}

/// The name of the schema of what died; that of none that this build knows is left to its reader.
fn schema_of(record: &Record) -> &'static str {
    avro::schema_id(&record.value).ok().and_then(avro::subject_of).unwrap_or("Unknown")
}

/// Topics whose consumers leave dead letters.
fn consumed() -> impl Iterator<Item = &'static Topic> {
    topics::ALL.into_iter().filter(|topic| topic.dead_letters.is_some())
}

/// Bytes of a record, on a terminal: nothing in them moves a cursor, ends a line or turns a text around.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().to_string()
}

impl DeadLetter {
    fn header(&self, name: &str) -> String {
        self.record.header(name).map(shown).unwrap_or_default()
    }

    fn time(&self) -> String {
        Timestamp::from_millisecond(self.record.time).map(|time| time.to_string()).unwrap_or_default()
    }

    /// Refuses a replay that would do harm, or would not help.
    fn check_replay(&self) -> Result<()> {
        let Self { topic, record } = self;
        let source = record.header(SOURCE_HEADER).unwrap_or_default();
        if search_index::SOURCES.iter().any(|own| own.as_bytes() == source) {
            bail!("it is a letter of the search index: `search rebuild` mends the index");
        }
        if !REPLAYED.contains(topic) {
            bail!("{} has events, which cannot be replayed", topic.name);
        }
        if record.header(SIZE_HEADER).is_some() {
            bail!("it was too large to keep whole, and cannot be replayed");
        }
        Ok(())
    }

    /// Where it stands, when it came, and why.
    pub fn line(&self) -> String {
        let Self { topic, record } = self;
        let (partition, offset) = (record.partition, record.offset);
        let (key, reason) = (shown(record.key.as_deref().unwrap_or_default()), self.header(REASON_HEADER));
        format!("{} {partition} {offset}  {}  key {key}  {reason}", topic.name, self.time())
    }

    /// Everything of it; the value in hexadecimal.
    pub fn text(&self) -> String {
        let mut text = format!("{}\nread at {}\n", self.line(), self.header(ORIGIN_HEADER));
        for (name, value) in &self.record.headers {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{}: {}", shown(name.as_bytes()), shown(value));
        }
        for chunk in self.record.value.chunks(32) {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = writeln!(text, "{}", hex.join(" "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use schemas::topics::EVENTS;

    use super::*;

    /// A letter of a consumer about the record at `origin`.
    fn letter(source: &str, origin: Offset) -> Record {
        let headers = [(SOURCE_HEADER, source.to_owned()), (ORIGIN_HEADER, format!("0.{origin}"))];
        let headers = headers.map(|(name, value)| (name.into(), value.into_bytes().into()));
        Record {
            partition: 0,
            offset: 0,
            time: 0,
            key: None,
            headers: headers.into(),
            value: Vec::new().into(),
        }
    }

    #[test]
    fn a_repeat_is_a_letter_of_the_same_consumer_about_the_same_record() {
        let mut seen = Seen::default();
        for (source, origin, is_new) in [
            ("/one", 3, true),
            ("/one", 7, true),
            ("/other", 5, true),
            ("/other", 7, true),
            ("/one", 3, false),
            ("/one", 7, false),
            ("/other", 5, false),
            ("/one", 8, true),
        ] {
            assert_eq!(seen.is_new(&letter(source, origin)), is_new, "{source} {origin}");
        }
    }

    #[test]
    fn what_a_record_holds_does_not_reach_the_terminal_as_it_is() {
        let hostile: [&[u8]; 9] = [
            b"\x1b[2J\x1b]0;owned\x07",
            b"\x9b31m",
            "\u{9b}31m".as_bytes(),
            "\u{202e}txt.exe\u{2066}".as_bytes(),
            b"one\r\ntwo",
            b"\x00\x08\x7f",
            "\u{2028}\u{85}".as_bytes(),
            b"\xff\xfe",
            "\u{e0001}\u{feff}\u{200b}".as_bytes(),
        ];
        for bytes in hostile {
            let name = String::from_utf8_lossy(bytes).into_owned();
            let headers = [name.as_str(), REASON_HEADER, ORIGIN_HEADER]
                .map(|name| (name.into(), bytes.to_vec().into()));
            let record = Record {
                partition: 0,
                offset: 7,
                time: 0,
                key: Some(bytes.to_vec().into()),
                headers: headers.into(),
                value: bytes.to_vec().into(),
            };
            let letter = DeadLetter { topic: &EVENTS, record };
            assert_eq!(letter.text().lines().count(), 6, "{bytes:?}");
            for text in [letter.line(), letter.text()] {
                let is_plain = |c: char| c == '\n' || c == '\u{fffd}' || c == ' ' || c.is_ascii_graphic();
                assert_eq!(text.chars().find(|c| !is_plain(*c)), None, "{text:?}");
            }
        }
    }
}
