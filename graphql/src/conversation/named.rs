//! A conversation as a fact names it: its id, and what the fact tells of it.
//!
//! Invariant: what a fact tells is answered from the fact, as rows may be behind it.

use std::sync::Arc;

use schemas::creating::Opened;
use schemas::organizing::Organized;
use schemas::{ConversationId, UserId};

#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub id: &'a ConversationId,
    pub told: Told<'a>,
}

/// What a fact tells of a conversation.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    Nothing,
    /// What it is.
    About(&'a Opened),
    /// What it is, and who is asked by a request since.
    Asking(&'a Opened, &'a [UserId]),
    /// What it is, and whether it is a request to the viewer.
    Request(&'a Opened, bool),
    /// How the viewer keeps it.
    Organized(&'a Organized),
    /// The viewer's draft; empty for none.
    Draft(&'a str),
    /// Whether the viewer has marked it as unread.
    MarkedUnread(bool),
}

impl<'a> Told<'a> {
    /// What the conversation is.
    pub fn about(self) -> Option<&'a Opened> {
        match self {
            Self::About(about) | Self::Asking(about, _) | Self::Request(about, _) => Some(about),
            Self::Nothing | Self::Organized(_) | Self::Draft(_) | Self::MarkedUnread(_) => None,
        }
    }
}

impl<'a> Named<'a> {
    pub fn of(id: &'a ConversationId) -> Self {
        Self { id, told: Told::Nothing }
    }
}

/// The viewer's own part of what a fact has told.
#[derive(Debug, Default)]
pub struct Own {
    pub organized: Option<Arc<Organized>>,
    /// Empty for none.
    pub draft: Option<String>,
    pub marked_unread: Option<bool>,
    pub is_request: Option<bool>,
    /// Who is asked by a request.
    pub asked: Vec<UserId>,
}

impl Own {
    pub fn of(told: Told<'_>) -> Self {
        let nothing = Self::default();
        match told {
            Told::Nothing | Told::About(_) => nothing,
            Told::Asking(_, asked) => Self { asked: asked.to_vec(), ..nothing },
            Told::Request(_, is_request) => Self { is_request: Some(is_request), ..nothing },
            Told::Organized(organized) => Self { organized: Some(Arc::new(organized.clone())), ..nothing },
            Told::Draft(content) => Self { draft: Some(content.to_owned()), ..nothing },
            Told::MarkedUnread(marked) => Self { marked_unread: Some(marked), ..nothing },
        }
    }
}
