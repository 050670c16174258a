//! Uploads: a few attachments of each user, so that requests meet.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rand::Rng;
use schemas::uploading::{
    Attachment, CompleteUpload, CreateUpload, Declared, Finding, PEAKS, Rejected, RejectedReason,
    SettleUpload, Sound, StoredFile, UploadProgress,
};
use schemas::{AccountRequest, AttachmentId, ClientId, UserId};

use super::Simulated;
use crate::check::Rest;
use crate::clients::{Clients, ids};
use crate::world::State;

/// Some attachment of a user, as ingest derives its id.
pub fn attachment(state: &mut State, user: &UserId) -> AttachmentId {
    ids().uploaded(user, &ClientId::from_bytes([state.random.random_range(0..6); 16]))
}

fn declared(state: &mut State) -> Declared {
    let (file_name, content_type) =
        [("a.jpg", "image/jpeg"), ("b.webm", "audio/webm")][state.random.random_range(0..2)];
    let (file_name, content_type) = (file_name.to_owned(), content_type.to_owned());
    Declared { file_name, content_type, byte_size: 100, sha256: None }
}

/// What must have become of one attachment.
struct Expected {
    declared: Declared,
    is_complete: bool,
    finding: Option<Finding>,
}

/// What must have become of each attachment of a user, by the order of the log: of its declarations and
/// findings the first stands, and a finding counts once the bytes are complete.
fn expected(rest: &Rest<'_>, user: &UserId) -> BTreeMap<AttachmentId, Expected> {
    let mut all: BTreeMap<AttachmentId, Expected> = BTreeMap::new();
    for request in rest.asked(user) {
        match request {
            AccountRequest::CreateUpload(CreateUpload { attachment, declared }) => {
                all.entry(attachment).or_insert(Expected { declared, is_complete: false, finding: None });
            }
            AccountRequest::CompleteUpload(asked) => {
                all.entry(asked.attachment).and_modify(|one| one.is_complete = true);
            }
            AccountRequest::SettleUpload(asked) => {
                if let Some(one) = all.get_mut(&asked.attachment).filter(|one| one.is_complete) {
                    one.finding.get_or_insert(asked.finding);
                }
            }
            _ => {}
        }
    }
    all
}

/// Compares a part of each attachment that is not gone with what is expected of it.
fn same<T: PartialEq + Debug>(
    rest: &Rest<'_>,
    stored: impl Fn(&Attachment) -> T,
    wanted: impl Fn(&Expected) -> T,
) -> Result<(), String> {
    for (user, account) in &rest.accounts {
        let is_gone = |id: &AttachmentId| {
            account.stored.get::<Attachment>(id).is_some_and(|row| row.progress.is_gone())
        };
        let standing = account.stored.all::<Attachment>().filter(|(id, _)| !is_gone(id));
        let stored: BTreeMap<AttachmentId, T> = standing.map(|(id, row)| (id, stored(row))).collect();
        let expected = expected(rest, user).into_iter().filter(|(id, _)| !is_gone(id));
        let wanted: BTreeMap<AttachmentId, T> = expected.map(|(id, one)| (id, wanted(&one))).collect();
        if stored != wanted {
            return Err(format!("attachments of {user} are {stored:?}, not {wanted:?}"));
        }
    }
    Ok(())
}

impl Simulated for CreateUpload {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let (attachment, declared) = (attachment(state, &user), declared(state));
        clients.own(state, &user, CreateUpload { attachment, declared });
    }

    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        same(rest, |row| row.declared.clone(), |one| one.declared.clone())
    }
}

impl Simulated for CompleteUpload {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let attachment = attachment(state, &user);
        clients.own(state, &user, CompleteUpload { attachment });
    }

    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        same(rest, |row| !row.progress.is_uploading(), |one| one.is_complete)
    }
}

impl Simulated for SettleUpload {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let attachment = attachment(state, &user);
        let finding = if state.chance(0.5) {
            Finding::Rejected(Rejected { reason: RejectedReason::Malformed })
        } else {
            Finding::Stored(StoredFile {
                content_type: "image/jpeg".to_owned(),
                byte_size: 90,
                width: Some(4),
                height: Some(3),
                has_thumbnail: true,
                placeholder: None,
                // The declared type may be any.
                sound: state.chance(0.5).then(|| Sound { duration_ms: 1_000, peaks: vec![9; PEAKS] }),
            })
        };
        clients.own(state, &user, SettleUpload { attachment, finding });
    }

    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        let settled = |row: &Attachment| {
            let is_open = row.progress.is_uploading() || row.progress.is_scanning();
            (!is_open).then(|| row.progress.clone())
        };
        same(rest, settled, |one| one.finding.clone().map(UploadProgress::from))
    }
}
