//! The policy as operators write it: TOML, every key spelled out.
//!
//! Invariant: what is not understood is an error, so a misspelt limit is never silently absent.

use schemas::control::{Limit, Policy};
use schemas::flags::{Features, Flag, Tier};

use crate::moderation;

/// The policy that is shipped.
pub const SHIPPED: &str = include_str!("../../deploy/policy/policy.toml");

/// Effects that a window may count: their times are in the account's state, which is to be small.
const MOST_COUNTED: i64 = 5_000;
/// Each with the position of its command.
const MOST_REACTIONS: i64 = 1_000;
/// All of them stand in one aspect of a message, of 2 KB at most.
const MOST_EMOJI: i64 = 20;
/// All of them stand in the state of a conversation.
const MOST_PINS: i64 = 100;
/// All of them are charged by one decision.
const MOST_COPIES: i64 = 20;
/// A row for each version of a message.
const MOST_EDITS: i64 = 100;
/// In seconds.
const LONGEST_WINDOW: i64 = 366 * 24 * 60 * 60;
/// A group is opened by one command, which writes a row for each member.
const MOST_MEMBERS: i64 = 80;
/// Each is a row that a send reads and writes, and some 500 bytes of the message.
const MOST_FILES: i64 = 20;
/// All of them are listed at once, and their shortcuts stand in one row.
const MOST_TEMPLATES: i64 = 500;
/// All of them stand in one row, and a query reads them all.
const MOST_PACKS: i64 = 500;
/// All of them stand in one row, each of some 450 bytes.
const MOST_STICKERS: i64 = 250;
/// The media processor holds a file in memory.
pub const MOST_FILE_BYTES: i64 = 64 * 1024 * 1024;
/// A control record carries them to every partition.
const MOST_TIERS: usize = 20;
const MOST_USERS: usize = 1_000;
/// In seconds: longer audio is not decoded.
pub const LONGEST_VOICE: i64 = 30 * 60;
/// Four bytes each, and the parent's text beside: a fraction of the largest record.
const MOST_CHARACTERS: i64 = 16_000;

#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicy {
    #[error("not a policy: {0}")]
    Malformed(#[from] toml::de::Error),
    #[error("unknown key {0}")]
    UnknownKey(String),
    #[error("{0} must be between 1 and {1}")]
    OutOfRange(&'static str, i64),
    #[error("features.flags: {0} must be there once")]
    Flag(String),
    #[error("features.flags: {0} is no flag")]
    UnknownFlag(String),
    #[error("features.flags: {0} must have a percentage from 0 to 100, at most 20 tiers and 1000 users")]
    Rollout(String),
    #[error(transparent)]
    Rule(#[from] moderation::InvalidRule),
    #[error("a price must be between 0 and 1000000 milli-credits")]
    Price,
}

/// Reads a policy file.
pub fn parse(text: &str) -> Result<Policy, InvalidPolicy> {
    let written: toml::Table = toml::from_str(text)?;
    let policy: Policy = toml::from_str(text)?;
    // What a policy says, written out again, holds every key that exists.
    if let Ok(understood) = toml::Table::try_from(&policy) {
        unknown_key(&written, &understood, "").map_or(Ok(()), |key| Err(InvalidPolicy::UnknownKey(key)))?;
    }
    check(&policy)?;
    Ok(policy)
}

fn unknown_key(written: &toml::Table, understood: &toml::Table, path: &str) -> Option<String> {
    written.iter().find_map(|(key, value)| {
        let path = format!("{path}{key}");
        match (value, understood.get(key)) {
            (_, None) => Some(path),
            (toml::Value::Table(written), Some(toml::Value::Table(understood))) => {
                unknown_key(written, understood, &format!("{path}."))
            }
            _ => None,
        }
    })
}

fn check(policy: &Policy) -> Result<(), InvalidPolicy> {
    let limits = &policy.limits;
    let windows: [(&'static str, &Limit, i64); 12] = [
        ("limits.send", &limits.send, MOST_COUNTED),
        ("limits.create_conversation", &limits.create_conversation, MOST_COUNTED),
        ("limits.edit", &limits.edit, MOST_COUNTED),
        ("limits.identical_text", &limits.identical_text, MOST_COUNTED),
        ("limits.identical_text_conversations", &limits.identical_text_conversations, MOST_COUNTED),
        ("limits.change_members", &limits.change_members, MOST_COUNTED),
        ("limits.block", &limits.block, MOST_COUNTED),
        ("limits.upload", &limits.upload, MOST_COUNTED),
        ("limits.react", &limits.react, MOST_REACTIONS),
        ("limits.report", &limits.report, MOST_COUNTED),
        ("limits.sticker_pack", &limits.sticker_pack, MOST_COUNTED),
        ("limits.translate", &limits.translate, MOST_COUNTED),
    ];
    for (name, window, most) in windows {
        within(name, window.count.into(), most)?;
        within(name, window.seconds, LONGEST_WINDOW)?;
    }
    within("limits.emoji_per_message", limits.emoji_per_message.into(), MOST_EMOJI)?;
    within("limits.pins_per_conversation", limits.pins_per_conversation.into(), MOST_PINS)?;
    within("limits.forward_conversations", limits.forward_conversations.into(), MOST_COPIES)?;
    within("limits.group_members", limits.group_members.into(), MOST_MEMBERS)?;
    within("limits.message_characters", limits.message_characters.into(), MOST_CHARACTERS)?;
    within("limits.edit_window_seconds", limits.edit_window_seconds, LONGEST_WINDOW)?;
    within("limits.suspension_seconds", limits.suspension_seconds, LONGEST_WINDOW)?;
    within("limits.attachment_bytes", limits.attachment_bytes.into(), MOST_FILE_BYTES)?;
    within("limits.attachments_per_message", limits.attachments_per_message.into(), MOST_FILES)?;
    within("limits.voice_seconds", limits.voice_seconds.into(), LONGEST_VOICE)?;
    within("limits.templates", limits.templates.into(), MOST_TEMPLATES)?;
    within("limits.own_sticker_packs", limits.own_sticker_packs.into(), MOST_PACKS)?;
    within("limits.added_sticker_packs", limits.added_sticker_packs.into(), MOST_PACKS)?;
    within("limits.stickers_per_pack", limits.stickers_per_pack.into(), MOST_STICKERS)?;
    within("limits.edits_per_message", limits.edits_per_message.into(), MOST_EDITS)?;
    if !(0..=1_000_000).contains(&policy.prices.message_per_recipient) {
        return Err(InvalidPolicy::Price);
    }
    check_features(&policy.features)?;
    Ok(moderation::check_rules(&policy.moderation)?)
}

/// Every flag is there, so that none is off in silence.
fn check_features(features: &Features) -> Result<(), InvalidPolicy> {
    for flag in Flag::ALL {
        if features.flags.iter().filter(|rule| rule.key == flag.key()).count() != 1 {
            return Err(InvalidPolicy::Flag(flag.key().to_owned()));
        }
    }
    for rule in &features.flags {
        if Flag::ALL.iter().all(|flag| flag.key() != rule.key) {
            return Err(InvalidPolicy::UnknownFlag(rule.key.clone()));
        }
        let are_tiers = rule.tiers.iter().all(|tier| tier.parse::<Tier>().is_ok());
        let fits = are_tiers && rule.tiers.len() <= MOST_TIERS && rule.users.len() <= MOST_USERS;
        if !fits || !(0..=100).contains(&rule.percentage) {
            return Err(InvalidPolicy::Rollout(rule.key.clone()));
        }
    }
    Ok(())
}

fn within(name: &'static str, value: i64, most: i64) -> Result<(), InvalidPolicy> {
    if (1..=most).contains(&value) { Ok(()) } else { Err(InvalidPolicy::OutOfRange(name, most)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_policy_is_what_the_product_decided() {
        let policy = parse(SHIPPED).unwrap();
        assert_eq!(policy.prices.message_per_recipient, 100);
        assert_eq!(policy.limits.send, Limit { count: 60, seconds: 60 });
        assert_eq!(policy.limits.create_conversation, Limit { count: 20, seconds: 86_400 });
        assert_eq!(policy.limits.edit, Limit { count: 10, seconds: 3_600 });
        assert_eq!(policy.limits.change_members, Limit { count: 100, seconds: 86_400 });
        assert_eq!(policy.limits.react, Limit { count: 30, seconds: 60 });
        assert_eq!(policy.limits.emoji_per_message, 20);
        assert_eq!(policy.limits.pins_per_conversation, 10);
        assert_eq!(policy.limits.forward_conversations, 10);
        assert_eq!(policy.limits.block, Limit { count: 50, seconds: 86_400 });
        assert_eq!(policy.limits.message_characters, 4_000);
        assert_eq!(policy.limits.upload, Limit { count: 20, seconds: 3_600 });
        assert_eq!(policy.limits.attachment_bytes, 25 * 1024 * 1024);
        assert_eq!(policy.limits.voice_seconds, 120);
        assert_eq!(policy.limits.group_members, 50);
        assert_eq!(policy.limits.templates, 200);
        let packs = (policy.limits.own_sticker_packs, policy.limits.added_sticker_packs);
        assert_eq!((packs, policy.limits.stickers_per_pack), ((50, 200), 120));
        assert_eq!(policy.limits.translate, Limit { count: 200, seconds: 86_400 });
        assert!(policy.features.flags.iter().all(|rule| rule.percentage == 100 && !rule.off));
    }

    #[test]
    fn the_example_rolls_out_as_the_plan_says() {
        let policy = parse(include_str!("../../deploy/policy/rollout.example.toml")).unwrap();
        let limited: Vec<(&str, i32, &[String])> = policy
            .features
            .flags
            .iter()
            .filter(|rule| rule.percentage < 100)
            .map(|rule| (rule.key.as_str(), rule.percentage, &rule.tiers[..]))
            .collect();
        let premium = ["premium".to_owned()];
        assert_eq!(
            limited,
            [("messaging.message_reactions", 50, &[][..]), ("messaging.voice_messages", 10, &premium[..])]
        );
        let shipped = parse(SHIPPED).unwrap();
        assert_eq!((policy.prices, policy.limits), (shipped.prices, shipped.limits));
    }

    #[test]
    fn flags_that_are_missing_unknown_or_out_of_range_are_refused_by_name() {
        let polls = r#"{ key = "messaging.polls", percentage = 100 }"#;
        for (instead, wrong) in [
            ("", "features.flags: messaging.polls must be there once"),
            (&format!("{polls}, {polls}") as &str, "features.flags: messaging.polls must be there once"),
            (
                &format!(r#"{polls}, {{ key = "messaging.poll", percentage = 100 }}"#),
                "features.flags: messaging.poll is no flag",
            ),
            (
                r#"{ key = "messaging.polls", percentage = 101 }"#,
                "features.flags: messaging.polls must have a percentage from 0 to 100, at most 20 tiers and 1000 users",
            ),
        ] {
            let refused = parse(&SHIPPED.replace(polls, instead).replace("  ,\n", "")).unwrap_err();
            assert_eq!(refused.to_string(), wrong, "{instead}");
        }
        let misspelt = SHIPPED.replace(polls, r#"{ key = "messaging.polls", percent = 100 }"#);
        assert!(matches!(parse(&misspelt), Err(InvalidPolicy::Malformed(_))));
    }

    #[test]
    fn a_file_that_is_not_understood_is_refused_by_name() {
        let misspelt = SHIPPED.replace("message_per_recipient", "message_per_recipent");
        assert!(matches!(parse(&misspelt), Err(InvalidPolicy::Malformed(_))));
        let more = SHIPPED.replace("[limits]", "[limits]\nemoji = 3");
        assert!(matches!(parse(&more), Err(InvalidPolicy::UnknownKey(key)) if key == "limits.emoji"));
        let none = SHIPPED.replace("group_members = 50", "group_members = 0");
        assert!(matches!(parse(&none), Err(InvalidPolicy::OutOfRange("limits.group_members", _))));
        let crowd = SHIPPED.replace("group_members = 50", "group_members = 81");
        assert!(matches!(parse(&crowd), Err(InvalidPolicy::OutOfRange("limits.group_members", 80))));
        let endless = SHIPPED.replace("count = 60", "count = 5001");
        assert!(matches!(parse(&endless), Err(InvalidPolicy::OutOfRange("limits.send", 5_000))));
    }
}
