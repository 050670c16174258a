//! Users, from what the platform publishes of them; and their conversations, which are found by their names.

use async_trait::async_trait;
use domain::indexing;
use platform::effects::{Effects, Failure, Unreadable};
use platform::ports::Record;
use platform::unknown::Writer;
use schemas::UserId;
use schemas::people::{PlatformUser, Profile};
use schemas::position::Version;
use schemas::search::{CONVERSATIONS, Change, USERS};
use schemas::topics::{PLATFORM_USERS, Topic};

use crate::{Indexer, failure};

pub struct Users(pub Indexer);

pub struct Renamed {
    user: UserId,
    /// Absent once the user is erased.
    profile: Option<Profile>,
    version: Version,
}

impl Renamed {
    pub fn user(&self) -> &UserId {
        &self.user
    }

    pub fn change(&self) -> Change {
        indexing::user(&self.user, self.profile.as_ref(), self.version)
    }
}

#[async_trait]
impl Effects for Users {
    const NAME: &'static str = "search-users";
    const SOURCE: &'static str = "/musclemap/search-users";
    type Effect = Renamed;

    fn topic() -> &'static Topic {
        &PLATFORM_USERS
    }

    fn writer() -> Option<Writer> {
        None
    }

    fn effects(&self, record: &Record) -> Result<Vec<Renamed>, Unreadable> {
        let said = PlatformUser::read(record.key_text(), &record.value);
        let (user, said) = said.map_err(Unreadable::Poison)?;
        let profile = said.map(|said| said.profile());
        Ok(vec![Renamed { user, profile, version: Version::of(record.offset) }])
    }

    async fn apply(&self, effects: &[&Renamed]) -> Result<(), Failure> {
        let Indexer { search, side, rows } = &self.0;
        let users: Vec<Change> = effects.iter().map(|renamed| renamed.change()).collect();
        search.write(&USERS, *side, &users).await.map_err(failure)?;
        for Renamed { user, profile: _, version } in effects {
            rows.until_renamed(user, *version).await?;
            let mut conversations = rows.conversations_of(user);
            while let Some(ids) = conversations.next().await? {
                let mut changes = Vec::with_capacity(ids.len());
                for id in &ids {
                    changes.extend(rows.conversation(id, Version(0)).await?);
                }
                if !changes.is_empty() {
                    search.write(&CONVERSATIONS, *side, &changes).await.map_err(failure)?;
                }
            }
        }
        Ok(())
    }
}
