//! What crosses a wire, in words.

mod accounts;
mod aspects;
mod files;
mod polls;
mod previews;
mod refusals;
mod reporting;
mod scheduling;
pub mod stickers;

use schemas::avro;
use schemas::blocking::{BlockInterval, Blocks};
use schemas::charging::Charge;
use schemas::creating::Opened;
use schemas::forwarding::Provenance;
use schemas::membership::{Member, MembershipInterval};
use schemas::message::{Body, Content, Message};
use schemas::message_requests::MessageRequest;
use schemas::operations::React;
use schemas::organizing::{NotificationLevel, Organized};
use schemas::privacy::Privacy;
use schemas::receipts::Watermarks;
use schemas::record::{CHARGE_HEADER, ID_HEADER, Outgoing, Output, event_time};
use schemas::reporting::FileReport;
use schemas::tables::views::{BlocksRow, CREATED, MembershipRow, MessageRow, ViewRow};
use schemas::tables::{AUDIT, BLOCKS, MESSAGES, PUBLIC_STICKER_PACKS, REPORTS, STICKER_PACKS, TIMERS, Value};
use schemas::topics::Topic;
use schemas::verdict::Outcome;
use schemas::{AccountRequest, ClientId, ConversationFact, ConversationId, ConversationRequest, UserId};

use accounts::account_fact;
use aspects::reaction;
pub use aspects::reactions;
pub use files::{attachment, files};
pub use polls::tally;
pub use refusals::refusal;
pub use reporting::report;
pub use scheduling::scheduled;

pub fn client(id: &ClientId) -> String {
    client_key(id.uuid().as_bytes())
}

pub fn client_key(bytes: &[u8]) -> String {
    format!("c{}", i64::from_be_bytes(bytes[8..].try_into().unwrap()))
}

/// `k1` for a numbered one, the first digits of a derived one.
pub fn conversation(id: &ConversationId) -> String {
    match id.as_str().strip_prefix(&"0".repeat(30)) {
        Some(number) => format!("k{}", u8::from_str_radix(number, 16).unwrap()),
        None => id.as_str()[..6].to_owned(),
    }
}

pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(accepted) if accepted.repeated => "accepted as a repeat".to_owned(),
        Outcome::Accepted(_) => "accepted".to_owned(),
        Outcome::Stored(stored) => format!("stored as {}", stored.seq),
        Outcome::Done(done) if done.changed => "done".to_owned(),
        Outcome::Done(_) => "nothing to do".to_owned(),
        Outcome::Refused(refused) => refusal(&refused.refusal),
    }
}

pub fn member(member: &Member) -> String {
    let read = if member.marks.read.up_to > 0 {
        format!(", returned with {} read", member.marks.read.up_to)
    } else {
        String::new()
    };
    let request = member.request.as_ref().map_or(String::new(), |request| format!(", {}", asked(request)));
    format!("{} {}{read}{request}", member.role.as_str(), intervals(&member.intervals))
}

fn asked(request: &MessageRequest) -> String {
    let state = format!("{:?}", request.state).to_lowercase();
    format!("request by {} {state}", request.by)
}

/// Delivery is said where it is ahead of reading.
pub fn marks(marks: &Watermarks) -> String {
    let delivered = marks.delivered.up_to;
    let ahead = if delivered > marks.read.up_to { format!(", delivered {delivered}") } else { String::new() };
    let is_shown = marks.shown.up_to == marks.read.up_to;
    let shown = if is_shown { String::new() } else { format!(", shown {}", marks.shown.up_to) };
    format!("read {}{ahead}{shown}", marks.read.up_to)
}

pub fn intervals(intervals: &[MembershipInterval]) -> String {
    let each = |interval: &MembershipInterval| match interval.to {
        None => {
            let MembershipInterval { from, first_seq, first_ordinal, .. } = interval;
            format!("since #{from}, sees from {first_seq} after {first_ordinal}")
        }
        Some(to) => format!("from #{} to #{to}", interval.from),
    };
    intervals.iter().map(each).collect::<Vec<String>>().join("; ")
}

pub fn view(row: &ViewRow) -> String {
    if row.table.name == TIMERS.name {
        return scheduling::timer(row);
    }
    let Value::Text(of) = &row.partition[0] else { panic!("a view is partitioned by an id") };
    if row.table.name == MESSAGES.name && row.key[1] != Value::text(CREATED) {
        aspects::aspect(&conversation(&of.parse().unwrap()), row)
    } else if row.table.name == MESSAGES.name {
        let row = MessageRow::from_row(&of.parse().unwrap(), &row.columns).unwrap();
        format!("messages {} {}", conversation(&row.conversation), message(&row.message))
    } else if row.table.name == BLOCKS.name {
        let row = BlocksRow::from_row(&of.parse().unwrap(), &row.key, &row.columns).unwrap();
        let (by_user, by_other) = (blocks(&row.blocks.by_user), blocks(&row.blocks.by_other));
        let awaits = if row.blocks.user_awaits { ", they await the other" } else { "" };
        let awaited = if row.blocks.other_awaits { ", the other awaits them" } else { "" };
        format!(
            "blocks {} and {}: by them {by_user}, by the other {by_other}{awaits}{awaited}",
            row.user, row.other
        )
    } else if row.table.name == AUDIT.name {
        reporting::audited(row)
    } else if row.table.name == REPORTS.name {
        reporting::listed(of, row)
    } else if [STICKER_PACKS.name, PUBLIC_STICKER_PACKS.name].contains(&row.table.name) {
        stickers::view(of, row)
    } else {
        let row_of = MembershipRow::from_row(&of.parse().unwrap(), &row.key, &row.columns).unwrap();
        format!(
            "{} {} {}: {}",
            row.table.name,
            of,
            conversation(&row_of.conversation),
            member(&row_of.member)
        )
    }
}

/// A message as its row or its event tells it.
pub fn message(message: &Message) -> String {
    let Message { seq, sender, recipients, .. } = message;
    let text = match &message.body {
        Body::Text(text) => {
            let edited = text
                .edited
                .map_or(String::new(), |edited| format!(" (edit {} at {})", edited.count, edited.at));
            let of = |from: &Provenance| format!(" of {}", from.sender.user);
            let forwarded = text.forwarded.as_deref().map_or(String::new(), of);
            let carried = files(text.attachments.iter().map(|file| &file.attachment));
            let carried = if carried.is_empty() { carried } else { format!(" with{carried}") };
            let sticker = text.sticker.as_ref().map_or(String::new(), |one| stickers::sent(one));
            content(&text.content) + &sticker + &edited + &forwarded + &carried
        }
        Body::Note(note) => {
            let targets: Vec<&str> = note.targets.iter().map(|target| target.username.as_str()).collect();
            let value = note.value.as_ref().map_or(String::new(), |value| format!(" {value:?}"));
            format!("{:?} [{}]{value}", note.kind, targets.join(" "))
        }
        Body::Removed(removed) if removed.is_hidden => format!("hidden at {}", removed.at),
        Body::Removed(removed) => format!("removed at {}", removed.at),
        Body::Poll(poll) => polls::poll(poll),
    };
    let id = message.client_id.as_ref().map_or(String::new(), |id| format!(" as {}", client(id)));
    let answers = message.reply_to.as_ref().map_or(String::new(), |parent| {
        let quoted = parent.content.as_ref().map_or(String::new(), |text| format!(" {}", content(text)));
        format!(" answering {}{quoted}", parent.seq)
    });
    let names = message.mentions.people.iter().map(|person| format!(" @{}", person.username));
    let all = message.mentions.all.then_some(" @all".to_owned());
    let names: String = names.chain(all).collect();
    format!("{seq}: {text} by {}{id}, {recipients} recipients{answers}{names}", sender.user)
}

/// Title, description, image, and who posts.
pub fn about(opened: &Opened) -> String {
    let title = opened.title.as_ref().map(|title| format!("{title:?}"));
    let description = opened.description.as_ref().map(|text| format!("described {text:?}"));
    let only = opened.announcements_only.then(|| "announcements only".to_owned());
    let avatar = opened.avatar.as_ref().map(|file| format!("with image{}", files([&file.attachment])));
    [title, description, avatar, only].into_iter().flatten().collect::<Vec<String>>().join(", ")
}

pub fn organized(kept: &Organized) -> String {
    let archived =
        kept.archived.map(|archived| format!("archived at {} up to {}", archived.at, archived.head));
    let starred = kept.starred.then(|| "starred".to_owned());
    let muted = (kept.muted_until > 0).then(|| format!("muted until {}", kept.muted_until));
    let level = (kept.level != NotificationLevel::All).then(|| format!("level {:?}", kept.level));
    let labels = (!kept.labels.is_empty()).then(|| format!("labels {}", kept.labels.join(" ")));
    let all: Vec<String> = [archived, starred, muted, level, labels].into_iter().flatten().collect();
    if all.is_empty() { "as at first".to_owned() } else { all.join(", ") }
}

pub fn privacy(privacy: &Privacy) -> String {
    let said = |is_on: bool, what: &'static str| is_on.then_some(what);
    let switches = [
        said(privacy.show_read_receipts, "receipts"),
        said(privacy.show_typing_indicator, "typing"),
        said(privacy.allow_message_requests, "requests"),
        said(privacy.appear_offline, "appears offline"),
    ];
    let switches: Vec<&str> = switches.into_iter().flatten().collect();
    let (writes, online) = (privacy.who_can_message_me, privacy.show_online_status);
    format!("{writes:?} may write, {online:?} may see, {}", switches.join(" "))
}

pub fn blocks(blocks: &Blocks) -> String {
    let interval = |interval: &BlockInterval| {
        format!("{}..{}", interval.from, interval.to.map_or(String::new(), |to| to.to_string()))
    };
    let all: Vec<String> = blocks.intervals.iter().map(interval).collect();
    if all.is_empty() { "never".to_owned() } else { all.join(" ") }
}

/// Text that is worth reading is shown, long text is counted.
pub fn content(content: &Content) -> String {
    match content.text.chars().count() {
        ..=20 => format!("{:?}", content.text),
        count => format!("({count} characters)"),
    }
}

/// A text, unless it was erased.
pub fn erasable(text: Option<&Content>) -> String {
    text.map_or("erased".to_owned(), content)
}

fn charged(charge: &Charge) -> String {
    let id = charge.client_id.as_ref().map_or(String::new(), |id| format!(" {}", client(id)));
    let flagged = charge.flagged.as_ref().map_or(String::new(), |of| {
        format!(", which {} flag as {}", of.rules.join(" and "), of.reason.as_str())
    });
    format!(
        "#{} {}{id} {:?} {} at {} for {}{flagged}",
        charge.position,
        charge.user,
        charge.kind,
        conversation(&charge.conversation),
        charge.at,
        charge.price_milli
    )
}

pub fn output(output: &Output, topic: &Topic) -> String {
    let (key, body) = match output {
        Output::ToAccount { user, request, .. } => (user.to_string(), account_request(request)),
        Output::ToConversation { conversation: id, request, .. } => {
            (conversation(id), conversation_request(request))
        }
        Output::ConversationEvent { conversation: id, fact, .. } => {
            (conversation(id), conversation_fact(fact))
        }
        Output::AccountEvent { user, fact } => (user.to_string(), account_fact(fact)),
    };
    let topic = topic.name.trim_start_matches("messaging.").trim_end_matches(".v1");
    format!("{topic} {key}: {body}")
}

/// The asked among members, if any.
fn names(asked: &[UserId]) -> String {
    let names: Vec<&str> = asked.iter().map(UserId::as_str).collect();
    if names.is_empty() { String::new() } else { format!(", asking {}", names.join(" ")) }
}

fn account_request(request: &AccountRequest) -> String {
    match request {
        AccountRequest::Refund(back) => {
            let why = back.refusal.as_deref().map_or("nothing to do".to_owned(), refusal);
            format!("refund [{}] because {why}", charged(&back.charge))
        }
        AccountRequest::NoteRequest(note) => format!("note the request {}", conversation(&note.conversation)),
        AccountRequest::SettleRequest(over) => {
            format!("settle the request {}", conversation(&over.conversation))
        }
        AccountRequest::NoteBlock(note) => {
            format!(
                "note that {} is {}",
                note.other,
                if note.blocked { "blocked" } else { "blocked no more" }
            )
        }
        AccountRequest::CountFiles(count) => {
            format!("{}{}", if count.more { "carried:" } else { "released:" }, files(&count.attachments))
        }
        AccountRequest::SetSuspension(set) => reporting::suspension(set),
        AccountRequest::SettleSchedule(settle) => {
            format!("{} is message {}", client(&settle.id), settle.seq)
        }
        other => panic!("no machine asks an account for {other:?}"),
    }
}

fn conversation_request(request: &ConversationRequest) -> String {
    match request {
        ConversationRequest::PostMessage(post) => format!("post {}", content(&post.content)),
        ConversationRequest::PostPoll(post) => format!("post {}", polls::poll(&post.poll)),
        ConversationRequest::OpenConversation(open) => {
            let title = open.title.as_ref().map_or(String::new(), |title| format!(" {title:?}"));
            format!("open {}{title} by {} with {}", open.kind.as_str(), open.creator, open.participants.len())
        }
        ConversationRequest::EditMessage(edit) => {
            format!("edit {} to {}", edit.message.seq, content(&edit.content))
        }
        ConversationRequest::LookUp(up) => {
            format!("look up {} {} {:?} charged at #{}", up.user, client(&up.client_id), up.kind, up.charge)
        }
        ConversationRequest::React(React { user, target, emoji }) => {
            format!("react {emoji} to {} of {} by {user}", target.seq, target.author)
        }
        ConversationRequest::FileReport(FileReport { reporter, message, reason, .. }) => {
            format!("report {} by {reporter}: {}", message.seq, reason.as_str())
        }
        ConversationRequest::DeclineRequest(drop) => format!("decline for {}", drop.user),
        other => panic!("no machine asks a conversation for {other:?}"),
    }
}

fn conversation_fact(fact: &ConversationFact) -> String {
    match fact {
        ConversationFact::ConversationOpened(opened) => {
            let about = &opened.about;
            let asked = names(&opened.requests);
            format!("opened {} by {} for {}{asked}", about.kind.as_str(), about.by, opened.members.len())
        }
        ConversationFact::MessageCreated(created) => format!("created {}", message(&created.message)),
        ConversationFact::MessageEdited(edited) => format!("edited {}", message(&edited.message)),
        ConversationFact::MessageDeleted(deleted) => {
            format!("deleted by {}: {}", deleted.by, message(&deleted.message))
        }
        ConversationFact::ReportFiled(filed) => reporting::filed(filed),
        ConversationFact::ReportResolved(resolved) => reporting::resolved(resolved),
        ConversationFact::MessageHidden(hidden) => format!("hidden {}", message(&hidden.message)),
        ConversationFact::MessageShown(shown) => format!("shown {}", message(&shown.message)),
        ConversationFact::MembersChanged(changed) => {
            let members = changed.members.iter();
            let members = members.map(|member| format!(" {}: {}", member.user, intervals(&member.intervals)));
            let asked = names(&changed.requests);
            format!("members changed by {}:{}{asked}", changed.by, members.collect::<String>())
        }
        ConversationFact::ConversationUpdated(updated) => {
            format!("updated by {}: {}", updated.by, about(&updated.about))
        }
        ConversationFact::RolesChanged(changed) => {
            let each =
                changed.members.iter().map(|member| format!(" {} {}", member.user, member.role.as_str()));
            format!("roles changed by {}:{}", changed.by, each.collect::<String>())
        }
        ConversationFact::ReceiptAdvanced(read) => {
            let in_private = if read.is_shown { "" } else { " in private" };
            format!("{} has read {}{in_private}", read.user, read.read_up_to)
        }
        ConversationFact::DeliveryAdvanced(delivery) => {
            let in_private = if delivery.is_shown { "" } else { " in private" };
            format!("{} has {}{in_private}", delivery.user, delivery.delivered_up_to)
        }
        ConversationFact::MarkedUnread(unread) => {
            format!("{} has {} it as unread", unread.user, if unread.marked { "marked" } else { "unmarked" })
        }
        ConversationFact::ReactionAdded(added) => format!("added {}", reaction(&added.reaction)),
        ConversationFact::ReactionRemoved(removed) => format!("removed {}", reaction(&removed.reaction)),
        ConversationFact::RequestChanged(changed) => {
            let request = changed.request.as_ref().map_or("request accepted".to_owned(), asked);
            let pair = changed.pair.as_ref().map_or(String::new(), |pair| format!(", of {}", pair.other));
            format!("{}: {request}{pair}; {}", changed.user, intervals(&changed.intervals))
        }
        ConversationFact::MessagePinned(pinned) => {
            format!("pinned at {} by {}: {}", pinned.pin.at, pinned.pin.by, message(&pinned.message))
        }
        ConversationFact::PollChanged(changed) => polls::changed(&message(&changed.message), changed),
        ConversationFact::PreviewAttached(attached) => {
            previews::attached(&message(&attached.message), attached)
        }
        ConversationFact::MessageUnpinned(unpinned) => {
            format!("unpinned by {}: {}", unpinned.by, message(&unpinned.message))
        }
        ConversationFact::BlocksChanged(changed) => {
            let (by_user, by_other) = (blocks(&changed.blocks.by_user), blocks(&changed.blocks.by_other));
            format!("blocks by {} {by_user}, by {} {by_other}", changed.user, changed.other)
        }
    }
}

/// Id, time and type, then our own headers; of the others those that every record has alike.
pub fn headers(record: &Outgoing) -> String {
    let headers = || record.headers.iter().map(|(name, value)| (*name, value.as_slice()));
    let header = |wanted: &str| {
        let (_, value) = headers().find(|(name, _)| *name == wanted).unwrap();
        String::from_utf8_lossy(value)
    };
    let own = headers().filter(|(name, _)| name.starts_with("mm-")).map(|(name, value)| match name {
        CHARGE_HEADER => format!(" {name}=[{}]", charged(&avro::decode(value).unwrap())),
        _ => format!(" {name}={}", String::from_utf8_lossy(value)),
    });
    assert_eq!((&*header("ce_specversion"), &*header("content-type")), ("1.0", "application/avro"));
    assert_eq!(avro::subject_of(avro::schema_id(&record.value).unwrap()), Some(&*header("ce_type")));
    let at = event_time(headers()).unwrap();
    format!("{} id={} at {at}{}", header("ce_type"), header(ID_HEADER), own.collect::<String>())
}
