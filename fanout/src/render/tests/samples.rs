//! Something of each kind that is delivered, and the rows behind it: what `ann` may be sent of `k1`.

use std::sync::Arc;

use graphql::live::Live;
use schemas::account::SendRejected;
use schemas::avro::{self, Record};
use schemas::conversation::{
    Content, ConversationKind, ConversationOpened, MemberStays, MembersChanged, Mentions, Message, Note,
    NoteKind, ReceiptAdvanced, ReplyStub, Role,
};
use schemas::owner::RowKey;
use schemas::people::Profile;
use schemas::rows::{ConversationState, Member, Opened, Receipt, Stay};
use schemas::tables::views::MessageRow;
use schemas::{ClientId, Refusal};

use crate::hub::tests::world::{conversation, user};
use crate::subscription::tests::ports::Memory;

const PEOPLE: [&str; 2] = ["ann", "bob"];
const SINCE: Stay = Stay { from: 1, to: None, first_seq: 1 };

pub fn all() -> (Arc<Memory>, Vec<Live>) {
    let [parent, answer, deleted, note] = messages();
    let tables = Memory::default();
    let put = |key, row: &dyn Fn() -> Vec<u8>| tables.row(&conversation("k1"), key, &row());
    put(RowKey::state(), &|| encode(&state()));
    for name in PEOPLE {
        let member = Member { role: Role::Member, joined_at: 1, stays: vec![SINCE] };
        put(RowKey::member(&user(name)), &|| encode(&member));
        put(RowKey::receipt(&user(name)), &|| encode(&Receipt { read_up_to: 4, read_at: 5 }));
        tables.profile(&profile(name));
    }
    for message in [&parent, &answer, &deleted, &note] {
        let mut message = message.clone();
        message.reply_to.iter_mut().for_each(|parent| parent.content = None);
        let row = MessageRow { conversation: conversation("k1"), message };
        tables.view(row.to_row(), 1);
    }
    (Arc::new(tables), lives(answer, deleted, note))
}

fn lives(answer: Message, deleted: Message, note: Message) -> Vec<Live> {
    let id = || conversation("k1");
    let mut to_deleted = answer.clone();
    to_deleted.reply_to.iter_mut().for_each(|parent| parent.content = None);
    let [stays, gone] = [SINCE, Stay { to: Some(9), ..SINCE }].map(|stay| MembersChanged {
        kind: ConversationKind::Group,
        title: None,
        created_by: user("bob"),
        created_at: 1,
        by: user("bob"),
        members: vec![MemberStays { user: user("bob"), stays: vec![stay] }],
    });
    let opened = ConversationOpened {
        kind: ConversationKind::Group,
        title: None,
        created_by: user("bob"),
        members: PEOPLE.map(user).to_vec(),
    };
    let rejected = SendRejected {
        client_id: ClientId::from_bytes([7; 16]),
        conversation: id(),
        refusal: Refusal::not_found(),
    };
    vec![
        Live::Message { conversation: id(), message: answer },
        Live::Message { conversation: id(), message: to_deleted },
        Live::Message { conversation: id(), message: note },
        Live::Deleted { conversation: id(), message: deleted },
        Live::Members { conversation: id(), changed: stays },
        Live::Members { conversation: id(), changed: gone },
        Live::Opened { conversation: id(), at: 1, opened },
        Live::Receipt {
            conversation: id(),
            at: 1,
            receipt: ReceiptAdvanced { user: user("bob"), read_up_to: 2 },
        },
        Live::SendRejected(rejected),
        Live::ResumeGap { reason: "cursor too old".to_owned() },
        Live::Drained { replayed: 0 },
    ]
}

fn messages() -> [Message; 4] {
    let parent = Message { content: Some(Content::plain("one")), ..message(1) };
    let stub = ReplyStub {
        seq: 1,
        sender: parent.sender.clone(),
        content: parent.content.clone(),
        created_at: parent.sent_at,
    };
    let mentions = Mentions { people: vec![profile("ann")], all: false };
    let answer = Message {
        content: Some(Content::plain("two")),
        client_id: Some(ClientId::from_bytes([7; 16])),
        reply_to: Some(stub),
        mentions,
        ..message(2)
    };
    let note = Some(Note { kind: NoteKind::Added, targets: vec![profile("ann")] });
    [parent, answer, message(3).deleted(9), Message { note, ..message(4) }]
}

fn message(seq: i64) -> Message {
    Message {
        seq,
        sent_at: seq,
        sender: profile("bob"),
        client_id: None,
        content: None,
        reply_to: None,
        mentions: Mentions::default(),
        note: None,
        recipients: 1,
        deleted_at: None,
    }
}

fn state() -> ConversationState {
    let opened = Opened { kind: ConversationKind::Group, title: None, by: user("bob"), at: 1, charge: 0 };
    ConversationState { applied: 1, at: 1, opened: Some(opened), head: 4, head_at: 4, members: 2 }
}

fn profile(name: &str) -> Profile {
    let avatar_url = Some("https://musclemap.example/avatar".to_owned());
    Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url }
}

fn encode<T: Record>(row: &T) -> Vec<u8> {
    avro::encode(row)
}
