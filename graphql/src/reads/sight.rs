//! A viewer's sight of one conversation, as rows give it.

use std::sync::Arc;

use domain::access::{self, Sight, When};
use schemas::ConversationId;
use schemas::code::Refusal;
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Member, MembershipInterval};
use schemas::receipts::Watermarks;
use schemas::states::ConversationState;

use super::BlockList;
use crate::rows::MemberRows;

/// The viewer's membership and blocks, with the state that was read beside them.
#[derive(Debug, Clone)]
pub struct ConversationSight {
    id: ConversationId,
    rows: MemberRows,
    blocks: Arc<BlockList>,
}

/// A place in a conversation: the number of a message, and the countable messages up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub seq: i64,
    pub ordinal: i64,
}

impl ConversationSight {
    pub(super) fn new(id: ConversationId, rows: MemberRows, blocks: Arc<BlockList>) -> Self {
        Self { id, rows, blocks }
    }

    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    pub fn sight(&self) -> Sight<'_, &BlockList> {
        let intervals = self.rows.member.as_ref().map_or(&[][..], |member| &member.intervals);
        Sight { intervals, when: When::Now, blocks: &self.blocks }
    }

    pub fn blocks(&self) -> &BlockList {
        &self.blocks
    }

    /// The interval through which the viewer sees the conversation; NOT_FOUND without membership.
    pub fn interval(&self) -> Result<&MembershipInterval, Refusal> {
        access::viewing(self.rows.member.as_ref())
    }

    /// The viewer's membership; NOT_FOUND without one that lasts.
    pub fn member(&self) -> Result<&Member, Refusal> {
        self.interval()?;
        self.rows.member.as_ref().ok_or_else(Refusal::not_found)
    }

    /// Whether the viewer has not accepted the conversation.
    pub fn is_request(&self) -> bool {
        self.member().is_ok_and(|member| member.request.is_some())
    }

    pub fn state(&self) -> &ConversationState {
        &self.rows.state
    }

    pub fn opened(&self) -> Option<&Opened> {
        self.rows.state.opened.as_ref()
    }

    pub fn is_direct(&self) -> bool {
        self.opened().is_some_and(|opened| opened.kind == ConversationKind::Direct)
    }

    /// The viewer's read mark; at least the beginning of their interval.
    pub fn mark(&self) -> Result<Mark, Refusal> {
        let (interval, member) = (self.interval()?, self.member()?);
        let receipt = self.rows.receipt.as_ref().filter(|receipt| !receipt.ended);
        Ok(Mark {
            seq: member.marks(receipt).read.up_to.max(interval.first_seq - 1),
            ordinal: receipt.map_or(0, |receipt| receipt.ordinal).max(interval.first_ordinal),
        })
    }

    /// Whether the viewer has marked it as unread.
    pub fn is_marked_unread(&self) -> bool {
        self.rows.receipt.as_ref().is_some_and(|receipt| receipt.marked_unread)
    }

    /// How far the viewer is.
    pub fn marks(&self) -> Watermarks {
        let member = self.rows.member.as_ref();
        member.map(|member| member.marks(self.rows.receipt.as_ref())).unwrap_or_default()
    }
}
