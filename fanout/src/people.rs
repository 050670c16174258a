//! Users as the platform changes them: whoever shares a conversation with one on this node learns of it.
//!
//! Invariants: who may not see what a user does now learns nothing of them; a change is told once to a
//! subscription, however many conversations are shared. What is missed is not replayed: answers are current.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;
use futures::{StreamExt, stream};
use graphql::live::Delivery;
use graphql::rows::Pages;
use platform::ports::{LogError, Record, TablesError};
use platform::retry;
use schemas::avro;
use schemas::people::{PlatformUser, Profile};
use schemas::position::Partition;
use schemas::tables::CONVERSATIONS_BY_USER;
use schemas::tables::views::MembershipRow;
use schemas::topics::PLATFORM_USERS;
use schemas::{ConversationId, UserId};

use crate::Node;
use crate::metrics::{self, Dropped};
use crate::notice::{Notice, NoticeKind};

/// Changed users whose conversations are read at once.
const AT_ONCE: usize = 8;

impl Node {
    /// Tells of changes from now on. Ends only with an error.
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
        let conversations = self.conversations_of(user).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a change of a user is told to nobody else");
            metrics::dropped(Dropped::UserChanged).inc();
            vec![]
        });
        let delivery = Delivery::UserChanged(profile);
        let changed = Arc::new(Notice::new(NoticeKind::UserChanged, Some(user.clone()), delivery));
        let flags = Arc::new(Notice::new(NoticeKind::FlagsChanged, None, Delivery::FlagsChanged));
        for hub in &self.hubs {
            hub.tell_acquaintances(user, &conversations, &changed);
            // Their tier may be another.
            hub.tell_users(|other| other == user, &flags);
        }
    }

    /// Conversations that a user is in: the first page of them.
    async fn conversations_of(&self, user: &UserId) -> Result<Vec<ConversationId>, TablesError> {
        let partition = MembershipRow::partition(user);
        let page = Pages::of(&*self.tables, &CONVERSATIONS_BY_USER, partition).next().await?;
        let mut conversations = vec![];
        for row in page.unwrap_or_default() {
            let row = MembershipRow::from_row(user, &row.key, &row.columns);
            let row = row.map_err(|error| TablesError::Refused(error.to_string()))?;
            conversations.extend(row.member.present().is_some().then_some(row.conversation));
        }
        Ok(conversations)
    }
}

/// Each user as the newest of the records shows them. The profiles processor reports malformed ones.
fn newest(records: &[Record]) -> Vec<Profile> {
    let mut changed = BTreeMap::new();
    for record in records {
        let Some(user) = record.key_text().and_then(|key| key.parse::<UserId>().ok()) else { continue };
        let profile = if record.value.is_empty() {
            Some(Profile::of_erased(user.clone()))
        } else {
            avro::decode::<PlatformUser>(&record.value).ok().map(|said| said.profile())
        };
        changed.extend(profile.filter(|profile| profile.user == user).map(|profile| (user, profile)));
    }
    changed.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: Vec<u8>) -> Record {
        let key = Some(key.to_owned().into());
        Record { partition: 0, offset: 1, time: 1, key, headers: vec![], value: value.into() }
    }

    fn named(user: &str, name: &str) -> Vec<u8> {
        avro::encode(&PlatformUser {
            user: user.parse().unwrap(),
            username: user.to_owned(),
            display_name: name.to_owned(),
            avatar_url: None,
            email: Some("ann@example.org".to_owned()),
            locale: None,
            tier: None,
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
