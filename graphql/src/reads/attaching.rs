//! The files that messages of a conversation carry.
//!
//! Invariant: a file is found exactly while its viewer sees its message.

use domain::access::Seen;
use schemas::attaching::AttachedFile;
use schemas::code::Refusal;

use super::{ConversationSight, Reads};
use crate::paging::MAX_LOOKED;

/// Messages that are read together.
const LOOKED_TOGETHER: usize = 50;

/// Number of a message, and place of a file in it.
pub type FilePosition = (i64, u32);

/// Files, those of the newest message first.
pub struct CarriedFiles {
    pub files: Vec<(FilePosition, AttachedFile)>,
    /// Where looking goes on, if it has not come to the end.
    pub rest: Option<FilePosition>,
}

impl Reads {
    /// At least `wanted` files that the viewer sees behind a position, as far as there are so many, and as far
    /// as [`MAX_LOOKED`] messages reach.
    pub async fn files(
        &self,
        sight: &ConversationSight,
        after: Option<FilePosition>,
        wanted: usize,
    ) -> Result<CarriedFiles, Refusal> {
        let first_seq = sight.interval()?.first_seq;
        let (mut files, mut looked, mut newest) = (Vec::new(), 0, after.map_or(i64::MAX, |(seq, _)| seq));
        let is_behind =
            |seq: i64, nth: u32| after.is_none_or(|(last, place)| seq < last || (seq == last && nth > place));
        while newest >= first_seq {
            let seqs = self.rows.carrying(sight.id(), first_seq, newest, LOOKED_TOGETHER).await?;
            for written in self.rows.numbered(sight.id(), &seqs).await?.into_iter().rev() {
                let core = written.core;
                // A sticker is no file of the conversation.
                if sight.sight().sees(Seen::message(&core)) && core.body.sticker().is_none() {
                    let carried =
                        (0..).zip(core.body.attachments()).filter(|(nth, _)| is_behind(core.seq, *nth));
                    files.extend(carried.map(|(nth, file)| ((core.seq, nth), file.clone())));
                }
            }
            looked += seqs.len();
            let Some(oldest) = seqs.last().filter(|_| seqs.len() == LOOKED_TOGETHER) else { break };
            if files.len() >= wanted || looked >= MAX_LOOKED {
                return Ok(CarriedFiles { files, rest: Some((*oldest, u32::MAX)) });
            }
            newest = oldest - 1;
        }
        Ok(CarriedFiles { files, rest: None })
    }
}
