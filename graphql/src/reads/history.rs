//! Looking through the messages of a conversation for those that a viewer sees.
//!
//! Invariant: messages have no hole, so a look is arithmetic on numbers; hidden ones never shorten an answer
//! below what there is to show, as far as [`MAX_LOOKED`] rows reach.

use domain::access::Seen;
use schemas::code::Refusal;
use schemas::message::Message;

use super::{ConversationSight, Reads};
use crate::paging::MAX_LOOKED;
use crate::rows::{Window, Written};

/// Rows of a further look, where the first one found too little.
const MORE_ROWS: i64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// Visible messages in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub messages: Vec<Written>,
    /// The part of the window that was not looked at.
    pub rest: Option<Window>,
}

impl Reads {
    /// The first `wanted` visible messages of a window in a direction.
    pub async fn look(
        &self,
        sight: &ConversationSight,
        window: Window,
        direction: Direction,
        wanted: usize,
    ) -> Result<Found, Refusal> {
        self.look_for(sight, window, direction, wanted, |_| true).await
    }

    /// The first `wanted` visible messages of a window in a direction that `matches`.
    pub async fn look_for(
        &self,
        sight: &ConversationSight,
        window: Window,
        direction: Direction,
        wanted: usize,
        matches: impl Fn(&Message) -> bool,
    ) -> Result<Found, Refusal> {
        let first_seq = sight.interval()?.first_seq;
        let mut rest = Window { from: window.from.max(first_seq), to: window.to.min(sight.state().head) };
        let (mut found, mut looked) = (Vec::new(), 0);
        let mut rows = i64::try_from(wanted).unwrap_or(1).max(1);
        while rest.from <= rest.to && found.len() < wanted && looked < MAX_LOOKED {
            let part = match direction {
                Direction::Ascending => Window { from: rest.from, to: rest.to.min(rest.from + rows - 1) },
                Direction::Descending => Window { from: rest.from.max(rest.to - rows + 1), to: rest.to },
            };
            match direction {
                Direction::Ascending => rest.from = part.to + 1,
                Direction::Descending => rest.to = part.from - 1,
            }
            looked += usize::try_from(part.to - part.from + 1).unwrap_or(0);
            let mut messages = self.rows.messages(sight.id(), part).await?;
            messages
                .retain(|written| sight.sight().sees(Seen::message(&written.core)) && matches(&written.core));
            if direction == Direction::Descending {
                messages.reverse();
            }
            found.extend(messages);
            rows = MORE_ROWS;
        }
        found.truncate(wanted);
        if direction == Direction::Descending {
            found.reverse();
        }
        Ok(Found { messages: found, rest: Some(rest).filter(|rest| rest.from <= rest.to) })
    }
}
