//! Attaching: which messages carry files, and what becomes of the files.
//!
//! Invariant: a file is counted once for each message and avatar that carries it: by its uploader's send, or, for a
//! copy, a sticker and an avatar, on request of the conversation.

use std::collections::BTreeMap;

use schemas::attaching::{AttachedFile, Carried, CountFiles, FileReference};
use schemas::record::Output;
use schemas::{AttachmentId, UserId};

use super::{Conversations, Here};
use crate::effect::Effect;

pub fn references(files: &[AttachedFile]) -> Vec<FileReference> {
    files.iter().map(AttachedFile::reference).collect()
}

/// Notes the files that a message carries.
pub fn note(effect: &mut Effect<Conversations>, seq: i64, files: Vec<FileReference>) {
    if !files.is_empty() {
        effect.row(&seq, Carried { files });
    }
}

/// A deleted message carries nothing any more.
pub fn release(context: &Here<'_>, effect: &mut Effect<Conversations>, seq: i64) {
    let Some(carried) = context.row::<Carried>(&seq).filter(|carried| !carried.files.is_empty()) else {
        return;
    };
    count(effect, &carried.files, false);
    effect.row(&seq, Carried { files: vec![] });
}

/// Tells the uploaders that their files are carried once more, or once less.
pub fn count(effect: &mut Effect<Conversations>, files: &[FileReference], more: bool) {
    let mut by_uploader: BTreeMap<&UserId, Vec<AttachmentId>> = BTreeMap::new();
    for file in files {
        by_uploader.entry(&file.uploader).or_default().push(file.attachment.clone());
    }
    for (user, attachments) in by_uploader {
        let request = CountFiles { attachments, more }.into();
        effect.output(Output::ToAccount { user: user.clone(), request, reply: None });
    }
}
