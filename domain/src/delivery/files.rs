//! What a fact of an account asks of the media processor.

use schemas::uploading::{AttachmentChanged, UploadProgress};
use schemas::{AccountFact, AttachmentId};

/// What the media processor does for a fact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FileWork<'a> {
    /// The bytes are complete, and are to be looked at.
    Scan(&'a AttachmentChanged),
    /// Nothing carries the file any more.
    Remove(&'a AttachmentId),
}

pub fn file_work(fact: &AccountFact) -> Option<FileWork<'_>> {
    match fact {
        AccountFact::AttachmentChanged(changed) => match &changed.now.progress {
            UploadProgress::Scanning(_) => Some(FileWork::Scan(changed)),
            UploadProgress::Gone(_) => Some(FileWork::Remove(&changed.attachment)),
            UploadProgress::Uploading(_) | UploadProgress::Stored(_) | UploadProgress::Rejected(_) => None,
        },
        AccountFact::CreditsChanged(_)
        | AccountFact::SendRejected(_)
        | AccountFact::ConversationOrganized(_)
        | AccountFact::DraftSaved(_)
        | AccountFact::PreferencesChanged(_)
        | AccountFact::PrivacyChanged(_)
        | AccountFact::BlockedUsersChanged(_)
        | AccountFact::ScheduleChanged(_)
        | AccountFact::TemplatesChanged(_)
        | AccountFact::StickersChanged(_)
        | AccountFact::NotificationsChanged(_) => None,
    }
}
