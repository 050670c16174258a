//! Published users: rows say what the newest record of their user says.
//!
//! Invariants: what only the user may know stands in a table of its own; a tombstone leaves nothing of either, and
//! no later record of the user changes that.

use platform::ports::Record;
use platform::projection::Projection;
use schemas::UserId;
use schemas::people::PlatformUser;
use schemas::position::Version;
use schemas::tables::private_users;
use schemas::tables::views::{ProfileRow, ViewRow};
use schemas::topics::{self, Topic};

pub enum Profiles {}

impl Projection for Profiles {
    const NAME: &'static str = "profiles";
    const SOURCE: &'static str = "/musclemap/profiles";

    fn topic() -> &'static Topic {
        &topics::PLATFORM_USERS
    }

    fn project(record: &Record) -> Result<Vec<ViewRow>, String> {
        let (user, said) = PlatformUser::read(record.key_text(), &record.value)?;
        let private = private_users::row(&user, said.as_ref());
        let profile = said.map(|said| said.profile());
        Ok(vec![ProfileRow { user, profile }.to_row(), private])
    }

    fn version(record: &Record) -> Version {
        PlatformUser::version(&record.value, record.offset)
    }
}

/// The user whom a record erases.
pub fn erased(record: &Record) -> Option<UserId> {
    if record.value.is_empty() { record.key_as() } else { None }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use embedded::Store;
    use platform::clock::SystemClock;
    use platform::projection::{self, Ports};
    use schemas::avro;
    use schemas::record::{Outgoing, Place};
    use schemas::tables::{PRIVATE_USERS, USERS, Value};
    use schemas::topics::{PLATFORM_USERS, PLATFORM_USERS_DLQ, partition_of};
    use tokio::time::timeout;
    use tokio_util::sync::CancellationToken;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn ann() -> PlatformUser {
        PlatformUser {
            user: "ann".parse().unwrap(),
            username: "ann".to_owned(),
            display_name: "Ann".to_owned(),
            avatar_url: None,
            email: Some("ann@example.org".to_owned()),
            locale: Some("de".to_owned()),
            tier: Some("premium".to_owned()),
        }
    }

    fn record(key: &str, value: Vec<u8>) -> Record {
        let key = Some(key.to_owned().into());
        Record { partition: 0, offset: 1, time: 1, key, headers: vec![], value: value.into() }
    }

    fn projected(value: Vec<u8>) -> Vec<(&'static str, Vec<Value>)> {
        let rows = Profiles::project(&record("ann", value)).unwrap();
        rows.into_iter().map(|row| (row.table.name, row.columns)).collect()
    }

    #[test]
    fn what_is_the_users_own_stands_apart_and_a_tombstone_leaves_nothing() {
        let text = |text: &str| Value::text(text);
        let null = || Value::text_or_null(None);
        assert_eq!(
            projected(avro::encode(&ann())),
            [
                ("users", vec![text("ann"), text("Ann"), null()]),
                ("private_users", vec![text("ann@example.org"), text("de"), text("premium")]),
            ]
        );
        let nothing = || vec![null(), null(), null()];
        assert_eq!(projected(vec![]), [("users", nothing()), ("private_users", nothing())]);
        assert_eq!(erased(&record("ann", vec![])), Some(ann().user));
        for (key, value) in [("ann", avro::encode(&ann())), ("a b", vec![])] {
            assert_eq!(erased(&record(key, value)), None, "{key}");
        }
    }

    #[test]
    fn another_key_and_a_malformed_tier_are_refused_and_the_user_is_not_shown() {
        let wrong = PlatformUser { tier: Some("Premium!".to_owned()), ..ann() };
        for (key, value) in [("bob", avro::encode(&ann())), ("ann", avro::encode(&wrong)), ("", vec![])] {
            let refused = Profiles::project(&record(key, value)).unwrap_err();
            assert!(!refused.contains("example.org"), "{refused}");
        }
        assert_eq!(format!("{:?}", ann()), r#"PlatformUser { user: UserId("ann"), .. }"#);
    }

    #[tokio::test]
    async fn no_later_record_fills_the_rows_of_an_erased_user() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let ports = Ports { log: store.log(), tables: store.tables(), clock: Arc::new(SystemClock) };
        // The last one becomes a dead letter once those before it are in the tables.
        for value in [avro::encode(&ann()), vec![], avro::encode(&ann()), b"malformed".to_vec()] {
            let (topic, key) = (&PLATFORM_USERS, Some("ann".into()));
            let record = Outgoing { topic, place: Place::Key, key, headers: vec![], value };
            ports.log.enqueue(record).await.unwrap().await.unwrap();
        }
        let partition = partition_of(b"ann", ports.log.partitions(&PLATFORM_USERS));
        let mut letters = ports.log.read(&PLATFORM_USERS_DLQ, partition, 0).await.unwrap();
        let run = projection::serve::<Profiles>(ports.clone(), CancellationToken::new());
        let letter = async {
            tokio::select! {
                ended = run => panic!("{ended:?}"),
                letters = letters.next() => letters,
            }
        };
        assert_eq!(timeout(PATIENCE, letter).await.unwrap().unwrap().len(), 1);
        for table in [&USERS, &PRIVATE_USERS] {
            let rows = ports.tables.get(table, &[Value::text("ann")], &[vec![]]).await.unwrap();
            assert_eq!(rows[0].columns, [const { Value::Null }; 3], "{}", table.name);
            assert_eq!(rows[0].version, Version::ERASED);
        }
    }
}
