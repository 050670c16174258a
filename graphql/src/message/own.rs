//! What the viewer did to the messages of a page.

use std::collections::BTreeMap;

use schemas::{MessageId, Refusal};
use tokio::sync::OnceCell;

use crate::reads::Access;
use crate::rows::DoneToMessage;

/// The viewer's own rows of these messages, read at once when the first one is asked for.
pub struct Own<T> {
    seqs: Vec<i64>,
    read: OnceCell<BTreeMap<i64, T>>,
}

impl<T> Default for Own<T> {
    fn default() -> Self {
        Self::new(vec![])
    }
}

impl<T> Own<T> {
    pub fn new(seqs: Vec<i64>) -> Self {
        Self { seqs, read: OnceCell::new() }
    }
}

impl<T: DoneToMessage> Own<T> {
    /// The row of one of the messages; `None` for a viewer who is gone.
    pub async fn of(&self, access: &Access<'_>, message: &MessageId) -> Result<Option<&T>, Refusal> {
        let read = async || access.own(&message.conversation, &self.seqs).await;
        Ok(self.read.get_or_try_init(read).await?.get(&message.seq))
    }
}
