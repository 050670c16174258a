//! Changes of profiles, as the platform publishes them: connected users who share a conversation with the
//! changed user receive a notice.
//!
//! Invariants: a user from whom a block hides the changed user receives nothing; a subscription receives a
//! change once, however many conversations are shared. Missed changes are not replayed; queries return
//! current profiles.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;
use futures::{StreamExt, stream};
use graphql::Rows;
use graphql::live::Delivery;
use platform::ports::{LogError, Record};
use platform::retry;
use schemas::people::{PlatformUser, Profile};
use schemas::position::Partition;
use schemas::topics::PLATFORM_USERS;

use crate::Node;
use crate::metrics::{self, Dropped};
use crate::notice::{Notice, NoticeKind};

/// Changed users whose conversations are read at once.
const AT_ONCE: usize = 8;
/// Conversations whose members are notified of a change.
const MAX_CONVERSATIONS: usize = 1_000;

impl Node {
    /// Delivers changes of profiles from now on. Ends only with an error.
    pub async fn follow_people(&self) -> Result<(), LogError> {
        let partitions = 0..self.log.partitions(&PLATFORM_USERS);
        try_join_all(partitions.map(|partition| self.follow_people_of(partition))).await.map(drop)
    }

    async fn follow_people_of(&self, partition: Partition) -> Result<(), LogError> {
        let end = self.log.marks(&PLATFORM_USERS, partition).await?.end;
        let mut reader = self.log.read_lazily(&PLATFORM_USERS, partition, end).await?;
        loop {
            let records = retry::next_records(&*self.clock, reader.as_mut()).await?;
            if self.hubs.iter().any(|hub| hub.subscriptions() > 0) {
                let changes = stream::iter(newest(&records));
                changes.for_each_concurrent(AT_ONCE, |profile| self.tell_change(profile)).await;
            }
        }
    }

    async fn tell_change(&self, profile: Profile) {
        let user = &profile.user.clone();
        let rows = Rows::new(self.tables.clone());
        let conversations = rows.conversations_of(user, MAX_CONVERSATIONS).await.unwrap_or_else(|refusal| {
            tracing::warn!(
                error = refusal.detail,
                "conversations of a changed user not read: only the user is notified"
            );
            metrics::dropped(Dropped::UserChanged).inc();
            vec![]
        });
        let delivery = Delivery::UserChanged(profile);
        let changed = Arc::new(Notice::new(NoticeKind::UserChanged, Some(user.clone()), delivery));
        let flags = Arc::new(Notice::new(NoticeKind::FlagsChanged, None, Delivery::FlagsChanged));
        for hub in &self.hubs {
            hub.tell_acquaintances(user, &conversations, &changed);
            // Their tier may be another.
            hub.tell_viewers(&flags, [user]);
        }
    }
}

/// Each user as the newest of the records shows them. The profiles processor reports malformed ones.
fn newest(records: &[Record]) -> Vec<Profile> {
    let mut changed = BTreeMap::new();
    for record in records {
        let Ok((user, said)) = PlatformUser::read(record.key_text(), &record.value) else { continue };
        let profile = said.map_or_else(|| Profile::of_erased(user.clone()), |said| said.profile());
        changed.insert(user, profile);
    }
    changed.into_values().collect()
}

#[cfg(test)]
mod tests {
    use schemas::avro;

    use super::*;

    fn record(key: &str, value: Vec<u8>) -> Record {
        let key = Some(key.to_owned().into());
        Record { partition: 0, offset: 1, time: 1, key, headers: vec![], value: value.into() }
    }

    fn named(user: &str, name: &str) -> Vec<u8> {
        of_tier(user, name, None)
    }

    fn of_tier(user: &str, name: &str, tier: Option<&str>) -> Vec<u8> {
        avro::encode(&PlatformUser {
            user: user.parse().unwrap(),
            username: user.to_owned(),
            display_name: name.to_owned(),
            avatar_url: None,
            email: Some("ann@example.org".to_owned()),
            locale: None,
            tier: tier.map(str::to_owned),
        })
    }

    #[test]
    fn of_each_user_the_newest_record_is_told_and_malformed_ones_are_not() {
        let records = [
            record("ann", named("ann", "Ann")),
            record("bob", named("bob", "Bob")),
            record("ann", named("ann", "Anna")),
            record("bob", vec![]),
            record("carl", named("dan", "Dan")),
            record("eve", b"malformed".to_vec()),
            record("fay", of_tier("fay", "Fay", Some("Premium!"))),
        ];
        let told =
            newest(&records).into_iter().map(|profile| (profile.user.to_string(), profile.display_name));
        let told: Vec<_> = told.collect();
        assert_eq!(
            told,
            [("ann", "Anna"), ("bob", "Deleted user")].map(|(user, name)| (user.to_owned(), name.to_owned()))
        );
    }
}
