//! Translations on a node: a user's other devices get a message that was translated for them.
//!
//! Invariant: the asker alone receives it; that the asker may see the message was checked by the request.

use std::sync::Arc;

use awareness::translating::Translated;
use graphql::Rows;
use graphql::live::{self, Delivery};

use crate::Node;
use crate::metrics::{self, Dropped};
use crate::notice::{Notice, NoticeKind};

impl Node {
    /// Delivers what all processes translate to those who asked for it. Never returns.
    pub async fn follow_translations(&self) {
        let rows = Rows::new(self.tables.clone());
        let mut incoming = self.awareness.translated();
        loop {
            if let Some(translated) = incoming.next().await {
                self.tell_translated(&rows, translated).await;
            }
        }
    }

    async fn tell_translated(&self, rows: &Rows, translated: Translated) {
        let Translated { user, conversation, seq } = translated;
        // Most users are on other nodes.
        if !self.hubs.iter().any(|hub| hub.has_viewer(&user)) {
            return;
        }
        let message = match rows.message(&conversation, seq).await {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(_) => {
                metrics::dropped(Dropped::Translated).inc();
                return;
            }
        };
        let delivery = Delivery::Translated(Box::new(live::Translated { conversation, message }));
        let notice = Arc::new(Notice::new(NoticeKind::Translated, Some(user.clone()), delivery));
        self.hubs.iter().for_each(|hub| hub.tell_viewers(&notice, [&user]));
    }
}
