//! The recipients of a message whose marks a viewer sees, and those marks.

use domain::access::Blocking;
use schemas::blocking::PairBlocks;
use schemas::message::Message;

use super::BlockList;
use crate::people::{People, Progress};

/// The recipients of a message without those between whom and the viewer a block stands, or who have not accepted
/// the viewer's request.
pub fn unblocked(people: &People, message: &Message, blocks: &BlockList) -> Vec<Progress> {
    let mut recipients = people.recipients(message);
    recipients.retain(|progress| !blocks.pair(&progress.user).is_some_and(PairBlocks::hide_signs));
    recipients
}

/// Removes the read marks, for a viewer with read receipts off.
pub fn without_reads(mut recipients: Vec<Progress>) -> Vec<Progress> {
    recipients.iter_mut().for_each(|progress| progress.read_at = None);
    recipients
}
