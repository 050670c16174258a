//! Templates: texts that a user keeps to send them again.
//!
//! Invariant: a template is its user's alone, and is kept as written. Its variables are filled by the client that
//! sends it, so a message has no trace of its template.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TemplateId;
use crate::position::LogTime;
use crate::rows::TOMBSTONE_SECONDS;

/// What a user writes of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct WrittenTemplate {
    /// Several templates may have one name.
    pub name: String,
    pub content: String,
    /// What one types for it: a slash and letters, case folded. No two templates of an account have the same.
    pub shortcut: Option<String>,
    pub category: Option<String>,
}

/// Request to an account: make a template, or write it anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SaveTemplate {
    pub template: TemplateId,
    /// Whether it is made. One that is equal to a template of the account is that template.
    pub is_new: bool,
    pub written: WrittenTemplate,
}

/// Request to an account: remove a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeleteTemplate {
    pub template: TemplateId,
}

/// Fact of an account: a template was made, written anew, or removed. Sends do not tell that they count its use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct TemplatesChanged {
    pub template: TemplateId,
    pub removed: bool,
}

/// Row of an account: which templates it has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Templates {
    /// In the order in which they were made.
    pub all: Vec<TemplateMark>,
}

/// What decides whether another template may be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct TemplateMark {
    pub template: TemplateId,
    pub shortcut: Option<String>,
    /// Hash of what is written: equal templates have equal ones.
    pub hash: i64,
}

/// Row of an account by template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Template {
    /// Absent once it is removed.
    pub written: Option<Box<WrittenTemplate>>,
    /// Sends that named it and were not refused.
    pub uses: i32,
    pub created_at: LogTime,
}

impl Template {
    /// The row of a template that was removed is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.written.is_none().then_some(TOMBSTONE_SECONDS)
    }
}
