//! A consumer that sets keys to versions.

use async_trait::async_trait;
use musclemap_platform::effects::{Effects, Failure, Unreadable};
use musclemap_platform::ports::Record;
use musclemap_platform::unknown::Writer;
use schemas::position::Offset;
use schemas::topics::{EVENTS, Topic};

use crate::world::World;

pub struct Setting(pub World);

#[derive(Debug)]
pub struct Set {
    key: i64,
    version: Offset,
    asked_by: Offset,
    is_refused: bool,
}

#[async_trait]
impl Effects for Setting {
    const NAME: &'static str = "setting";
    const SOURCE: &'static str = "/musclemap/setting";
    type Effect = Set;

    fn topic() -> &'static Topic {
        &EVENTS
    }

    fn writer() -> Option<Writer> {
        None
    }

    fn effects(&self, record: &Record) -> Result<Vec<Set>, Unreadable> {
        let text = std::str::from_utf8(&record.value).map_err(Unreadable::poison)?;
        let version = record.cause().unwrap().number.offset;
        let mut words = text.split(' ');
        let is_refused = match words.next() {
            Some("nothing") => return Ok(vec![]),
            Some("set") => false,
            Some("refused") => true,
            _ => return Err(Unreadable::poison("no such word")),
        };
        let set = |key: &str| Set { key: key.parse().unwrap(), version, asked_by: record.offset, is_refused };
        Ok(words.map(set).collect())
    }

    async fn apply(&self, effects: &[&Set]) -> Result<(), Failure> {
        for set in effects {
            let done = self.0.step(|state| {
                if state.is_away {
                    return Err(Failure::Away("away".to_owned()));
                }
                if let Some(error) = &state.log_error {
                    return Err(error.clone().into());
                }
                if set.is_refused {
                    return Err(Failure::Refused("refused".to_owned()));
                }
                if state.hostile && state.chance(0.02) {
                    return Err(Failure::Failed("failed".to_owned()));
                }
                state.set(set.key, set.version, set.asked_by);
                Ok(())
            });
            done.await?;
        }
        Ok(())
    }
}
