//! The blocks between a viewer and others.

use std::collections::BTreeMap;

use domain::access::Blocking;
use schemas::UserId;
use schemas::blocking::{BlockInterval, PairBlocks};
use schemas::position::LogTime;
use schemas::tables::views::BlocksRow;

/// Every block that stands or once stood between a viewer and another user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockList(BTreeMap<UserId, PairBlocks>);

impl Blocking for BlockList {
    fn pair(&self, other: &UserId) -> Option<&PairBlocks> {
        self.0.get(other)
    }
}

impl BlockList {
    pub fn new(rows: Vec<BlocksRow>) -> Self {
        Self(rows.into_iter().map(|row| (row.other, row.blocks)).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The users whom the viewer blocks now, by id.
    pub fn blocked(&self) -> impl Iterator<Item = &UserId> {
        self.0.iter().filter(|(_, blocks)| blocks.by_user.stands()).map(|(user, _)| user)
    }

    /// The users between whom and the viewer a block of either stands now.
    pub fn standing(&self) -> impl Iterator<Item = &UserId> {
        self.0.iter().filter(|(_, blocks)| blocks.stand()).map(|(user, _)| user)
    }

    /// The users whom the viewer has asked, and who have not accepted.
    pub fn awaited(&self) -> impl Iterator<Item = &UserId> {
        self.0.iter().filter(|(_, blocks)| blocks.user_awaits).map(|(user, _)| user)
    }

    /// Every block of either side, with the user that it is between.
    pub fn intervals(&self) -> impl Iterator<Item = (&UserId, &BlockInterval)> {
        self.0.iter().flat_map(|(user, blocks)| {
            let both = blocks.by_user.intervals.iter().chain(&blocks.by_other.intervals);
            both.map(move |interval| (user, interval))
        })
    }

    /// The users of whom something sent since a time may be hidden.
    pub fn since(&self, time: LogTime) -> impl Iterator<Item = &UserId> {
        let touches = move |blocks: &PairBlocks| {
            let both = blocks.by_user.intervals.iter().chain(&blocks.by_other.intervals);
            both.into_iter().any(|interval| interval.to.is_none_or(|to| to > time))
        };
        self.0.iter().filter(move |(_, blocks)| touches(blocks)).map(|(user, _)| user)
    }
}
