//! Follows: a row says whether its first user follows its second one, as the newest record of the pair does.

use platform::ports::Record;
use platform::projection::Projection;
use schemas::avro;
use schemas::people::PlatformFollow;
use schemas::tables::views::ViewRow;
use schemas::tables::{FOLLOWS, Value};
use schemas::topics::{self, Topic};

pub enum Follows {}

impl Projection for Follows {
    const NAME: &'static str = "follows";
    const SOURCE: &'static str = "/musclemap/follows";

    fn topic() -> &'static Topic {
        &topics::PLATFORM_FOLLOWS
    }

    fn project(record: &Record) -> Result<Vec<ViewRow>, String> {
        let follow: PlatformFollow = avro::decode(&record.value).map_err(|error| error.to_string())?;
        if record.key_text() != Some(follow.key().as_str()) {
            return Err("the key is not the pair's".to_owned());
        }
        Ok(vec![ViewRow {
            table: &FOLLOWS,
            partition: vec![Value::text(follow.follower.as_str())],
            key: vec![Value::text(follow.followed.as_str())],
            columns: vec![Value::Boolean(follow.follows)],
            time_to_live: None,
        }])
    }
}

#[cfg(test)]
mod tests {
    use schemas::avro::encode;

    use super::*;

    fn record(key: &str, value: Vec<u8>) -> Record {
        Record {
            partition: 0,
            offset: 1,
            time: 1,
            key: Some(key.to_owned().into()),
            headers: vec![],
            value: value.into(),
        }
    }

    #[test]
    fn a_follow_stands_under_its_follower_until_it_ends() {
        let [ann, bob] = ["ann", "bob"].map(|name| name.parse().unwrap());
        let follow = PlatformFollow { follower: ann, followed: bob, follows: true };
        let ended = PlatformFollow { follows: false, ..follow.clone() };
        for (follow, wanted) in [(&follow, true), (&ended, false)] {
            let rows = Follows::project(&record("ann/bob", encode(follow))).unwrap();
            assert_eq!((rows.len(), rows[0].table.name), (1, "follows"));
            assert_eq!(
                (&rows[0].partition, &rows[0].key),
                (&vec![Value::text("ann")], &vec![Value::text("bob")])
            );
            assert_eq!(rows[0].columns, [Value::Boolean(wanted)]);
        }
        Follows::project(&record("bob/ann", encode(&follow))).unwrap_err();
        Follows::project(&record("ann/bob", b"no follow".to_vec())).unwrap_err();
    }
}
