//! Kinds of messages, and the events that system messages report.

use async_graphql::{Enum, SimpleObject};
use domain::files::FileType;
use schemas::attaching::{AttachedFile, FileRole};
use schemas::message::{Body, NoteKind};

use crate::people::user::User;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageContentType {
    Text,
    Image,
    File,
    Voice,
    Gif,
    Sticker,
    Workout,
    Achievement,
    Challenge,
    Profile,
    Poll,
    System,
    Encrypted,
    Assignment,
    PhotoRequest,
    FormCheck,
    NutritionPlan,
    CheckIn,
}

impl MessageContentType {
    pub fn of(body: &Body) -> Self {
        match body {
            Body::Note(_) => Self::System,
            Body::Poll(_) => Self::Poll,
            Body::Text(text) if text.sticker.is_some() => Self::Sticker,
            Body::Text(text) if text.gif.is_some() => Self::Gif,
            Body::Text(text) => Self::of_files(&text.attachments),
            Body::Removed(_) => Self::Text,
        }
    }

    /// The type of a text with these files beside it: images alone are a gallery, and a recording is the message.
    pub fn of_files(files: &[AttachedFile]) -> Self {
        let is_image =
            |one: &AttachedFile| FileType::of(&one.file.content_type).is_some_and(FileType::is_image);
        let is_voice = |one: &AttachedFile| match one.role {
            FileRole::Voice => true,
            FileRole::File => false,
        };
        match files {
            [] => Self::Text,
            files if files.iter().any(is_voice) => Self::Voice,
            files if files.iter().all(is_image) => Self::Image,
            _ => Self::File,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SystemEventKind {
    Created,
    Added,
    Joined,
    Left,
    Removed,
    Renamed,
    RoleChanged,
    OwnerChanged,
    SettingsChanged,
    Pinned,
    DisappearingChanged,
}

impl From<NoteKind> for SystemEventKind {
    fn from(kind: NoteKind) -> Self {
        match kind {
            NoteKind::Added => Self::Added,
            NoteKind::Left => Self::Left,
            NoteKind::Removed => Self::Removed,
            NoteKind::Renamed => Self::Renamed,
            NoteKind::RoleChanged => Self::RoleChanged,
            NoteKind::OwnerChanged => Self::OwnerChanged,
            NoteKind::SettingsChanged => Self::SettingsChanged,
            NoteKind::Pinned => Self::Pinned,
        }
    }
}

/// The event that a system message reports.
#[derive(SimpleObject)]
pub struct SystemEvent {
    pub kind: SystemEventKind,
    pub actor: User,
    pub targets: Vec<User>,
    pub value: Option<String>,
}
