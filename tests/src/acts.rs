//! What users do in tests, as they would over the API.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::files::FILES;
use crate::{Client, System};

pub async fn people<const N: usize>(server: &System, names: [&str; N]) -> [Client; N] {
    let mut people = Vec::new();
    for name in names {
        people.push(Client::login(server, name).await);
    }
    people.try_into().unwrap_or_else(|_| unreachable!())
}

/// A user who may use the admin API.
pub async fn admin(server: &System) -> Client {
    Client::login_as(server, "ada", json!({ "roles": ["admin"] })).await
}

pub async fn add(by: &Client, chat: &str, people: &[&Client]) -> Value {
    let query = "mutation($c: ID!, $u: [ID!]!) { addParticipants(conversationId: $c, userIds: $u) {
        participantCount participants { nodes { user { id } role } } } }";
    let ids: Vec<&str> = people.iter().map(|person| person.user.as_str()).collect();
    by.ask(query, json!({ "c": chat, "u": ids })).await
}

pub async fn remove(by: &Client, chat: &str, person: &Client) -> Value {
    let query = "mutation($c: ID!, $u: ID!) { removeParticipant(conversationId: $c, userId: $u) { participantCount } }";
    by.ask(query, json!({ "c": chat, "u": person.user })).await
}

pub async fn leave(by: &Client, chat: &str) -> Value {
    by.ask("mutation($c: ID!) { leaveConversation(conversationId: $c) }", json!({ "c": chat })).await
}

pub async fn delete(by: &Client, message: &Value) -> Value {
    let query = "mutation($m: ID!) { deleteMessage(messageId: $m) { id content deletedAt sender { id } } }";
    by.ask(query, json!({ "m": message["id"] })).await
}

pub async fn edit(by: &Client, message: &Value, text: &str) -> Value {
    let query = "mutation($m: ID!, $t: String!) { editMessage(messageId: $m, content: $t) {
        id content isEdited editCount editedAt } }";
    by.ask(query, json!({ "m": message["id"], "t": text })).await
}

/// What a message's reactions say to a user.
pub const REACTIONS: &str = "reactions { emoji count hasReacted users { username } }";

pub async fn add_reaction(by: &Client, message: &Value, emoji: &str) -> Value {
    let query = format!(
        "mutation($m: ID!, $e: String!) {{ addReaction(messageId: $m, emoji: $e) {{ id {REACTIONS} }} }}"
    );
    by.ask(&query, json!({ "m": message["id"], "e": emoji })).await
}

pub async fn remove_reaction(by: &Client, message: &Value, emoji: &str) -> Value {
    let query = format!(
        "mutation($m: ID!, $e: String!) {{ removeReaction(messageId: $m, emoji: $e) {{ id {REACTIONS} }} }}"
    );
    by.ask(&query, json!({ "m": message["id"], "e": emoji })).await
}

pub async fn pin(by: &Client, message: &Value) -> Value {
    let query =
        "mutation($m: ID!) { pinMessage(messageId: $m) { id content pinnedAt pinnedBy { username } } }";
    by.ask(query, json!({ "m": message["id"] })).await
}

pub async fn unpin(by: &Client, message: &Value) -> Value {
    let query =
        "mutation($m: ID!) { unpinMessage(messageId: $m) { id content pinnedAt pinnedBy { username } } }";
    by.ask(query, json!({ "m": message["id"] })).await
}

/// A poll as a user sees it.
pub const POLL: &str =
    "content contentType card { __typename ... on Poll { question multiple anonymous closesAt closed
    options { id text votes hasVoted voters { username } } } }";

/// A time that is that far away, as the API writes it.
pub fn time_in(seconds: u64) -> String {
    (Timestamp::now() + Duration::from_secs(seconds)).to_string()
}

/// What a scheduled message says to its user.
pub const SCHEDULED: &str =
    "id conversationId content scheduledFor timeZone status sentAt messageId failure createdAt";

/// Schedules a text under an id of the client, for a number of seconds from now; the whole answer.
pub async fn schedule(by: &Client, chat: &str, text: &str, seconds: u64) -> Value {
    let at = time_in(seconds);
    let input = json!({ "conversationId": chat, "content": text, "scheduledFor": at, "clientMessageId": Uuid::new_v4() });
    schedule_as(by, &input).await
}

pub async fn schedule_as(by: &Client, input: &Value) -> Value {
    let query =
        format!("mutation($i: ScheduleMessageInput!) {{ scheduleMessage(input: $i) {{ {SCHEDULED} }} }}");
    by.ask(&query, json!({ "i": input })).await
}

/// The user's scheduled messages, of one conversation or all.
pub async fn scheduled(by: &Client, chat: Option<&str>) -> Vec<Value> {
    let query = format!("query($c: ID) {{ getScheduledMessages(conversationId: $c) {{ {SCHEDULED} }} }}");
    let mut data = by.get(&query, json!({ "c": chat })).await;
    serde_json::from_value(data["getScheduledMessages"].take()).expect("a list")
}

/// Changes what `change` names; the whole answer.
pub async fn reschedule(by: &Client, scheduled: &Value, change: Value) -> Value {
    let query = format!(
        "mutation($id: ID!, $content: String, $scheduledFor: DateTime) {{
            updateScheduledMessage(id: $id, content: $content, scheduledFor: $scheduledFor) {{ {SCHEDULED} }} }}"
    );
    let mut variables = change;
    variables["id"] = scheduled["id"].clone();
    by.ask(&query, variables).await
}

pub async fn cancel_scheduled(by: &Client, scheduled: &Value) -> Value {
    let query = format!("mutation($id: ID!) {{ cancelScheduledMessage(id: $id) {{ {SCHEDULED} }} }}");
    by.ask(&query, json!({ "id": scheduled["id"] })).await
}

/// Creates a poll of one choice; the whole answer.
pub async fn create_poll(by: &Client, chat: &str, question: &str, options: &[&str]) -> Value {
    create_poll_as(by, chat, question, options, json!({ "id": Uuid::new_v4() })).await
}

/// Creates a poll with more variables: `id`, `several`, `anonymous`, `until`; the whole answer.
pub async fn create_poll_as(
    by: &Client,
    chat: &str,
    question: &str,
    options: &[&str],
    mut more: Value,
) -> Value {
    let query = format!(
        "mutation($c: ID!, $q: String!, $o: [String!]!, $several: Boolean, $anonymous: Boolean, $until: DateTime,
            $id: UUID!) {{
            createPoll(conversationId: $c, question: $q, options: $o, multiple: $several, anonymous: $anonymous,
                closesAt: $until, clientMessageId: $id) {{ id clientMessageId {POLL} }} }}"
    );
    (more["c"], more["q"], more["o"]) = (json!(chat), json!(question), json!(options));
    by.ask(&query, more).await
}

/// Votes for options by their ids; the whole answer.
pub async fn vote_poll(by: &Client, message: &Value, options: &[&str]) -> Value {
    let query =
        format!("mutation($m: ID!, $o: [ID!]!) {{ votePoll(messageId: $m, optionIds: $o) {{ id {POLL} }} }}");
    by.ask(&query, json!({ "m": message["id"], "o": options })).await
}

pub async fn close_poll(by: &Client, message: &Value) -> Value {
    let query = format!("mutation($m: ID!) {{ closePoll(messageId: $m) {{ id {POLL} }} }}");
    by.ask(&query, json!({ "m": message["id"] })).await
}

/// Where a message comes from, as a user sees it.
pub const PROVENANCE: &str =
    "forwardedFrom { messageId conversationId conversationTitle sender { username } }";

pub async fn forward(by: &Client, message: &Value, to: &[&str], comment: Option<&str>) -> Value {
    forward_as(by, message, to, comment, Uuid::new_v4()).await
}

/// Forwards under a client id; the whole answer.
pub async fn forward_as(by: &Client, message: &Value, to: &[&str], comment: Option<&str>, id: Uuid) -> Value {
    let query = format!(
        "mutation($m: ID!, $to: [ID!]!, $c: String, $id: UUID!) {{
            forwardMessage(messageId: $m, toConversationIds: $to, addComment: $c, clientMessageId: $id) {{
                id conversationId clientMessageId content contentType {FILES} sender {{ username }} {PROVENANCE} }} }}"
    );
    by.ask(&query, json!({ "m": message["id"], "to": to, "c": comment, "id": id })).await
}

pub async fn rename(by: &Client, chat: &str, title: &str) -> Value {
    let query = "mutation($c: ID!, $t: String) { updateConversation(id: $c, title: $t) { title } }";
    by.ask(query, json!({ "c": chat, "t": title })).await
}

/// Calls a mutation, as it stands in a document, that changes how a conversation is kept; its answer.
pub async fn organize(by: &Client, chat: &str, call: &str) -> Value {
    let query = format!(
        "mutation($c: ID!) {{ kept: {call} {{ id archivedAt starred muted mutedUntil notificationLevel
            labels draft markedUnread }} }}"
    );
    by.get(&query, json!({ "c": chat })).await["kept"].take()
}

/// As a device does that has stored a message.
pub async fn acknowledge(by: &Client, chat: &str, message: &Value) {
    let query = "mutation($c: ID!, $m: ID!) { acknowledgeDelivery(conversationId: $c, upToMessageId: $m) }";
    by.get(query, json!({ "c": chat, "m": message["id"] })).await;
}

pub async fn set_role(by: &Client, chat: &str, person: &Client, role: &str) -> Value {
    let query = "mutation($c: ID!, $u: ID!, $r: ParticipantRole!) {
        setParticipantRole(conversationId: $c, userId: $u, role: $r) {
        participants { nodes { user { username } role } } } }";
    by.ask(query, json!({ "c": chat, "u": person.user, "r": role })).await
}

/// Changes settings of a group, as they stand in a document.
pub async fn update(by: &Client, chat: &str, settings: &str) -> Value {
    let query = format!(
        "mutation($c: ID!) {{ updateConversation(id: $c, {settings}) {{ title description announcementsOnly }} }}"
    );
    by.ask(&query, json!({ "c": chat })).await
}

pub async fn mark_read(by: &Client, chat: &str, message: &Value) {
    let query = "mutation($c: ID!, $m: ID!) { markRead(conversationId: $c, upToMessageId: $m) }";
    by.get(query, json!({ "c": chat, "m": message["id"] })).await;
}

/// Variables of a send that answers another message.
fn reply(chat: &str, parent: &Value, id: Uuid, text: &str) -> Value {
    json!({ "input": { "conversationId": chat, "clientMessageId": id, "content": text, "replyToId": parent["id"] } })
}

/// Sends an answer to another message.
pub async fn answer(by: &Client, chat: &str, parent: &Value, text: &str) -> Value {
    let query =
        "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id replyTo { id content } } }";
    by.get(query, reply(chat, parent, Uuid::new_v4(), text)).await["sendMessage"].take()
}

/// The whole answer.
pub async fn set_typing(by: &Client, chat: &str, is_typing: bool) -> Value {
    by.ask(SET_TYPING, json!({ "c": chat, "t": is_typing })).await
}

pub const SET_TYPING: &str =
    "mutation($c: ID!, $t: Boolean!) { setTypingStatus(conversationId: $c, isTyping: $t) }";

pub const HEARTBEAT: &str = "mutation { heartbeat(device: WEB, active: true) }";

/// A device of the user says that it is there; the whole answer.
pub async fn heartbeat(by: &Client) -> Value {
    by.ask(HEARTBEAT, json!({})).await
}

/// The presence of a user, as another sees it.
pub async fn presence(viewer: &Client, of: &Client) -> Value {
    let query = "query($u: [ID!]!) { presence(userIds: $u) { userId status lastSeen } }";
    let mut seen = viewer.get(query, json!({ "u": [of.user] })).await["presence"].take();
    assert_eq!(seen.as_array().map(Vec::len), Some(1), "{seen}");
    seen[0].take()
}

/// Changes the user's privacy settings.
pub async fn set_privacy(of: &Client, input: Value) {
    let query = "mutation($i: PrivacySettingsInput!) { updatePrivacySettings(input: $i) { appearOffline } }";
    of.get(query, json!({ "i": input })).await;
}

/// Accepts a message request; the whole answer.
pub async fn accept(by: &Client, chat: &str) -> Value {
    let query = "mutation($c: ID!) { acceptMessageRequest(conversationId: $c) { id isRequest canPost } }";
    by.ask(query, json!({ "c": chat })).await
}

/// Declines a message request; the whole answer.
pub async fn decline(by: &Client, chat: &str) -> Value {
    by.ask("mutation($c: ID!) { declineMessageRequest(conversationId: $c) }", json!({ "c": chat })).await
}

/// A block is an interval of milliseconds: what was acknowledged before stands outside of it.
pub async fn set_block(by: &Client, other: &Client, blocked: bool) {
    let before = Timestamp::now().as_millisecond();
    while Timestamp::now().as_millisecond() <= before {
        sleep(Duration::from_millis(1)).await;
    }
    let name = if blocked { "blockUser" } else { "unblockUser" };
    let query = format!("mutation($u: ID!) {{ {name}(userId: $u) }}");
    assert_eq!(by.get(&query, json!({ "u": other.user })).await[name], true);
}

pub fn contents(history: &[Value]) -> Vec<Option<&str>> {
    history.iter().map(|message| message["content"].as_str()).collect()
}

/// Answers another message under a client id; the whole answer.
pub async fn answer_as(by: &Client, chat: &str, parent: &Value, id: Uuid, text: &str) -> Value {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    by.ask(query, reply(chat, parent, id, text)).await
}

pub async fn report(by: &Client, message: &Value, reason: &str, details: Option<&str>) -> Value {
    let query = "mutation($m: ID!, $r: ReportReason!, $d: String) {
        reportMessage(messageId: $m, reason: $r, details: $d) }";
    by.ask(query, json!({ "m": message["id"], "r": reason, "d": details })).await
}

/// Decides about a report, as a moderator of the service.
pub async fn resolve(by: &Client, report: &Value, action: &str, note: Option<&str>) -> Value {
    let query = "mutation($r: ID!, $a: ModerationAction!, $n: String) {
        resolveReport(reportId: $r, action: $a, note: $n) {
            id status actionTaken reviewedAt reviewedBy { id } message { id content hiddenAt } } }";
    by.ask(query, json!({ "r": report["id"], "a": action, "n": note })).await
}

/// A page of the queue of reports.
pub const QUEUE: &str = "query($s: ReportStatus, $n: Int, $a: String) {
    moderationQueue(status: $s, first: $n, after: $a) {
        nodes { id snapshot reason details status createdAt actionTaken reporter { username }
            message { id content hiddenAt deletedAt sender { username } } }
        pageInfo { hasNextPage endCursor } } }";

/// A moderator of the service.
pub async fn moderator(server: &System) -> Client {
    Client::login_as(server, "mia", json!({ "roles": ["moderator"] })).await
}

/// The whole queue of reports with a status, in pages of a size.
pub async fn queue(by: &Client, status: Option<&str>, size: i32) -> Vec<Value> {
    let (mut found, mut after) = (vec![], Value::Null);
    loop {
        let page =
            by.get(QUEUE, json!({ "s": status, "n": size, "a": after })).await["moderationQueue"].take();
        found.extend(page["nodes"].as_array().expect("a page").iter().cloned());
        if page["pageInfo"]["hasNextPage"] != true {
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

const TEMPLATE: &str = "id name content shortcut category useCount createdAt";

/// Makes a template, or writes it anew; the whole answer.
pub async fn save_template(by: &Client, input: Value) -> Value {
    let query =
        format!("mutation($i: MessageTemplateInput!) {{ saveMessageTemplate(input: $i) {{ {TEMPLATE} }} }}");
    by.ask(&query, json!({ "i": input })).await
}

pub async fn delete_template(by: &Client, template: &Value) -> Value {
    let query = "mutation($t: ID!) { deleteMessageTemplate(id: $t) }";
    by.ask(query, json!({ "t": template["id"] })).await
}

/// A user's templates, of a category or all.
pub async fn templates(of: &Client, category: Option<&str>) -> Vec<Value> {
    let query = format!("query($c: String) {{ getMessageTemplates(category: $c) {{ {TEMPLATE} }} }}");
    let mut data = of.get(&query, json!({ "c": category })).await;
    serde_json::from_value(data["getMessageTemplates"].take()).expect("a list")
}

/// The whole answer to a send that names a template.
pub async fn send_with_template(by: &Client, chat: &str, id: Uuid, text: &str, template: &Value) -> Value {
    let query = "mutation($c: ID!, $i: UUID!, $x: String!, $t: ID!) { sendMessage(input: {
        conversationId: $c, clientMessageId: $i, content: $x, templateId: $t }) { id seq content } }";
    by.ask(query, json!({ "c": chat, "i": id, "x": text, "t": template["id"] })).await
}
