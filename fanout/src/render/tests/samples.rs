//! A delivery of each fact, completed, and the rows behind it: what `ann` may be sent of `k1`.

use std::sync::Arc;

use awareness::presence::Seen;
use awareness::typing::Typing;
use domain::Conversations;
use domain::presence::Status;
use fold::Fold;
use graphql::live::{ConversationDelivery, Delivery};
use graphql::message::reactions::Completed;
use graphql::people::People;
use graphql::rows::Aspects;
use schemas::attaching::{AttachedFile, FileRole};
use schemas::avro::{self, Record};
use schemas::creating::{ConversationKind, Opened};
use schemas::credits::LedgerKind;
use schemas::facts::{
    BlockedUsersChanged, BlocksChanged, ConversationOpened, ConversationOrganized, ConversationUpdated,
    CreditsChanged, DeliveryAdvanced, DraftSaved, MarkedUnread, MembersChanged, MessageCreated,
    MessageDeleted, MessageEdited, MessageHidden, MessagePinned, MessageShown, MessageUnpinned,
    NotificationsChanged, PollChanged, PreferencesChanged, PreviewAttached, PrivacyChanged, ReactionAdded,
    ReactionRemoved, ReceiptAdvanced, ReportFiled, ReportResolved, RequestChanged, RolesChanged,
    ScheduleChanged, SendRejected, StickersChanged, TemplatesChanged,
};
use schemas::forwarding::Provenance;
use schemas::gifs::{GifId, GifSource};
use schemas::membership::{Member, MemberIntervals, MembershipInterval, Role};
use schemas::message::{Body, Content, Edited, Mentions, Message, MessageTarget, Note, NoteKind, Text};
use schemas::notifications::Notifications;
use schemas::organizing::Organized;
use schemas::people::Profile;
use schemas::pinning::Pinned;
use schemas::polling::{Poll, Tally, Voted};
use schemas::preferences::Preferences;
use schemas::previewing::{LinkPreview, PreviewImage, Previews};
use schemas::privacy::{Audience, Privacy};
use schemas::reacting::{Reacted, Reaction, ReactionGroup, Reactions, ToldReaction};
use schemas::receipts::{Receipt, Watermarks};
use schemas::reporting::{ModerationAction, ReportReason};
use schemas::rows::{RowKey, Schedule};
use schemas::scheduling::{ScheduleProgress, Waiting};
use schemas::states::ConversationState;
use schemas::stickers::SentSticker;
use schemas::tables::views::{MembershipRow, MessageRow};
use schemas::uploading::{Attachment, AttachmentChanged, Declared, StoredFile, UploadProgress};
use schemas::{ClientId, ConversationFact, Refusal, UserId};

use super::translated;
use crate::hub::tests::world::{conversation, user};
use crate::subscription::tests::ports::Memory;

const PEOPLE: [&str; 2] = ["ann", "bob"];
const SINCE: MembershipInterval = MembershipInterval { from: 1, to: None, first_seq: 1, first_ordinal: 0 };

pub fn all() -> (Arc<Memory>, Vec<Delivery>) {
    let [parent, answer, deleted, note, edited] = messages();
    let tables = Memory::default();
    let put = |key, row: Vec<u8>| tables.row(&conversation("k1"), key, &row);
    put(RowKey::state(), encode(&state()));
    let people = people();
    for (user, member) in &people.members {
        put(RowKey::of::<Member>(user), encode(member));
        let row =
            MembershipRow { user: user.clone(), conversation: conversation("k1"), member: member.clone() };
        tables.view(row.to_row(), 1);
    }
    people.receipts.iter().for_each(|(user, receipt)| put(RowKey::of::<Receipt>(user), encode(receipt)));
    PEOPLE.iter().for_each(|name| tables.profile(&profile(name)));
    for message in [&parent, &answer, &deleted, &note, &edited] {
        let row = MessageRow { conversation: conversation("k1"), message: message.clone().stored() };
        tables.view(row.to_row(), 1);
    }
    (Arc::new(tables), deliveries(answer, deleted, note, edited))
}

fn deliveries(answer: Message, deleted: Message, note: Message, edited: Message) -> Vec<Delivery> {
    let to_deleted = answer.clone().stored();
    let created = |message| ConversationFact::from(MessageCreated { message });
    let [joined, gone] =
        [SINCE, MembershipInterval { to: Some(9), ..SINCE }].map(|interval| MembersChanged {
            about: opened(),
            by: user("bob"),
            members: vec![MemberIntervals { user: user("bob"), intervals: vec![interval] }],
            requests: vec![],
        });
    let rejected = SendRejected {
        client_id: ClientId::from_bytes([7; 16]),
        conversation: conversation("k1"),
        refusal: Refusal::not_found(),
    };
    let credits = CreditsChanged { kind: LedgerKind::Grant, amount_milli: 1, balance_after_milli: 1 };
    let blocks = BlocksChanged { user: user("ann"), other: user("bob"), blocks: Default::default() };
    let facts = [
        created(answer),
        created(to_deleted),
        created(note),
        created(forwarded()),
        created(moving()),
        MessageDeleted { message: deleted, by: user("bob") }.into(),
        MessageEdited { message: edited.clone() }.into(),
        MessageHidden { message: edited.clone().hidden(9) }.into(),
        MessageShown { message: edited.clone() }.into(),
        ReportFiled { seq: 2, reporter: user("ann"), reason: ReportReason::Spam }.into(),
        ReportResolved {
            seq: 2,
            reporter: user("ann"),
            by: user("bob"),
            action: ModerationAction::HideMessage,
        }
        .into(),
        joined.into(),
        gone.into(),
        ConversationOpened {
            about: opened(),
            members: PEOPLE.map(user).to_vec(),
            requests: vec![user("ann")],
        }
        .into(),
        ConversationUpdated { about: opened(), by: user("bob") }.into(),
        ReceiptAdvanced { user: user("bob"), read_up_to: 2, is_shown: true }.into(),
        DeliveryAdvanced { user: user("bob"), delivered_up_to: 2, is_shown: true }.into(),
        RolesChanged { about: opened(), by: user("bob"), members: vec![] }.into(),
        MarkedUnread { user: user("ann"), marked: true }.into(),
        blocks.into(),
        MessagePinned { message: edited.clone(), pin: pinned() }.into(),
        MessagePinned { message: poll(), pin: pinned() }.into(),
        MessageUnpinned { message: edited.clone(), by: user("bob") }.into(),
        PollChanged { message: poll(), tally: tally(), vote: None }.into(),
        PreviewAttached { message: message(8), previews: previews() }.into(),
        ReactionAdded { reaction: reaction() }.into(),
        ReactionRemoved { reaction: reaction() }.into(),
        RequestChanged {
            about: opened(),
            user: user("ann"),
            request: None,
            intervals: vec![SINCE],
            pair: None,
        }
        .into(),
    ];
    let organized =
        ConversationOrganized { conversation: conversation("k1"), organized: Organized::default() };
    let people = Arc::new(people());
    // As it is replayed, with what has become of it.
    let replayed = [created(edited), created(poll()), created(message(8))];
    let delivery = |fact| {
        let is_completed = domain::delivery::completes(&fact).is_some() || replayed.contains(&fact);
        let people = is_completed.then(|| people.clone());
        let completed = Arc::new(reacted());
        Delivery::Conversation(ConversationDelivery {
            conversation: conversation("k1"),
            at: 1,
            fact,
            people,
            completed,
        })
    };
    let others = [
        Delivery::Account(rejected.into()),
        Delivery::Account(credits.into()),
        Delivery::Account(organized.into()),
        Delivery::Account(
            DraftSaved { conversation: conversation("k1"), content: "draft".to_owned() }.into(),
        ),
        Delivery::Account(attachment().into()),
        Delivery::Account(PreferencesChanged { preferences: Preferences::default() }.into()),
        Delivery::Account(PrivacyChanged { privacy: Privacy::default() }.into()),
        Delivery::Account(BlockedUsersChanged { other: user("bob"), blocked: true }.into()),
        Delivery::Account(scheduled().into()),
        Delivery::Account(
            TemplatesChanged { template: uuid::Uuid::from_u128(1).into(), removed: false }.into(),
        ),
        Delivery::Account(StickersChanged { pack: "1".repeat(32).parse().expect("an id") }.into()),
        Delivery::Account(NotificationsChanged { notifications: Notifications::default() }.into()),
        Delivery::Typing(Typing { conversation: conversation("k1"), by: profile("bob"), is_typing: true }),
        Delivery::Presence(Seen {
            user: user("bob"),
            status: Status::Online,
            last_seen: Some(1),
            audience: Audience::Everyone,
        }),
        Delivery::UserChanged(profile("bob")),
        Delivery::FlagsChanged,
        translated::delivery(),
        Delivery::ResumeGap { reason: "cursor too old".to_owned() },
        Delivery::Drained { replayed: 0 },
    ];
    facts.into_iter().chain(replayed.clone()).map(delivery).chain(others).collect()
}

fn reaction() -> ToldReaction {
    let target = MessageTarget { seq: 5, author: user("bob") };
    ToldReaction { target, sent_at: 5, user: user("bob"), emoji: "👍".to_owned(), at: 6 }
}

fn scheduled() -> ScheduleChanged {
    let now = Schedule {
        conversation: conversation("k1"),
        content: "later".to_owned(),
        due: 9,
        zone: "UTC".to_owned(),
        created_at: 1,
        request_hash: 0,
        revision: 0,
        progress: ScheduleProgress::Waiting(Waiting { since: 1 }),
    };
    ScheduleChanged { id: ClientId::from_bytes([1; 16]), now }
}

fn pinned() -> Pinned {
    Pinned { at: 7, by: user("bob") }
}

/// One emoji and one vote, by bob, who has pinned the message too.
fn reacted() -> Completed {
    let group = ReactionGroup { emoji: "👍".to_owned(), count: 1, first: vec![user("bob")] };
    let own = Reaction { emoji: "👍".to_owned(), at: 6, position: 6 };
    Completed {
        aspects: Aspects {
            reactions: Reactions { groups: vec![group] },
            pin: Some(pinned()),
            tally: tally(),
            previews: previews(),
        },
        reactors: Some(vec![(user("bob"), Reacted { reactions: vec![own], removed: vec![] })]),
        voters: Some(vec![(user("bob"), Voted { options: vec![0], at: 6 })]),
    }
}

fn attachment() -> AttachmentChanged {
    let declared = Declared {
        file_name: "a.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        byte_size: 100,
        sha256: None,
    };
    let AttachedFile { attachment, file, .. } = file();
    let now = Attachment { declared, created_at: 1, uses: 0, progress: UploadProgress::Stored(file) };
    AttachmentChanged { attachment, now }
}

fn file() -> AttachedFile {
    let file = StoredFile {
        content_type: "image/jpeg".to_owned(),
        byte_size: 90,
        width: Some(4),
        height: Some(3),
        has_thumbnail: true,
        placeholder: Some("AAAA".to_owned()),
        sound: None,
    };
    let attachment = "0".repeat(32).parse().expect("an id");
    let file_name = "a.jpg".to_owned();
    AttachedFile { attachment, uploader: user("bob"), file_name, file, role: FileRole::File }
}

fn messages() -> [Message; 5] {
    let parent = Message { body: Body::text("one"), ..message(1) };
    let answer = Message {
        body: Body::Text(Text { attachments: vec![file()], ..Text::new(Content::plain("two")) }),
        client_id: Some(ClientId::from_bytes([7; 16])),
        reply_to: Some(Box::new(parent.stub())),
        mentions: Mentions { people: vec![profile("ann")], all: false },
        ..message(2)
    };
    let note = Body::Note(Note::new(NoteKind::Added, vec![profile("ann")]));
    let text = Text { edited: Some(Edited { at: 9, count: 1 }), ..Text::new(Content::plain("five")) };
    let reply_to = Some(Box::new(parent.stub()));
    let edited = Message { body: Body::Text(text), reply_to, ..message(5) };
    [parent, answer, message(3).removed(9), Message { body: note, ..message(4) }, edited]
}

fn forwarded() -> Message {
    let from = Provenance { conversation: conversation("k1"), seq: 1, sender: profile("bob") };
    let sticker = SentSticker {
        pack: "1".repeat(32).parse().expect("an id"),
        name: "one".to_owned(),
        shortcode: Some(":one:".to_owned()),
    };
    let text = Text {
        forwarded: Some(Box::new(from)),
        attachments: vec![file()],
        sticker: Some(Box::new(sticker)),
        ..Text::new(Content::plain(""))
    };
    Message { body: Body::Text(text), ..message(6) }
}

/// With a GIF.
fn moving() -> Message {
    let named = GifId { source: GifSource::Musclemap, id: "1".to_owned() };
    let text = Text { gif: Some(Box::new(named.unknown())), ..Text::new(Content::plain("")) };
    Message { body: Body::Text(text), ..message(10) }
}

fn poll() -> Message {
    let poll = Poll {
        question: Content::plain("one?"),
        options: ["yes", "no"].map(Content::plain).to_vec(),
        multiple: false,
        anonymous: false,
        closes_at: Some(9),
    };
    Message { body: Body::Poll(poll), ..message(7) }
}

/// Of a text that was never edited.
fn previews() -> Previews {
    let object: schemas::AttachmentId = "7".repeat(32).parse().unwrap();
    let image = || PreviewImage { object: object.clone(), content_type: "image/png".to_owned() };
    let preview = LinkPreview {
        url: "https://a.example/".to_owned(),
        title: Some("Title".to_owned()),
        description: Some("Description".to_owned()),
        site_name: Some("Site".to_owned()),
        image: Some(image()),
        favicon: Some(image()),
    };
    Previews { edits: 0, all: vec![preview] }
}

fn tally() -> Tally {
    Tally { votes: vec![1, 0], changes: 1, closed: None }
}

pub fn message(seq: i64) -> Message {
    Message {
        seq,
        position: seq,
        sent_at: seq,
        sender: profile("bob"),
        client_id: None,
        reply_to: None,
        mentions: Mentions::default(),
        recipients: 1,
        body: Body::text(""),
    }
}

pub fn people() -> People {
    let member = Member {
        role: Role::Member,
        joined_at: 1,
        intervals: vec![SINCE],
        marks: Watermarks::default(),
        request: None,
    };
    let receipt =
        Receipt { marks: Watermarks::default().with_read(4, 5, true), ordinal: 4, ..Receipt::default() };
    let people: [UserId; 2] = PEOPLE.map(user);
    People {
        members: people.iter().map(|user| (user.clone(), member.clone())).collect(),
        receipts: people.iter().map(|user| (user.clone(), receipt.clone())).collect(),
        former: vec![],
    }
}

fn state() -> ConversationState {
    ConversationState {
        applied: 1,
        at: 1,
        opened: Some(opened()),
        head: 5,
        head_at: 5,
        members: 2,
        ..Conversations::fresh()
    }
}

fn opened() -> Opened {
    Opened {
        kind: ConversationKind::Group,
        title: None,
        description: None,
        announcements_only: false,
        avatar: Some(file()),
        by: user("bob"),
        at: 1,
        charge: 0,
    }
}

fn profile(name: &str) -> Profile {
    let avatar_url = Some("https://musclemap.example/avatar".to_owned());
    Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url }
}

fn encode<T: Record>(row: &T) -> Vec<u8> {
    avro::encode(row)
}
