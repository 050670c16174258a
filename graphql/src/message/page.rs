//! Pages of a conversation's messages.
//!
//! Invariant: pages are filled with what the viewer sees; their cursors are ids of messages, which never move.

use async_graphql::SimpleObject;
use schemas::code::Refusal;
use schemas::{ConversationId, MessageId};

use super::Message;
use crate::paging::{self, PageInfo};
use crate::reads::{Access, ConversationSight, Direction, Found};
use crate::rows::{Window, Written};

#[derive(SimpleObject)]
pub struct MessageConnection {
    pub nodes: Vec<Message>,
    pub page_info: PageInfo,
}

/// The page that a client asks for, by numbers of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    pub first: Option<i32>,
    pub after: Option<i64>,
    pub last: Option<i32>,
    pub before: Option<i64>,
    pub around: Option<i64>,
}

/// The visible messages to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// In one direction, from the end of a window.
    Along(Window, Direction, usize),
    /// Half of them before a number.
    Around(i64, usize),
}

impl Wanted {
    /// The newest page by default; forward from a cursor unless `last` or `before` is given.
    fn plan(self) -> Result<Plan, Refusal> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Refusal::bad_input("last", "give first or last, not both"));
        }
        let field = if self.last.is_some() { "last" } else { "first" };
        let count = paging::size(field, self.first.or(self.last))?;
        if let Some(middle) = self.around {
            if self.after.is_some() || self.before.is_some() {
                return Err(Refusal::bad_input("around", "give around, or after and before"));
            }
            return Ok(Plan::Around(middle, count));
        }
        let from = self.after.map_or(1, |after| after.saturating_add(1));
        let to = self.before.map_or(i64::MAX, |before| before.saturating_sub(1));
        let is_forward =
            self.first.is_some() || (self.last.is_none() && self.after.is_some() && self.before.is_none());
        let direction = if is_forward { Direction::Ascending } else { Direction::Descending };
        Ok(Plan::Along(Window { from, to }, direction, count))
    }
}

/// The visible messages of a page, and the numbers that its cursors name.
struct Page {
    messages: Vec<Written>,
    has_next: bool,
    has_previous: bool,
    start: Option<i64>,
    end: Option<i64>,
}

/// A page of messages as the viewer sees them.
pub async fn page(
    access: &Access<'_>,
    sight: &ConversationSight,
    wanted: Wanted,
) -> Result<MessageConnection, Refusal> {
    let page = match wanted.plan()? {
        Plan::Along(window, Direction::Ascending, count) => ascending(access, sight, window, count).await?,
        Plan::Along(window, Direction::Descending, count) => descending(access, sight, window, count).await?,
        Plan::Around(middle, count) => around(access, sight, middle, count).await?,
    };
    let cursor =
        |seq: Option<i64>| seq.map(|seq| MessageId { conversation: sight.id().clone(), seq }.to_string());
    let page_info = PageInfo {
        has_next_page: page.has_next,
        has_previous_page: page.has_previous,
        start_cursor: cursor(page.start),
        end_cursor: cursor(page.end),
    };
    let nodes = Message::read_all(sight.id(), page.messages);
    Ok(MessageConnection { nodes, page_info })
}

async fn ascending(
    access: &Access<'_>,
    sight: &ConversationSight,
    window: Window,
    count: usize,
) -> Result<Page, Refusal> {
    let found = access.reads.look(sight, window, Direction::Ascending, count + 1).await?;
    let Found { mut messages, rest } = found;
    let has_more = messages.len() > count;
    messages.truncate(count);
    let (first, last) = ends(&messages);
    // A look that reached its bound goes on from where it ended.
    let cut = rest.filter(|_| !has_more).map(|rest| rest.from - 1);
    let beyond = Window { from: last.map_or(window.from, |last| last + 1), to: i64::MAX };
    let is_bounded = window.to < i64::MAX;
    let has_next = has_more || cut.is_some() || (is_bounded && any(access, sight, beyond).await?);
    let before = Window { from: 1, to: first.unwrap_or(window.from).saturating_sub(1) };
    let has_previous = any(access, sight, before).await?;
    Ok(Page { messages, has_next, has_previous, start: first, end: cut.or(last) })
}

async fn descending(
    access: &Access<'_>,
    sight: &ConversationSight,
    window: Window,
    count: usize,
) -> Result<Page, Refusal> {
    let found = access.reads.look(sight, window, Direction::Descending, count + 1).await?;
    let Found { mut messages, rest } = found;
    let has_more = messages.len() > count;
    messages.drain(..messages.len().saturating_sub(count));
    let (first, last) = ends(&messages);
    let cut = rest.filter(|_| !has_more).map(|rest| rest.to + 1);
    let before = Window { from: 1, to: first.map_or(window.to, |first| first - 1) };
    let is_bounded = window.from > 1;
    let has_previous = has_more || cut.is_some() || (is_bounded && any(access, sight, before).await?);
    let beyond = Window { from: last.unwrap_or(window.to).saturating_add(1), to: i64::MAX };
    let has_next = any(access, sight, beyond).await?;
    Ok(Page { messages, has_next, has_previous, start: cut.or(first), end: last })
}

async fn around(
    access: &Access<'_>,
    sight: &ConversationSight,
    middle: i64,
    count: usize,
) -> Result<Page, Refusal> {
    let older = Window { from: 1, to: middle.saturating_sub(1) };
    let newer = Window { from: middle, to: i64::MAX };
    let older = access.reads.look(sight, older, Direction::Descending, count + 1).await?;
    let newer = access.reads.look(sight, newer, Direction::Ascending, count + 1).await?;
    let (behind, ahead) = (older.messages.len(), newer.messages.len());
    let ahead = ahead.min(count - behind.min(count / 2));
    let behind = behind.min(count - ahead);
    let has_previous = older.messages.len() > behind || older.rest.is_some();
    let has_next = newer.messages.len() > ahead || newer.rest.is_some();
    let older = older.messages.into_iter().rev().take(behind).rev();
    let messages: Vec<Written> = older.chain(newer.messages.into_iter().take(ahead)).collect();
    let (start, end) = ends(&messages);
    Ok(Page { messages, has_next, has_previous, start, end })
}

/// Numbers of the first and the last message.
fn ends(messages: &[Written]) -> (Option<i64>, Option<i64>) {
    let seq = |message: Option<&Written>| message.map(|message| message.core.seq);
    (seq(messages.first()), seq(messages.last()))
}

/// Whether the viewer sees any message of a window, as far as a look reaches.
async fn any(access: &Access<'_>, sight: &ConversationSight, window: Window) -> Result<bool, Refusal> {
    let (low, head) = (sight.interval()?.first_seq, sight.state().head);
    let window = Window { from: window.from.max(low), to: window.to.min(head) };
    if window.from > window.to || sight.blocks().is_empty() {
        return Ok(window.from <= window.to);
    }
    let found = access.reads.look(sight, window, Direction::Descending, 1).await?;
    Ok(!found.messages.is_empty() || found.rest.is_some())
}

/// The number in a cursor of a conversation.
pub fn seq_of(
    conversation: &ConversationId,
    cursor: Option<&str>,
    field: &'static str,
) -> Result<Option<i64>, Refusal> {
    let Some(cursor) = cursor else { return Ok(None) };
    let id = cursor.parse::<MessageId>().ok().filter(|id| id.conversation == *conversation);
    id.map(|id| Some(id.seq)).ok_or_else(|| paging::malformed(field))
}
