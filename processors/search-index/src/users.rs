//! Users, from what the platform publishes of them; and their conversations, which are found by their names.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::indexing;
use platform::effects::{Effects, Failure, Unreadable};
use platform::ports::Record;
use platform::unknown::Writer;
use schemas::UserId;
use schemas::people::{PlatformUser, Profile};
use schemas::position::Version;
use schemas::search::{Change, USERS};
use schemas::topics::{PLATFORM_USERS, Topic};

use crate::Indexer;

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

    /// The change once the user was erased.
    pub fn erased(&self) -> Change {
        indexing::user(&self.user, None, Version::ERASED)
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
        Ok(vec![Renamed { user, profile, version: PlatformUser::version(&record.value, record.offset) }])
    }

    async fn apply(&self, effects: &[&Renamed]) -> Result<(), Failure> {
        let users: Vec<Change> = effects.iter().map(|renamed| renamed.change()).collect();
        self.0.write(&USERS, &users).await?;
        let rows = &self.0.rows;
        for Renamed { user, profile: _, version } in effects {
            rows.until_renamed(user, *version).await?;
        }
        let mut conversations = BTreeMap::new();
        for Renamed { user, .. } in effects {
            let mut pages = rows.conversations_of(user);
            while let Some(ids) = pages.next().await? {
                conversations.extend(ids.into_iter().map(|id| (id, Version(0))));
            }
        }
        self.0.conversations(&conversations).await
    }
}
