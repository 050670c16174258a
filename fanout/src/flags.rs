//! Feature flags as a policy changes them: users on this node whose flags change learn of it.
//!
//! Invariant: sockets receive a change of flags within two seconds of the policy's row; ingest applies it within
//! the same time.

use std::sync::Arc;
use std::time::Duration;

use domain::features::Changes;
use graphql::Rows;
use graphql::live::Delivery;
use schemas::flags::Features;

use crate::Node;
use crate::notice::{Notice, NoticeKind};

/// Between two looks at the row.
const EVERY: Duration = Duration::from_secs(1);

impl Node {
    /// Tells users when their flags change. Never returns.
    pub async fn follow_flags(&self) {
        let rows = Rows::new(self.tables.clone());
        let mut known: Option<Features> = None;
        let mut is_read = true;
        loop {
            match rows.policy().await {
                Ok(policy) => {
                    is_read = true;
                    let after = policy.map(|policy| policy.features);
                    if let (Some(before), Some(after)) = (&known, &after) {
                        self.tell_flags(before, after);
                    }
                    known = after.or(known);
                }
                Err(error) => {
                    if std::mem::replace(&mut is_read, false) {
                        let error = error.detail;
                        tracing::warn!(error, "the policy cannot be read: changes of flags are told later");
                    }
                }
            }
            self.clock.sleep(EVERY).await;
        }
    }

    fn tell_flags(&self, before: &Features, after: &Features) {
        let changes = Changes::between(before, after);
        if changes.is_empty() {
            return;
        }
        let notice = Arc::new(Notice::new(NoticeKind::FlagsChanged, None, Delivery::FlagsChanged));
        for hub in &self.hubs {
            hub.tell_users(|user| changes.concern(user), &notice);
        }
    }
}
