//! What happened to an account, in words.

use schemas::AccountFact;

use super::{attachment, client, conversation, privacy, refusal, scheduled, stickers};
use crate::{notifications, templating};

pub fn account_fact(fact: &AccountFact) -> String {
    match fact {
        AccountFact::CreditsChanged(changed) => {
            format!("{} {:+} → {}", changed.kind.as_str(), changed.amount_milli, changed.balance_after_milli)
        }
        AccountFact::SendRejected(rejected) => {
            let (id, to) = (client(&rejected.client_id), conversation(&rejected.conversation));
            format!("send {id} to {to} rejected: {}", refusal(&rejected.refusal))
        }
        AccountFact::ConversationOrganized(organized) => {
            format!("organized {}", conversation(&organized.conversation))
        }
        AccountFact::DraftSaved(draft) => format!("draft {}", conversation(&draft.conversation)),
        AccountFact::AttachmentChanged(changed) => attachment(&changed.attachment, &changed.now),
        AccountFact::PreferencesChanged(changed) => format!("prefers {:?}", changed.preferences),
        AccountFact::PrivacyChanged(changed) => format!("privacy: {}", privacy(&changed.privacy)),
        AccountFact::BlockedUsersChanged(changed) => {
            format!("{} is {}", changed.other, if changed.blocked { "blocked" } else { "blocked no more" })
        }
        AccountFact::ScheduleChanged(changed) => {
            format!("scheduled {}: {}", client(&changed.id), scheduled(&changed.now))
        }
        AccountFact::TemplatesChanged(changed) => templating::changed(changed),
        AccountFact::StickersChanged(changed) => format!("stickers: {}", stickers::id(&changed.pack)),
        AccountFact::NotificationsChanged(changed) => {
            format!("notifications: {}", notifications::words(&changed.notifications))
        }
    }
}
