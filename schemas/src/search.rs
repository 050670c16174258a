//! Search indexes as data, and their documents.
//!
//! Invariant: a document says what one row said at its version; a document of an older version never replaces
//! one of a newer.

use crate::position::Version;

/// An index: the fields of its documents, by what a query may do with them.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    /// What a document is, in words.
    pub purpose: &'static str,
    /// Fields in which words are looked for; a hit in an earlier field counts more.
    pub texts: &'static [&'static str],
    /// Fields that a filter compares as a whole. The id of a document is always one.
    pub words: &'static [&'static str],
    /// Fields that a filter compares by value.
    pub numbers: &'static [&'static str],
    /// Among the numbers: of equally good hits the higher one comes first.
    pub order: Option<&'static str>,
}

/// The id of a document, as a filter names it.
pub const ID: &str = "id";

pub static MESSAGES: Index = Index {
    name: "messages",
    purpose: "texts of messages; the id is the message's",
    texts: &["text"],
    words: &["conversation", "sender"],
    numbers: &["seq", "sent_at"],
    order: Some("sent_at"),
};

pub static CONVERSATIONS: Index = Index {
    name: "conversations",
    purpose: "titles of conversations, and the names of their members; the id is the conversation's",
    texts: &["title", "members"],
    words: &[],
    numbers: &[],
    order: None,
};

pub static USERS: Index = Index {
    name: "users",
    purpose: "names of users; the id is the user's",
    texts: &["username", "display_name"],
    words: &[],
    numbers: &[],
    order: None,
};

/// Every index of the system.
pub static ALL: [&Index; 3] = [&MESSAGES, &CONVERSATIONS, &USERS];

/// A document; the values are in the order of the index's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub texts: Vec<String>,
    pub words: Vec<String>,
    pub numbers: Vec<i64>,
}

/// What is known of a document under a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: String,
    pub version: Version,
    /// Absent of a document that is gone. Its version stays, so that no older one brings it back.
    pub document: Option<Document>,
}
