//! Short names for people, conversations and requests, and the requests that tests make of them.

use musclemap_domain::policy;
use schemas::charging::{Charge, ChargeKind};
use schemas::control::Policy;
use schemas::creating::ConversationKind;
use schemas::editing::EditMessage;
use schemas::message::{Body, Content, Mentions, Message, ReplyStub};
use schemas::operations::{
    AddMembers, CreateConversation, DeleteMessage, GrantCredits, LookUp, MarkRead, OpenConversation,
    OrganizeConversation, PostMessage, Refund, RemoveMember, SendMessage, SetBlock,
};
use schemas::people::Profile;
use schemas::position::{LogTime, Offset};
use schemas::record::Envelope;
use schemas::uploading::{CreateUpload, Declared};
use schemas::verdict::Reply;
use schemas::{
    AccountRequest, AttachmentId, ClientId, ConversationId, ConversationKey, ConversationRequest, Refusal,
    TemplateId, UserId,
};

pub fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub fn profile(name: &str) -> Profile {
    Profile { user: user(name), username: name.into(), display_name: name.into(), avatar_url: None }
}

/// The client id that tables show as `c` and the number.
pub fn client(number: impl Into<i64>) -> ClientId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.into().to_be_bytes());
    ClientId::from_bytes(bytes)
}

/// The conversation that tables show as `k` and the number.
pub fn conversation(number: u8) -> ConversationId {
    format!("{number:032x}").parse().unwrap()
}

/// The attachment that tables show as `f` and the number.
pub fn attachment(number: u8) -> AttachmentId {
    format!("{number:032x}").parse().unwrap()
}

/// The template that tables show as `t` and the number.
pub fn template(number: u8) -> TemplateId {
    format!("{number:032x}").parse().unwrap()
}

pub fn declared(file_name: &str) -> Declared {
    Declared {
        file_name: file_name.to_owned(),
        content_type: "image/jpeg".to_owned(),
        byte_size: 100,
        sha256: None,
    }
}

pub fn upload(number: u8, file_name: &str) -> CreateUpload {
    CreateUpload { attachment: attachment(number), declared: declared(file_name) }
}

/// As ingest derives ids.
pub fn ids() -> ConversationKey {
    ConversationKey::new([7; 32])
}

pub fn shipped() -> Policy {
    policy::parse(policy::SHIPPED).unwrap()
}

pub fn with_price(message_per_recipient: i64) -> Policy {
    let mut policy = shipped();
    policy.prices.message_per_recipient = message_per_recipient;
    policy
}

/// A send to `k1`, to be changed where a case needs it.
pub fn sending(id: impl Into<i64>, text: &str, recipients: i32) -> SendMessage {
    SendMessage {
        conversation: conversation(1),
        client_id: client(id),
        content: Content::plain(text),
        reply_to: None,
        recipients,
        sender: Box::new(profile("ann")),
        mentions: Mentions::default(),
        attachments: vec![],
        template: None,
        sticker: None,
        gif: None,
    }
}

pub fn send(id: impl Into<i64>, text: &str, recipients: i32) -> AccountRequest {
    AccountRequest::SendMessage(sending(id, text, recipients))
}

pub fn send_to(to: u8, id: u8, text: &str) -> AccountRequest {
    AccountRequest::SendMessage(SendMessage { conversation: conversation(to), ..sending(id, text, 1) })
}

/// By `ann`.
pub fn create(kind: ConversationKind, id: u8, others: &[&str], title: Option<&str>) -> AccountRequest {
    AccountRequest::CreateConversation(creating("ann", kind, id, others, title))
}

pub fn creating(
    creator: &str,
    kind: ConversationKind,
    id: u8,
    others: &[&str],
    title: Option<&str>,
) -> CreateConversation {
    let (creator, client_id) = (user(creator), client(id));
    let participants: Vec<UserId> = others.iter().map(|name| user(name)).collect();
    let conversation = match kind {
        ConversationKind::Direct => ids().direct(&creator, participants.first().unwrap_or(&creator)),
        ConversationKind::Group => ids().created(&creator, &client_id),
    };
    let (requests, title) = (vec![], title.map(str::to_owned));
    CreateConversation { conversation, kind, participants, requests, title, client_id }
}

pub fn grant(once: &str, amount_milli: i64) -> AccountRequest {
    AccountRequest::GrantCredits(GrantCredits { once: once.to_owned(), amount_milli })
}

pub fn refund(charge: &Charge, refusal: Option<Refusal>) -> AccountRequest {
    AccountRequest::Refund(Refund { charge: charge.clone(), refusal: refusal.map(Box::new) })
}

/// A charge of `ann` for a request to `k1`.
pub fn charge(id: u8, kind: ChargeKind, position: Offset) -> Charge {
    let price_milli = if kind == ChargeKind::Send { 100 } else { 0 };
    let (user, conversation) = (user("ann"), conversation(1));
    let client_id =
        (!matches!(kind, ChargeKind::Edit | ChargeKind::React | ChargeKind::Report)).then(|| client(id));
    Charge {
        user,
        client_id,
        kind,
        conversation,
        position,
        at: 0,
        price_milli,
        attachments: vec![],
        template: None,
        flagged: None,
    }
}

pub fn posting(sender: &str, id: u8, text: &str) -> PostMessage {
    let (client_id, content) = (client(id), Content::plain(text));
    let mentions = Mentions::default();
    PostMessage {
        client_id,
        sender: profile(sender),
        content,
        reply_to: None,
        mentions,
        attachments: vec![],
        sticker: None,
        gif: None,
        forwarded: None,
        shows_reads: true,
    }
}

pub fn post(sender: &str, id: u8, text: &str) -> ConversationRequest {
    ConversationRequest::PostMessage(posting(sender, id, text))
}

/// An answer to message `seq` by `author`.
pub fn answer_to((seq, author): (i64, &str), sender: &str, id: u8, text: &str) -> ConversationRequest {
    answering(stub(seq, author, None), sender, id, text)
}

/// With the text of `bob` that ingest has read.
pub fn answer_with(seq: i64, quoted: &str, sender: &str, id: u8, text: &str) -> ConversationRequest {
    answering(stub(seq, "bob", Some(quoted)), sender, id, text)
}

/// The stub of message `seq`, with a text if ingest has read one.
pub fn stub(seq: i64, author: &str, text: Option<&str>) -> ReplyStub {
    let (sender, content) = (profile(author), text.map(Content::plain));
    ReplyStub { seq, sender, content, attachments: vec![], sticker: None, gif: None, created_at: 0 }
}

fn answering(parent: ReplyStub, sender: &str, id: u8, text: &str) -> ConversationRequest {
    ConversationRequest::PostMessage(PostMessage {
        reply_to: Some(Box::new(parent)),
        ..posting(sender, id, text)
    })
}

pub fn open(kind: ConversationKind, creator: &str, others: &[&str]) -> ConversationRequest {
    ConversationRequest::OpenConversation(OpenConversation {
        kind,
        creator: user(creator),
        participants: others.iter().map(|name| user(name)).collect(),
        requests: vec![],
        title: None,
    })
}

pub fn read(name: &str, up_to: i64) -> ConversationRequest {
    ConversationRequest::MarkRead(MarkRead { user: user(name), up_to, is_shown: true })
}

fn profiles(names: &[&str]) -> Vec<Profile> {
    names.iter().map(|name| profile(name)).collect()
}

pub fn add(actor: &str, people: &[&str]) -> ConversationRequest {
    ConversationRequest::AddMembers(AddMembers {
        actor: profile(actor),
        people: profiles(people),
        requests: vec![],
    })
}

pub fn remove(actor: &str, person: &str) -> ConversationRequest {
    ConversationRequest::RemoveMember(RemoveMember { actor: profile(actor), person: profile(person) })
}

/// Message `seq`, which `sender` has sent to two others as the command of that offset.
pub fn sent(seq: i64, sender: &str, position: Offset, sent_at: LogTime) -> Message {
    Message {
        seq,
        position,
        sent_at,
        sender: profile(sender),
        client_id: Some(client(1)),
        reply_to: None,
        mentions: Mentions::default(),
        recipients: 2,
        body: Body::text("text"),
    }
}

/// With the tombstone that ingest builds of a message.
pub fn delete(actor: &str, message: Message) -> ConversationRequest {
    let message = Box::new(message.removed(0));
    ConversationRequest::DeleteMessage(DeleteMessage { actor: user(actor), message })
}

/// With the message as ingest has read it.
pub fn edit(actor: &str, message: Message, text: &str) -> EditMessage {
    EditMessage {
        actor: user(actor),
        message: Box::new(message),
        content: Content::plain(text),
        mentions: Mentions::default(),
    }
}

pub fn naming(sender: &str, id: u8, people: &[&str], all: bool) -> ConversationRequest {
    let mentions = Mentions { people: profiles(people), all };
    ConversationRequest::PostMessage(PostMessage { mentions, ..posting(sender, id, "hear") })
}

/// A change of how the user keeps a conversation, of nothing yet.
pub fn organize(conversation_number: u8, head: i64) -> OrganizeConversation {
    OrganizeConversation::nothing(conversation(conversation_number), head)
}

pub fn block(by: &str, other: &str, blocked: bool) -> ConversationRequest {
    ConversationRequest::SetBlock(SetBlock { user: user(by), other: user(other), blocked })
}

pub fn look_up(name: &str, id: u8, kind: ChargeKind, charge: Offset) -> ConversationRequest {
    ConversationRequest::LookUp(LookUp { user: user(name), client_id: client(id), kind, charge })
}

/// From a client who waits for the answer.
pub fn asked() -> Envelope {
    Envelope { reply: Some(Reply { slot: 0, request: 7 }), ..Envelope::default() }
}

/// From an account that has charged for it, for a client who waits.
pub fn paid(charge: Charge) -> Envelope {
    Envelope { charge: Some(charge), ..asked() }
}
