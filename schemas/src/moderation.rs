//! Rules over the texts of users, as a policy has them, and what they found.
//!
//! Invariant: the rules of a policy never change once they are read, so what is built from them can be kept
//! with them.

use std::any::Any;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

/// The rules that texts are held to before they are charged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, AvroSchema)]
#[serde(deny_unknown_fields)]
#[avro(namespace = "musclemap.messaging")]
pub struct Moderation {
    /// Links to these domains and below them meet no rule; other domains must not look like them.
    trusted_domains: Vec<String>,
    rules: Vec<ModerationRule>,
    #[serde(skip)]
    built: Built,
}

impl Moderation {
    pub fn new(trusted_domains: Vec<String>, rules: Vec<ModerationRule>) -> Self {
        Self { trusted_domains, rules, built: Built::default() }
    }

    pub fn trusted_domains(&self) -> &[String] {
        &self.trusted_domains
    }

    pub fn rules(&self) -> &[ModerationRule] {
        &self.rules
    }

    /// What `build` makes of these rules. It is made at the first call and kept; nothing if an earlier call has
    /// made something of another type.
    pub fn built<T: Any + Send + Sync>(&self, build: impl FnOnce(&Self) -> Arc<T>) -> Option<&T> {
        self.built.0.get_or_init(|| build(self)).downcast_ref()
    }
}

/// A value that is built from the rules beside it, and is no part of them.
#[derive(Clone, Default)]
struct Built(OnceLock<Arc<dyn Any + Send + Sync>>);

impl PartialEq for Built {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Built")
    }
}

/// What a text must not have. A text meets the rule if it has one of the things that the rule lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[serde(deny_unknown_fields)]
#[avro(namespace = "musclemap.messaging")]
pub struct ModerationRule {
    /// 1 to 48 of `a-z`, `0-9`, `_` and `-`; a label of metrics.
    pub id: String,
    pub action: Action,
    /// Texts of users with one of these roles do not meet the rule.
    #[serde(default)]
    pub exempt_roles: Vec<ServiceRole>,
    /// Words and phrases, whatever their spelling; `*` at an end also finds longer words.
    #[serde(default)]
    pub words: Vec<String>,
    /// Regular expressions.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Links to these domains and below them.
    #[serde(default)]
    pub domains: Vec<String>,
    #[serde(default)]
    pub links: Vec<LinkTrick>,
    #[serde(default)]
    pub shouting: Option<Shouting>,
    /// Mentions of more users than this.
    #[serde(default)]
    pub mentions_above: Option<i32>,
}

/// What happens to a text that meets a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum Action {
    // CONTENT_REJECTED; nothing is charged.
    Reject,
    // It passes, and counts as something that moderators look at.
    Flag,
    // It passes, and is only counted: the trial of a rule.
    Shadow,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "REJECT",
            Self::Flag => "FLAG",
            Self::Shadow => "SHADOW",
        }
    }
}

/// How a link hides where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum LinkTrick {
    // An address in place of a name.
    IpLiteral,
    // A name or a password before the host: `https://musclemap.com@evil.example`.
    Userinfo,
    // A label of several scripts, or of letters that all look like ASCII.
    Punycode,
    // A domain that looks like a trusted one, or has one as a part.
    LookAlike,
}

/// Texts of at least `letters` that have a case, of which `percentage` or more are capital.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(deny_unknown_fields)]
#[avro(namespace = "musclemap.messaging")]
pub struct Shouting {
    pub letters: i32,
    pub percentage: i32,
}

/// Why a text is refused, whether for what it has (CONTENT_REJECTED) or for who writes it (FORBIDDEN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum Reason {
    ProhibitedText,
    MaliciousLink,
    Spam,
    // Its sender.
    Suspended,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProhibitedText => "PROHIBITED_TEXT",
            Self::MaliciousLink => "MALICIOUS_LINK",
            Self::Spam => "SPAM",
            Self::Suspended => "SUSPENDED",
        }
    }
}

/// A text has met a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hit {
    pub rule: String,
    pub action: Action,
}

/// Rules that ask for attention to a text, which passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Flagged {
    /// Of the first of them.
    pub reason: Reason,
    pub rules: Vec<String>,
}

/// A role of the service that the platform's token gives to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "snake_case")]
#[avro(namespace = "musclemap.messaging")]
pub enum ServiceRole {
    Moderator,
    Admin,
}

/// Not the name of a role of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role of the service")]
pub struct UnknownRole;

impl ServiceRole {
    /// Its name in tokens, headers and policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for ServiceRole {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        [Self::Moderator, Self::Admin].into_iter().find(|role| role.as_str() == name).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_from_rules_is_built_once_and_never_compared() {
        let rules = Moderation::new(vec!["musclemap.com".to_owned()], vec![]);
        let before = rules.clone();
        assert_eq!(rules.built(|rules| Arc::new(rules.trusted_domains().len())), Some(&1));
        assert_eq!(rules.clone().built(|_| Arc::new(2_usize)), Some(&1), "kept with a copy");
        assert_eq!(rules.built(|_| Arc::new("another type")), None);
        assert_eq!(rules, before);
    }

    #[test]
    fn a_role_has_one_name_on_every_wire() {
        for role in [ServiceRole::Moderator, ServiceRole::Admin] {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!("Moderator".parse::<ServiceRole>(), Err(UnknownRole));
    }
}
