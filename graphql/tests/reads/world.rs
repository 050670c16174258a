//! Rows of one group in an embedded store, and queries over them.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Schema};
use awareness::Awareness;
use domain::Conversations;
use embedded::Store;
use fold::Fold;
use musclemap_graphql::{Query, Reads, Rights, Rows, Search, SmartReplies, Viewer};
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use platform::ports::{PutRow, SearchIndex, Tables};
use schemas::attaching::{AttachedFile, Carried, FileRole};
use schemas::avro;
use schemas::blocking::{BlockInterval, Blocks, PairBlocks};
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Former, Member, MembershipInterval, Role};
use schemas::message::{Body, Content, Mentions, Message, Text};
use schemas::people::Profile;
use schemas::position::{LogTime, Offset, Version};
use schemas::reacting::{Reacted, Reaction, ReactionGroup, Reactions};
use schemas::receipts::{Receipt, Watermarks};
use schemas::rows::{Keyed, RowKey, STATE};
use schemas::states::ConversationState;
use schemas::tables::views::{AspectBody, AspectRow, BlocksRow, MembershipRow, MessageRow, ViewRow};
use schemas::tables::{Table, USERS, Value};
use schemas::uploading::StoredFile;
use schemas::{ConversationId, ConversationKey, UserId};
use serde_json::Value as Json;

pub struct World {
    schema: Schema<Query, EmptyMutation, EmptySubscription>,
    pub tables: Arc<dyn Tables>,
    _store: Store,
    _folder: tempfile::TempDir,
}

pub fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub fn profile(name: &str) -> Profile {
    Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url: None }
}

pub fn group(number: u64) -> ConversationId {
    format!("{number:032x}").parse().unwrap()
}

pub fn interval(from: Offset, to: Option<Offset>) -> MembershipInterval {
    MembershipInterval { from, to, first_seq: 1, first_ordinal: 0 }
}

/// The message of number, position and time `seq`.
pub fn text(seq: i64, sender: &str) -> Message {
    Message {
        seq,
        position: seq,
        sent_at: seq,
        sender: profile(sender),
        client_id: None,
        reply_to: None,
        mentions: Mentions::default(),
        recipients: 0,
        body: Body::text(format!("{seq} of {sender}")),
    }
}

pub fn state(head: i64) -> ConversationState {
    let opened = Opened {
        kind: ConversationKind::Group,
        title: None,
        description: None,
        announcements_only: false,
        avatar: None,
        by: user("ann"),
        at: 0,
        charge: 0,
    };
    ConversationState {
        opened: Some(opened),
        head,
        head_at: head,
        countable: head,
        members: 3,
        ..Conversations::fresh()
    }
}

impl World {
    pub fn new() -> Self {
        Self::searching(None)
    }

    /// With an index that searches ask.
    pub fn searching(index: Option<Arc<dyn SearchIndex>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let tables: Arc<dyn Tables> = store.tables();
        let rows = Arc::new(Rows::new(tables.clone()));
        let ephemeral = Arc::new(InProcess::default());
        let search = Search::new(index, ephemeral.clone(), Arc::new(SystemClock));
        let smart_replies = SmartReplies::new(None, ephemeral.clone()).unwrap();
        let awareness = Awareness::new(ephemeral, rows.clone(), Arc::new(SystemClock));
        let reads =
            Arc::new(Reads::new(rows, ConversationKey::new([7; 32]), awareness, Arc::new(SystemClock)));
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(reads).data(search);
        let schema = schema.data(smart_replies).finish();
        Self { schema, tables, _store: store, _folder: folder }
    }

    async fn put(&self, table: &'static Table, partition: &[Value], key: Vec<Value>, columns: Vec<Value>) {
        static NEXT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1);
        let version = Version::of(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let row = PutRow { key, columns, version, time_to_live: None };
        self.tables.put(table, partition, vec![row]).await.unwrap();
    }

    pub async fn view(&self, row: ViewRow) {
        self.put(row.table, &row.partition, row.key, row.columns).await;
    }

    async fn row(&self, id: &ConversationId, key: RowKey, body: Vec<u8>) {
        self.put(
            Conversations::table(),
            &[Value::text(id.as_str())],
            key.to_values(),
            vec![Value::blob(&body)],
        )
        .await;
    }

    pub async fn state(&self, id: &ConversationId, state: &ConversationState) {
        assert_eq!(RowKey::state().kind, STATE);
        self.row(id, RowKey::state(), avro::encode(state)).await;
    }

    pub async fn member(&self, id: &ConversationId, name: &str, intervals: Vec<MembershipInterval>) {
        let member = Member {
            role: Role::Member,
            joined_at: 0,
            intervals,
            marks: Watermarks::default(),
            request: None,
        };
        self.row(id, RowKey::of::<Member>(&user(name)), avro::encode(&member)).await;
        let row = MembershipRow { user: user(name), conversation: id.clone(), member };
        self.view(row.to_row()).await;
    }

    /// What the platform has published of a user; nothing of one who is erased.
    pub async fn published(&self, name: &str, display_name: Option<&str>) {
        let username = Value::text_or_null(display_name.map(|_| name));
        let columns = vec![username, Value::text_or_null(display_name), Value::Null];
        self.put(&USERS, &[Value::text(name)], vec![], columns).await;
    }

    pub async fn receipt(&self, id: &ConversationId, name: &str, read_up_to: i64) {
        let marks = Watermarks::default().with_read(read_up_to, 1_000, true);
        let receipt = Receipt { marks, ordinal: read_up_to, ..Receipt::default() };
        self.row(id, RowKey::of::<Receipt>(&user(name)), avro::encode(&receipt)).await;
    }

    /// The receipt of a member who has left.
    pub async fn ended_receipt(&self, id: &ConversationId, name: &str) {
        let receipt = Receipt { ended: true, ..Receipt::default() };
        self.row(id, RowKey::of::<Receipt>(&user(name)), avro::encode(&receipt)).await;
    }

    pub async fn former(&self, id: &ConversationId, name: &str, to: Offset, read_up_to: i64) {
        assert_eq!(Former::KIND, 13);
        let marks = Watermarks::default().with_read(read_up_to, 1_000, true);
        let former = Former { intervals: vec![interval(0, Some(to))], marks };
        self.row(id, RowKey::of::<Former>(&user(name)), avro::encode(&former)).await;
    }

    pub async fn message(&self, id: &ConversationId, message: Message) {
        self.view(MessageRow { conversation: id.clone(), message }.to_row()).await;
    }

    /// A message with files of these names, and its row that says so.
    pub async fn files(&self, id: &ConversationId, seq: i64, sender: &str, names: &[String]) {
        let file = StoredFile {
            content_type: "image/jpeg".to_owned(),
            byte_size: 90,
            width: None,
            height: None,
            has_thumbnail: false,
            placeholder: None,
            sound: None,
        };
        let attached = |name: &String| AttachedFile {
            attachment: format!("{seq:032x}").parse().unwrap(),
            uploader: user(sender),
            file_name: name.clone(),
            file: file.clone(),
            role: FileRole::File,
        };
        let attachments: Vec<AttachedFile> = names.iter().map(attached).collect();
        let carried = Carried { files: attachments.iter().map(AttachedFile::reference).collect() };
        self.row(id, RowKey::of::<Carried>(&seq), avro::encode(&carried)).await;
        let body = Body::Text(Text { attachments, ..Text::new(Content::plain("")) });
        self.message(id, Message { body, ..text(seq, sender) }).await;
    }

    /// Each user's emoji on a message, in the order in which they came.
    pub async fn reactions(&self, id: &ConversationId, seq: i64, by: &[(&str, &[&str])]) {
        let (mut all, mut position) = (Reactions::default(), 0);
        for (name, emoji) in by {
            let mut own = Reacted::default();
            for emoji in *emoji {
                position += 1;
                own.reactions.push(Reaction { emoji: (*emoji).to_owned(), at: position, position });
                let place = all.groups.iter().position(|group| group.emoji == *emoji);
                let place = place.unwrap_or(all.groups.len());
                if place == all.groups.len() {
                    all.groups.push(ReactionGroup { emoji: (*emoji).to_owned(), count: 0, first: vec![] });
                }
                all.groups[place].count += 1;
                if all.groups[place].first.len() < ReactionGroup::FIRST {
                    all.groups[place].first.push(user(name));
                }
            }
            self.row(id, RowKey::of::<Reacted>(&(seq, user(name))), avro::encode(&own)).await;
        }
        let body = AspectBody::Reactions(all);
        self.view(AspectRow { conversation: id.clone(), seq, at: position, body }.to_row()).await;
    }

    /// `name` blocks `other` from a time to another.
    pub async fn block(&self, name: &str, other: &str, from: LogTime, to: Option<LogTime>) {
        let by_user = Blocks { intervals: vec![BlockInterval { from, to }] };
        let blocks = PairBlocks { by_user, ..PairBlocks::default() };
        let mirrored = BlocksRow { user: user(other), other: user(name), blocks: blocks.mirrored() };
        self.view(mirrored.to_row()).await;
        self.view(BlocksRow { user: user(name), other: user(other), blocks }.to_row()).await;
    }

    /// A group of ann, bob and carl with a text of each of these senders, numbered from 1.
    pub async fn group(&self, number: u64, senders: &[&str]) -> ConversationId {
        let id = group(number);
        self.state(&id, &state(senders.len() as i64)).await;
        for name in ["ann", "bob", "carl"] {
            self.member(&id, name, vec![interval(0, None)]).await;
        }
        for (before, sender) in senders.iter().enumerate() {
            self.message(&id, text(before as i64 + 1, sender)).await;
        }
        id
    }

    /// The answer to a query, which has no errors.
    pub async fn query(&self, viewer: &str, query: &str) -> Json {
        let response = self.answer(viewer, query).await;
        assert!(response.get("errors").is_none(), "{response}");
        response["data"].clone()
    }

    pub async fn answer(&self, viewer: &str, query: &str) -> Json {
        let request = Request::new(query).data(Viewer::plain(user(viewer))).data(Rights::default());
        serde_json::to_value(self.schema.execute(request).await).unwrap()
    }
}
