//! Unread messages: what a member sees above their mark and did not send.
//!
//! Invariant: a count is a difference of ordinals, less removals; rows are looked at only where blocks may
//! hide some, or where removals were forgotten.

use schemas::UserId;
use schemas::code::Refusal;
use schemas::message::{Body, Message};
use schemas::position::LogTime;
use schemas::states::ConversationState;

use super::history::Direction;
use super::sight::Mark;
use super::{Access, ConversationSight};
use crate::rows::{Window, Written};

/// Counts are exact below this; it stands for as many or more.
const MORE: i64 = 100;

/// The number of a newest message, and when it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    pub seq: i64,
    pub at: LogTime,
}

impl Access<'_> {
    /// The number of unread messages, 100 for as many or more. 0 without membership.
    pub async fn unread(&self, sight: &ConversationSight) -> Result<i64, Refusal> {
        let Ok(mark) = sight.mark() else { return Ok(0) };
        // Everything up to the head is read.
        if mark.seq >= sight.state().head {
            return Ok(0);
        }
        let known = self.rights.conversation(sight.id());
        let count = async || match difference(sight.state(), mark) {
            Some(counted) if counted == 0 || !self.is_touched(sight).await? => Ok(counted.min(MORE)),
            _ => self.unread_rows(sight, mark, |message| is_countable(message, self.viewer)).await,
        };
        known.unread.get_or_try_init(count).await.copied()
    }

    /// The number of unread messages that mention the viewer, 100 for as many or more.
    pub async fn unread_mentions(&self, sight: &ConversationSight) -> Result<i64, Refusal> {
        let Ok(mark) = sight.mark() else { return Ok(0) };
        if difference(sight.state(), mark) == Some(0) {
            return Ok(0);
        }
        let mentions =
            |message: &Message| is_countable(message, self.viewer) && message.mentions.reach(self.viewer);
        self.unread_rows(sight, mark, mentions).await
    }

    /// Counts rows above the mark, the newest first, as far as a look reaches.
    async fn unread_rows(
        &self,
        sight: &ConversationSight,
        mark: Mark,
        counts: impl Fn(&Message) -> bool,
    ) -> Result<i64, Refusal> {
        let window = Window { from: mark.seq + 1, to: sight.state().head };
        let most = usize::try_from(MORE).unwrap_or(usize::MAX);
        let found = self.reads.look_for(sight, window, Direction::Descending, most, counts).await?;
        Ok(i64::try_from(found.messages.len()).unwrap_or(MORE))
    }

    /// The newest message that the viewer sees.
    pub async fn newest(&self, sight: &ConversationSight) -> Result<Option<Written>, Refusal> {
        let known = self.rights.conversation(sight.id());
        let read = async || {
            let window = Window { from: 1, to: sight.state().head };
            Ok(self.reads.look(sight, window, Direction::Descending, 1).await?.messages.pop())
        };
        known.newest.get_or_try_init(read).await.cloned()
    }

    /// The place of the newest message that the viewer sees; rows are read only where blocks may hide it.
    pub async fn newest_place(&self, sight: &ConversationSight) -> Result<Option<Newest>, Refusal> {
        let (interval, state) = (sight.interval()?, sight.state());
        if state.head < interval.first_seq {
            Ok(None)
        } else if self.is_touched(sight).await? {
            let newest = self.newest(sight).await?;
            Ok(newest.map(|Written { core, .. }| Newest { seq: core.seq, at: core.sent_at }))
        } else {
            Ok(Some(Newest { seq: state.head, at: state.head_at }))
        }
    }
}

/// Countable messages above a mark; `None` if removals there were forgotten.
fn difference(state: &ConversationState, mark: Mark) -> Option<i64> {
    if mark.seq < state.removed_dropped {
        return None;
    }
    let removed = state.removed.len() - state.removed.partition_point(|seq| *seq <= mark.seq);
    let removed = i64::try_from(removed).unwrap_or(i64::MAX);
    Some((state.countable - mark.ordinal - removed).max(0))
}

/// Whether a message counts as unread for a user: a text or a poll of another.
fn is_countable(message: &Message, user: &UserId) -> bool {
    match message.body {
        Body::Text(_) | Body::Poll(_) => message.sender.user != *user,
        Body::Note(_) | Body::Removed(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::Conversations;
    use fold::Fold;

    use super::*;

    fn state(countable: i64, removed: &[i64], removed_dropped: i64) -> ConversationState {
        let head = countable + 3;
        ConversationState {
            head,
            countable,
            removed: removed.to_vec(),
            removed_dropped,
            ..Conversations::fresh()
        }
    }

    #[test]
    fn removals_above_the_mark_are_not_unread() {
        let mark = |seq, ordinal| Mark { seq, ordinal };
        for (removed, dropped, mark, unread) in [
            (&[][..], 0, mark(0, 0), Some(10)),
            (&[], 0, mark(7, 6), Some(4)),
            (&[2, 9, 10], 0, mark(7, 6), Some(2)),
            (&[7, 8], 0, mark(7, 6), Some(3)),
            (&[9], 5, mark(5, 4), Some(5)),
            (&[9], 5, mark(4, 3), None),
            (&[11, 12], 0, mark(13, 10), Some(0)),
        ] {
            assert_eq!(difference(&state(10, removed, dropped), mark), unread, "{removed:?} {mark:?}");
        }
    }
}
