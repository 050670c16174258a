//! Privacy settings of the viewer.

use async_graphql::{Enum, InputObject, SimpleObject};
use schemas::privacy::{self, Privacy, UpdatePrivacy};

/// FOLLOWERS are those who follow the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "privacy::Audience")]
pub enum Audience {
    Everyone,
    Followers,
    NoOne,
}

#[derive(SimpleObject)]
pub struct PrivacySettings {
    who_can_message_me: Audience,
    show_online_status: Audience,
    /// off is reciprocal: such a user sees nobody's read receipts
    show_read_receipts: bool,
    show_typing_indicator: bool,
    allow_message_requests: bool,
    appear_offline: bool,
}

impl From<Privacy> for PrivacySettings {
    fn from(privacy: Privacy) -> Self {
        let Privacy {
            who_can_message_me,
            show_online_status,
            show_read_receipts,
            show_typing_indicator,
            allow_message_requests,
            appear_offline,
        } = privacy;
        Self {
            who_can_message_me: who_can_message_me.into(),
            show_online_status: show_online_status.into(),
            show_read_receipts,
            show_typing_indicator,
            allow_message_requests,
            appear_offline,
        }
    }
}

/// What is absent stays.
#[derive(InputObject)]
pub struct PrivacySettingsInput {
    who_can_message_me: Option<Audience>,
    show_online_status: Option<Audience>,
    show_read_receipts: Option<bool>,
    show_typing_indicator: Option<bool>,
    allow_message_requests: Option<bool>,
    appear_offline: Option<bool>,
}

impl From<PrivacySettingsInput> for UpdatePrivacy {
    fn from(input: PrivacySettingsInput) -> Self {
        Self {
            who_can_message_me: input.who_can_message_me.map(Into::into),
            show_online_status: input.show_online_status.map(Into::into),
            show_read_receipts: input.show_read_receipts,
            show_typing_indicator: input.show_typing_indicator,
            allow_message_requests: input.allow_message_requests,
            appear_offline: input.appear_offline,
        }
    }
}
