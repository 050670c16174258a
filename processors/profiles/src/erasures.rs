//! Erased users: every node learns of them, and their accounts keep nothing that they wrote for themselves.
//!
//! Invariant: an erasure is announced before the account is emptied, as nodes that know of it serve the user no
//! more. Repeats do no harm: an account that has nothing to remove decides nothing.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Accounts;
use fold::Fold;
use platform::effects::{self, Effects, EffectsError, Failure, Options, Ports, Unreadable};
use platform::ports::{Range, Record, Row};
use platform::unknown::Writer;
use schemas::avro::{self, Record as _};
use schemas::notifications::{Notifications, SetQuietHours, UpdateNotifications};
use schemas::organizing::{Draft, OrganizeConversation, Organized, SaveDraft};
use schemas::people::UserErased;
use schemas::preferences::{Preferences, UpdatePreferences};
use schemas::privacy::{Privacy, UpdatePrivacy};
use schemas::push::RemovePush;
use schemas::record::{Origin, Outgoing, Output, Place};
use schemas::rows::{Keyed, RowKey, Schedule, StickerPack, StickerPacks};
use schemas::scheduling::CancelSchedule;
use schemas::stickers::{DeleteStickerPack, RemoveStickerPack, Sticker};
use schemas::tables::Value;
use schemas::templating::{DeleteTemplate, Template};
use schemas::topics::{self, ERASURES, Topic};
use schemas::{AccountRequest, UserId};
use tokio_util::sync::CancellationToken;

use crate::users;

/// Rows of an account that are read at once.
const PAGE_ROWS: usize = 500;

struct Erasures {
    ports: Ports,
}

#[async_trait]
impl Effects for Erasures {
    const NAME: &'static str = "erasures";
    const SOURCE: &'static str = "/musclemap/erasures";
    /// The user to erase.
    type Effect = UserId;

    fn topic() -> &'static Topic {
        &topics::PLATFORM_USERS
    }

    fn writer() -> Option<Writer> {
        None
    }

    /// The projection of users dead-letters malformed records.
    fn effects(&self, record: &Record) -> Result<Vec<UserId>, Unreadable> {
        Ok(users::erased(record).into_iter().collect())
    }

    async fn apply(&self, users: &[&UserId]) -> Result<(), Failure> {
        for user in users {
            self.announce(user).await?;
            self.empty(user).await?;
        }
        Ok(())
    }
}

impl Erasures {
    async fn announce(&self, user: &UserId) -> Result<(), Failure> {
        let (key, value) = (Some(user.as_str().into()), avro::encode(&UserErased { user: user.clone() }));
        let headers = self.origin().headers(UserErased::SUBJECT);
        self.append(vec![Outgoing { topic: &ERASURES, place: Place::Key, key, headers, value }]).await
    }

    /// Asks the account to forget drafts, labels, templates, packs of stickers, preferences, settings of privacy and
    /// notifications, and push subscriptions, and to send nothing that is scheduled.
    async fn empty(&self, user: &UserId) -> Result<(), Failure> {
        let fresh = Preferences::default();
        let preferences =
            UpdatePreferences { locale: Some(fresh.locale), auto_translate: Some(fresh.auto_translate) };
        let no_push = RemovePush::all();
        let requests =
            vec![preferences.into(), no_privacy().into(), no_notifications().into(), no_push.into()];
        self.ask(user, requests).await?;
        self.each::<Template, _>(user, |template, row| {
            row.written.is_some().then(|| DeleteTemplate { template }.into())
        })
        .await?;
        self.each::<Draft, _>(user, |conversation, draft| {
            let remove = || SaveDraft { conversation, content: String::new() }.into();
            (!draft.content.is_empty()).then(remove)
        })
        .await?;
        self.each::<StickerPack, _>(user, |pack, kept| {
            let parts = kept.stickers.chunks(DeleteStickerPack::MOST).map(<[_]>::to_vec);
            let parts = if kept.stickers.is_empty() { vec![vec![]] } else { parts.collect() };
            let request = move |part: Vec<Sticker>| -> AccountRequest {
                DeleteStickerPack::of(pack.clone(), &part).into()
            };
            parts.into_iter().filter(|_| kept.deleted_at.is_none()).map(request).collect::<Vec<_>>()
        })
        .await?;
        self.each::<StickerPacks, _>(user, |(), kept| {
            let remove = |pack| -> AccountRequest { RemoveStickerPack { pack }.into() };
            kept.added.into_iter().map(remove).collect::<Vec<_>>()
        })
        .await?;
        self.each::<Organized, _>(user, |conversation, kept| {
            let nothing = OrganizeConversation::nothing(conversation, 0);
            let remove = || OrganizeConversation { labels: Some(vec![]), ..nothing }.into();
            (!kept.labels.is_empty()).then(remove)
        })
        .await?;
        // What is settled goes by itself.
        self.each::<Schedule, _>(user, |id, schedule| {
            schedule.progress.is_waiting().then(|| CancelSchedule { id }.into())
        })
        .await
    }

    /// Asks the account what rows of one kind ask for, a page at a time.
    async fn each<T, R>(&self, user: &UserId, requests_of: impl Fn(T::Key, T) -> R) -> Result<(), Failure>
    where
        T: Keyed + avro::Record,
        R: IntoIterator<Item = AccountRequest>,
    {
        let (partition, kind) = ([Value::text(user.as_str())], || vec![Value::Int(T::KIND)]);
        let mut after = None;
        loop {
            let range = Range { from: kind(), to: kind(), limit: PAGE_ROWS, after, ..Range::default() };
            let page = self.ports.tables.range(Accounts::table(), &partition, range).await?;
            let mut requests = vec![];
            for row in &page.rows {
                let (key, row) = read::<T>(row)?;
                requests.extend(requests_of(key, row));
            }
            self.ask(user, requests).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn ask(&self, user: &UserId, requests: Vec<AccountRequest>) -> Result<(), Failure> {
        let command = |request| Output::ToAccount { user: user.clone(), request, reply: None };
        self.append(requests.into_iter().map(|request| command(request).record(&self.origin())).collect())
            .await
    }

    /// Returns once the log has all of them.
    async fn append(&self, records: Vec<Outgoing>) -> Result<(), Failure> {
        let mut receipts = Vec::with_capacity(records.len());
        for record in records {
            receipts.push(self.ports.log.enqueue(record).await?);
        }
        for receipt in receipts {
            receipt.await?;
        }
        Ok(())
    }

    fn origin(&self) -> Origin<'static> {
        Origin { source: Self::SOURCE, ..Origin::client(self.ports.clock.now(), None) }
    }
}

fn no_privacy() -> UpdatePrivacy {
    let Privacy {
        who_can_message_me,
        show_online_status,
        show_read_receipts,
        show_typing_indicator,
        allow_message_requests,
        appear_offline,
    } = Privacy::default();
    UpdatePrivacy {
        who_can_message_me: Some(who_can_message_me),
        show_online_status: Some(show_online_status),
        show_read_receipts: Some(show_read_receipts),
        show_typing_indicator: Some(show_typing_indicator),
        allow_message_requests: Some(allow_message_requests),
        appear_offline: Some(appear_offline),
    }
}

fn no_notifications() -> UpdateNotifications {
    let Notifications {
        messaging_enabled,
        messaging_sound,
        messaging_preview,
        email_enabled,
        quiet_hours,
        time_zone,
    } = Notifications::default();
    UpdateNotifications {
        messaging_enabled: Some(messaging_enabled),
        messaging_sound: Some(messaging_sound),
        messaging_preview: Some(messaging_preview),
        email_enabled: Some(email_enabled),
        quiet_hours: Some(SetQuietHours { hours: quiet_hours }),
        time_zone: Some(time_zone),
    }
}

/// A row, and what it is about.
fn read<T: Keyed + avro::Record>(row: &Row) -> Result<(T::Key, T), Failure> {
    let (key, body) = RowKey::of_row("accounts", &row.key, &row.columns)?;
    let named = key.names::<T>().ok_or_else(|| Failure::Refused("a row names nothing".to_owned()))?;
    Ok((named, avro::decode(body)?))
}

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(ports: Ports, stop: CancellationToken) -> Result<(), EffectsError> {
    // The time for one try is the time for one user.
    let options = Options { batch: 1, ..Options::default() };
    effects::serve(ports.clone(), Arc::new(Erasures { ports }), options, stop).await
}

#[cfg(test)]
mod tests {
    use embedded::Store;
    use platform::clock::SystemClock;
    use platform::ports::{Log, PutRow};
    use schemas::ConversationId;
    use schemas::position::Version;
    use schemas::templating::WrittenTemplate;
    use schemas::topics::{ACCOUNT_COMMANDS, Topic, partition_of};

    use super::*;

    fn ann() -> UserId {
        "ann".parse().unwrap()
    }

    fn conversation(number: usize) -> ConversationId {
        format!("{number:032x}").parse().unwrap()
    }

    fn row<T: Keyed + avro::Record>(key: &T::Key, row: &T) -> PutRow {
        PutRow {
            key: RowKey::of::<T>(key).to_values(),
            columns: vec![Value::blob(&avro::encode(row))],
            version: Version::of(1),
            time_to_live: None,
        }
    }

    fn draft(number: usize, content: &str) -> PutRow {
        row(&conversation(number), &Draft { content: content.to_owned() })
    }

    /// Every record under the user's key.
    async fn read(log: &dyn Log, topic: &'static Topic) -> Vec<Record> {
        let partition = partition_of(ann().as_str().as_bytes(), log.partitions(topic));
        let marks = log.marks(topic, partition).await.unwrap();
        let mut reader = log.read(topic, partition, marks.low).await.unwrap();
        let mut records: Vec<Record> = vec![];
        while records.last().map_or(marks.low, |last| last.offset + 1) < marks.end {
            records.extend(reader.next().await.unwrap());
        }
        records
    }

    #[tokio::test]
    async fn an_erasure_is_announced_and_the_account_is_asked_to_forget_all_that_it_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let ports = Ports { log: store.log(), tables: store.tables(), clock: Arc::new(SystemClock) };
        // More than a page, and two rows that have nothing to remove.
        let mut rows: Vec<PutRow> = (0..PAGE_ROWS + 1).map(|number| draft(number, "secret")).collect();
        rows.push(draft(PAGE_ROWS + 1, ""));
        let labelled = Organized { labels: vec!["mine".to_owned()], ..Organized::default() };
        rows.push(row(&conversation(0), &labelled));
        rows.push(row(&conversation(1), &Organized { starred: true, ..Organized::default() }));
        let template = |id: u8, name: Option<&str>| {
            let written = name.map(|name| {
                let (name, content) = (name.to_owned(), "secret".to_owned());
                Box::new(WrittenTemplate { name, content, shortcut: None, category: None })
            });
            row(&format!("{id:032x}").parse().unwrap(), &Template { written, uses: 1, created_at: 1 })
        };
        rows.extend([template(1, Some("mine")), template(2, None)]);
        let pack = "1".repeat(32).parse().unwrap();
        let kept = StickerPack {
            creator: ann(),
            name: "gym".to_owned(),
            is_public: true,
            is_official: false,
            created_at: 1,
            stickers: vec![],
            deleted_at: None,
        };
        rows.push(row(&pack, &kept));
        rows.push(row(&(), &StickerPacks { own: vec![pack.clone()], added: vec![pack.clone()] }));
        ports.tables.put(Accounts::table(), &[Value::text("ann")], rows).await.unwrap();

        let erasures = Erasures { ports: ports.clone() };
        erasures.apply(&[&ann()]).await.unwrap();
        let announced = read(&*ports.log, &ERASURES).await;
        assert_eq!(announced.len(), 1);
        assert_eq!(avro::decode::<UserErased>(&announced[0].value).unwrap(), UserErased { user: ann() });
        let asked = read(&*ports.log, &ACCOUNT_COMMANDS).await;
        let asked: Vec<AccountRequest> =
            asked.iter().map(|record| AccountRequest::decode(&record.value, i32::MAX).unwrap()).collect();
        let drafts = asked.iter().filter(|request| match request {
            AccountRequest::SaveDraft(draft) => draft.content.is_empty(),
            _ => false,
        });
        assert_eq!((asked.len(), drafts.count()), (4 + PAGE_ROWS + 1 + 1 + 3, PAGE_ROWS + 1));
        let template = DeleteTemplate { template: format!("{:032x}", 1).parse().unwrap() };
        assert!(asked.contains(&template.into()), "the template that stands");
        let no_packs: [AccountRequest; 2] =
            [DeleteStickerPack::of(pack.clone(), &[]).into(), RemoveStickerPack { pack }.into()];
        assert!(no_packs.iter().all(|request| asked.contains(request)));
        let nothing = OrganizeConversation::nothing(conversation(0), 0);
        let unlabelled = OrganizeConversation { labels: Some(vec![]), ..nothing };
        assert_eq!(asked.last(), Some(&AccountRequest::from(unlabelled)));
    }
}
