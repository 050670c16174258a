//! Attaching: files that messages carry, and how many carry each.
//!
//! Invariant: what a message carries is embedded by its sender's account, from its own rows, and never changes.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AttachmentId, UserId};
use crate::uploading::StoredFile;

/// A file as a message carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AttachedFile {
    pub attachment: AttachmentId,
    /// Whose account owns it.
    pub uploader: UserId,
    pub file_name: String,
    pub file: StoredFile,
    pub role: FileRole,
}

/// What a file is to the message that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum FileRole {
    // One of the files beside a text.
    File,
    // The message itself, which is spoken; it has no text and no other file.
    Voice,
}

impl AttachedFile {
    pub fn reference(&self) -> FileReference {
        FileReference { attachment: self.attachment.clone(), uploader: self.uploader.clone() }
    }
}

/// A file, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct FileReference {
    pub attachment: AttachmentId,
    pub uploader: UserId,
}

/// Request to an account, by a conversation: files of the account are carried once more, or once less. A file
/// that nothing carries any more is removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CountFiles {
    pub attachments: Vec<AttachmentId>,
    /// Whether they are carried once more.
    pub more: bool,
}

/// Row of a conversation by message: the files that it carries. Empty once the message is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Carried {
    pub files: Vec<FileReference>,
}
