//! What crosses a wire, in words.

use schemas::account::{AccountFact, AccountRequest, Charge};
use schemas::avro;
use schemas::conversation::{Content, ConversationFact, ConversationRequest, Message};
use schemas::message::{CHARGE_HEADER, Outgoing, Output};
use schemas::rows::{Blocks, Interval, Member, Stay};
use schemas::tables::views::{BlocksRow, MembershipRow, MessageRow, ViewRow};
use schemas::tables::{BLOCKS, MESSAGES, Value};
use schemas::topics::Topic;
use schemas::verdict::Outcome;
use schemas::{ClientId, ConversationId, Refusal};

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

pub fn refusal(refusal: &Refusal) -> String {
    let number = |name: &str, value: Option<i64>| value.map(|value| format!(" {name}={value}"));
    let text = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(" {name}={value}"));
    let details = [
        text("field", &refusal.field),
        text("limit", &refusal.limit),
        number("windowSeconds", refusal.window_seconds),
        number("retryAfterMs", refusal.retry_after_ms),
        number("requiredMilli", refusal.required_milli),
        number("balanceMilli", refusal.balance_milli),
    ];
    let details: String = details.into_iter().flatten().collect();
    format!("{}{details} ({})", refusal.code.as_str(), refusal.detail)
}

pub fn member(member: &Member) -> String {
    format!("{} {}", member.role.as_str(), stays(&member.stays))
}

fn stays(stays: &[Stay]) -> String {
    let stay = |stay: &Stay| match stay.to {
        None => format!("since #{}, sees from {}", stay.from, stay.first_seq),
        Some(to) => format!("from #{} to #{to}", stay.from),
    };
    stays.iter().map(stay).collect::<Vec<String>>().join("; ")
}

pub fn view(row: &ViewRow) -> String {
    let Value::Text(of) = &row.partition[0] else { panic!("a view is partitioned by an id") };
    if row.table.name == MESSAGES.name {
        let row = MessageRow::from_row(&of.parse().unwrap(), &row.columns).unwrap();
        format!("messages {} {}", conversation(&row.conversation), message(&row.message))
    } else if row.table.name == BLOCKS.name {
        let row = BlocksRow::from_row(&of.parse().unwrap(), &row.key, &row.columns).unwrap();
        let (by_user, by_other) = (blocks(&row.blocks.by_user), blocks(&row.blocks.by_other));
        format!("blocks {} and {}: by them {by_user}, by the other {by_other}", row.user, row.other)
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
fn message(message: &Message) -> String {
    let Message { seq, sender, recipients, .. } = message;
    let text = match (&message.content, &message.note) {
        (Some(text), _) => content(text),
        (None, Some(note)) => {
            let targets: Vec<&str> = note.targets.iter().map(|target| target.username.as_str()).collect();
            format!("{:?} [{}]", note.kind, targets.join(" "))
        }
        (None, None) => "nothing".to_owned(),
    };
    let id = message.client_id.as_ref().map_or(String::new(), |id| format!(" as {}", client(id)));
    let answers = message.reply_to.as_ref().map_or(String::new(), |parent| {
        let quoted = parent.content.as_ref().map_or(String::new(), |text| format!(" {}", content(text)));
        format!(" answering {}{quoted}", parent.seq)
    });
    let names = message.mentions.people.iter().map(|person| format!(" @{}", person.username));
    let all = message.mentions.all.then_some(" @all".to_owned());
    let names: String = names.chain(all).collect();
    let deleted = message.deleted_at.map_or(String::new(), |at| format!(", deleted at {at}"));
    format!("{seq}: {text} by {}{id}, {recipients} recipients{answers}{names}{deleted}", sender.user)
}

pub fn blocks(blocks: &Blocks) -> String {
    let interval = |interval: &Interval| {
        format!("{}..{}", interval.from, interval.to.map_or(String::new(), |to| to.to_string()))
    };
    let all: Vec<String> = blocks.intervals.iter().map(interval).collect();
    if all.is_empty() { "never".to_owned() } else { all.join(" ") }
}

/// Text that is worth reading is shown, long text is counted.
fn content(content: &Content) -> String {
    match content.text.chars().count() {
        ..=20 => format!("{:?}", content.text),
        count => format!("({count} characters)"),
    }
}

fn charged(charge: &Charge) -> String {
    format!(
        "#{} {} {} {:?} {} at {} for {}",
        charge.position,
        charge.user,
        client(&charge.client_id),
        charge.kind,
        conversation(&charge.conversation),
        charge.at,
        charge.price_milli
    )
}

pub fn output(output: &Output, topic: &Topic) -> String {
    let (key, body) = match output {
        Output::ToAccount { user, body, .. } => (user.to_string(), account_request(body)),
        Output::ToConversation { conversation: id, body, .. } => {
            (conversation(id), conversation_request(body))
        }
        Output::Event { conversation: id, at, body } => (conversation(id), format!("at {at} {}", fact(body))),
        Output::AccountEvent { user, at, body } => {
            (user.to_string(), format!("at {at} {}", account_fact(body)))
        }
    };
    let topic = topic.name.trim_start_matches("messaging.").trim_end_matches(".v1");
    format!("{topic} {key}: {body}")
}

fn account_request(request: &AccountRequest) -> String {
    match request {
        AccountRequest::ReturnCharge(back) => {
            let why = back.refusal.as_ref().map_or("nothing to do".to_owned(), refusal);
            format!("give back [{}] because {why}", charged(&back.charge))
        }
        other => panic!("no machine asks an account for {other:?}"),
    }
}

fn conversation_request(request: &ConversationRequest) -> String {
    match request {
        ConversationRequest::PostMessage(post) => format!("post {}", content(&post.content)),
        ConversationRequest::OpenConversation(open) => {
            let title = open.title.as_ref().map_or(String::new(), |title| format!(" {title:?}"));
            format!("open {}{title} by {} with {}", open.kind.as_str(), open.creator, open.participants.len())
        }
        ConversationRequest::LookUp(up) => {
            format!("look up {} {} {:?} charged at #{}", up.user, client(&up.client_id), up.kind, up.charge)
        }
        other => panic!("no machine asks a conversation for {other:?}"),
    }
}

fn fact(fact: &ConversationFact) -> String {
    match fact {
        ConversationFact::ConversationOpened(opened) => {
            format!("opened {} by {} for {}", opened.kind.as_str(), opened.created_by, opened.members.len())
        }
        ConversationFact::MessagePosted(posted) => {
            format!("posted {}", message(&posted.message))
        }
        ConversationFact::MessageDeleted(deleted) => {
            format!("deleted by {}: {}", deleted.by, message(&deleted.message))
        }
        ConversationFact::MembersChanged(changed) => {
            let members =
                changed.members.iter().map(|member| format!(" {}: {}", member.user, stays(&member.stays)));
            format!("members changed by {}:{}", changed.by, members.collect::<String>())
        }
        ConversationFact::ReceiptAdvanced(read) => format!("{} has read {}", read.user, read.read_up_to),
        ConversationFact::BlocksChanged(changed) => {
            let by = |intervals: &Vec<Interval>| blocks(&Blocks { intervals: intervals.clone() });
            let (user, other) = (&changed.user, &changed.other);
            format!("blocks by {user} {}, by {other} {}", by(&changed.by_user), by(&changed.by_other))
        }
    }
}

fn account_fact(fact: &AccountFact) -> String {
    match fact {
        AccountFact::CreditsChanged(changed) => {
            format!("{} {:+} → {}", changed.kind.as_str(), changed.amount_milli, changed.balance_after_milli)
        }
        AccountFact::SendRejected(rejected) => {
            let (id, to) = (client(&rejected.client_id), conversation(&rejected.conversation));
            format!("send {id} to {to} rejected: {}", refusal(&rejected.refusal))
        }
    }
}

pub fn headers(record: &Outgoing) -> String {
    let each = record.headers.iter().map(|(name, value)| match *name {
        CHARGE_HEADER => format!("{name}=[{}]", charged(&avro::decode(value).unwrap())),
        _ => format!("{name}={}", String::from_utf8_lossy(value)),
    });
    each.collect::<Vec<_>>().join(" ")
}
