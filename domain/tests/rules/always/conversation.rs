//! Requests to a conversation, in random runs: by members, by strangers, before it is open.

use musclemap_domain::Conversations;
use schemas::UserId;
use schemas::charging::{Charge, ChargeKind};
use schemas::creating::ConversationKind::{Direct, Group};
use schemas::membership::Role;
use schemas::message::Message;
use schemas::operations::{
    AcknowledgeDelivery, AddMembers, DeleteMessage, LookUp, MarkRead, OpenConversation, PostMessage,
    RemoveMember, SetBlock, SetRole,
};
use schemas::people::Profile;
use schemas::record::Envelope;
use schemas::rows::MessageHead;

use super::generators::{Draw, Generated, Run};
use crate::attaching::file;
use crate::forwarding::from_bob;
use crate::harness::Harness;
use crate::names::{asked, charge, client, paid, posting, profile, sent, stub, user};
use crate::stickers::sent_sticker;

const PEOPLE: [&str; 4] = ["ann", "bob", "cleo", "dave"];

type Drawn<T> = Option<(Envelope, T)>;

/// Every request carries a charge of its own.
pub fn own_charge(run: &Run<Conversations>, id: u8, kind: ChargeKind) -> Envelope {
    paid(Charge { at: run.now, ..charge(id, kind, 1_000 + run.harness.next) })
}

impl Generated<Conversations> for OpenConversation {
    const WEIGHT: u32 = 2;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let (kind, others) = if draw.below(3) > 0 { (Group, draw.below(3) + 1) } else { (Direct, 1) };
        let participants: Vec<UserId> = PEOPLE[1..=others].iter().map(|name| user(name)).collect();
        let requests = if draw.coin() { participants[..1].to_vec() } else { vec![] };
        let open = Self { kind, creator: user(PEOPLE[0]), participants, requests, title: None };
        Some((own_charge(run, 0, ChargeKind::Create), open))
    }
}

/// Some answer a message, of these some one that is not there, or another's; some carry a file.
impl Generated<Conversations> for PostMessage {
    const WEIGHT: u32 = 9;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let (sender, id) = (draw.of(&PEOPLE), draw.below(6) as u8);
        let seq = draw.from(-4, 12);
        let answered = (seq > -2).then(|| stub(seq, draw.of(&PEOPLE), None));
        // One of six ids is of a message with a file.
        let attachments = if id >= 4 { vec![file(1)] } else { vec![] };
        // Another one is a sticker.
        let sticker = (id == 4).then(|| Box::new(sent_sticker()));
        // Some of these are copies.
        let forwarded = (id == 5 && draw.coin()).then(|| Box::new(from_bob()));
        let reply_to = answered.map(Box::new);
        let text = if id == 4 { "" } else { "hello" };
        let post = Self { reply_to, attachments, sticker, forwarded, ..posting(sender, id, text) };
        Some((own_charge(run, id, ChargeKind::Send), post))
    }
}

impl Generated<Conversations> for LookUp {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let (user, client_id) = (user(draw.of(&PEOPLE)), client(draw.from(0, 6)));
        Some((asked(), Self { user, client_id, kind: ChargeKind::Send, charge: 0 }))
    }
}

impl Generated<Conversations> for MarkRead {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let is_shown = draw.coin();
        Some((asked(), Self { user: user(draw.of(&PEOPLE)), up_to: draw.from(-2, 20), is_shown }))
    }
}

impl Generated<Conversations> for AcknowledgeDelivery {
    const WEIGHT: u32 = 3;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        Some((asked(), Self { user: user(draw.of(&PEOPLE)), up_to: draw.from(-2, 20) }))
    }
}

impl Generated<Conversations> for AddMembers {
    const WEIGHT: u32 = 3;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let actor = profile(draw.of(&PEOPLE[..2]));
        let people: Vec<Profile> = (0..=draw.below(2)).map(|_| profile(draw.of(&PEOPLE))).collect();
        let requests = if draw.coin() { vec![people[0].user.clone()] } else { vec![] };
        Some((asked(), Self { actor, people, requests }))
    }
}

impl Generated<Conversations> for RemoveMember {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        Some((asked(), Self { actor: profile(draw.of(&PEOPLE)), person: profile(draw.of(&PEOPLE)) }))
    }
}

impl Generated<Conversations> for SetRole {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let (actor, person) = (profile(draw.of(&PEOPLE[..2])), profile(draw.of(&PEOPLE)));
        let role = [Role::Owner, Role::Moderator, Role::Member][draw.below(3)];
        Some((asked(), Self { actor, person, role }))
    }
}

/// Some message that is there, as ingest reads it; a system message as ann's.
pub fn some_message(run: &Run<Conversations>, draw: &mut Draw<'_>) -> Option<Message> {
    let heads: Vec<(i64, &MessageHead)> = run.harness.all::<MessageHead>().collect();
    let (seq, head) = (!heads.is_empty()).then(|| heads[draw.below(heads.len())])?;
    let sender = head.sender.as_ref().map_or("ann", |sender| sender.as_str());
    Some(sent(seq, sender, head.position, head.at))
}

/// Some with a core that is not the message's own.
impl Generated<Conversations> for DeleteMessage {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let mut message = some_message(run, draw)?;
        message.position += i64::from(draw.below(8) == 0);
        let actor = if draw.coin() { message.sender.user.clone() } else { user(draw.of(&PEOPLE)) };
        Some((asked(), Self { actor, message: Box::new(message.removed(0)) }))
    }
}

impl Generated<Conversations> for SetBlock {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Drawn<Self> {
        let (user, other) = (user(draw.of(&PEOPLE[..2])), user(draw.of(&PEOPLE[..2])));
        Some((asked(), Self { user, other, blocked: draw.coin() }))
    }
}

/// A conversation that may be opened as a group, or as the DIRECT one of ann and bob; they alone block.
pub fn of_ann_and_bob() -> Run<Conversations> {
    Run { harness: Harness::pair(), now: 10_000, out: vec![] }
}
