//! Feature flags: who has a feature under a policy, and which operations belong to one.
//!
//! Invariants: a user who is drawn at a percentage is drawn at each higher one; a flag that the policy does not
//! have is off; the matches over operations are full, so a new one says whether a flag switches it.

use schemas::control::Policy;
use schemas::flags::{Features, Flag, FlagRule, Tier};
use schemas::{AccountRequest, ConversationRequest, ErrorCode, Refusal, UserId};

use crate::text;

/// Users are drawn by hundredths.
const HUNDRED: u64 = 100;

/// Whether a user of a tier has a feature.
pub fn is_on(policy: &Policy, flag: Flag, user: &UserId, tier: Option<&Tier>) -> bool {
    let rule = policy.features.flags.iter().find(|rule| rule.key == flag.key());
    rule.is_some_and(|rule| has(rule, user, tier.map(Tier::as_str)))
}

/// FEATURE_DISABLED for a user who does not have the feature.
pub fn check(policy: &Policy, flag: Flag, user: &UserId, tier: Option<&Tier>) -> Result<(), Refusal> {
    if is_on(policy, flag, user, tier) {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::FeatureDisabled, format!("{} is not enabled", flag.key())))
}

/// Flags whose rules differ between two sets of rules: the rule before and the rule after.
pub struct Changes<'a>(Vec<[Option<&'a FlagRule>; 2]>);

impl<'a> Changes<'a> {
    pub fn between(before: &'a Features, after: &'a Features) -> Self {
        let rules =
            |flag: &Flag| [before, after].map(|all| all.flags.iter().find(|rule| rule.key == flag.key()));
        Self(Flag::ALL.iter().map(rules).filter(|[before, after]| before != after).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether some flag of a user differs between two sets of rules, with at least one tier or without one.
    pub fn concern(&self, user: &UserId) -> bool {
        self.0.iter().any(|rules| {
            let named = rules.iter().flatten().flat_map(|rule| &rule.tiers).map(|tier| Some(tier.as_str()));
            std::iter::once(None).chain(named).any(|tier| {
                let [before, after] = rules.map(|rule| rule.is_some_and(|rule| has(rule, user, tier)));
                before != after
            })
        })
    }
}

fn has(rule: &FlagRule, user: &UserId, tier: Option<&str>) -> bool {
    let is_drawn = || i64::from(rule.percentage) > hundredth(&rule.key, user);
    let is_of_tier = || rule.tiers.is_empty() || rule.tiers.iter().any(|named| Some(named.as_str()) == tier);
    !rule.off && (rule.users.contains(user) || (is_of_tier() && is_drawn()))
}

/// A number from 0 to 99. It never changes; each flag orders users differently.
fn hundredth(key: &str, user: &UserId) -> i64 {
    let hash = text::hash(format!("{key}\0{user}").as_bytes()).cast_unsigned();
    (hash % HUNDRED).cast_signed()
}

/// The flags that switch a request to an account: each must be on. What removes something has none.
pub fn of_account(request: &AccountRequest) -> Vec<Flag> {
    match request {
        AccountRequest::SubmitEdit(_) => vec![Flag::MessageEditing],
        AccountRequest::AddReaction(_) => vec![Flag::MessageReactions],
        AccountRequest::CreatePoll(_) => vec![Flag::Polls],
        AccountRequest::ScheduleMessage(_) | AccountRequest::ChangeSchedule(_) => {
            vec![Flag::ScheduledMessages]
        }
        AccountRequest::SendVoice(_) => vec![Flag::VoiceMessages],
        AccountRequest::ForwardMessage(_) => vec![Flag::MessageForwarding],
        AccountRequest::RegisterPush(_) => vec![Flag::PushNotifications],
        AccountRequest::CreateUpload(_) | AccountRequest::CompleteUpload(_) => vec![Flag::Attachments],
        AccountRequest::SaveTemplate(_) => vec![Flag::MessageTemplates],
        AccountRequest::CreateStickerPack(_)
        | AccountRequest::AddSticker(_)
        | AccountRequest::AddStickerPack(_) => vec![Flag::Stickers],
        AccountRequest::SendMessage(send) => {
            let files = (!send.attachments.is_empty()).then_some(Flag::Attachments);
            let template = send.template.as_ref().map(|_| Flag::MessageTemplates);
            let sticker = send.sticker.as_ref().map(|_| Flag::Stickers);
            let gif = send.gif.as_ref().map(|_| Flag::GifSupport);
            files.into_iter().chain(template).chain(sticker).chain(gif).collect()
        }
        AccountRequest::CreateConversation(_)
        | AccountRequest::CancelSchedule(_)
        | AccountRequest::FireSchedule(_)
        | AccountRequest::SettleSchedule(_)
        | AccountRequest::Refund(_)
        | AccountRequest::GrantCredits(_)
        | AccountRequest::OrganizeConversation(_)
        | AccountRequest::SaveDraft(_)
        | AccountRequest::UpdatePreferences(_)
        | AccountRequest::UpdatePrivacy(_)
        | AccountRequest::UpdateNotifications(_)
        | AccountRequest::RemovePush(_)
        | AccountRequest::NoteRequest(_)
        | AccountRequest::SettleRequest(_)
        | AccountRequest::NoteBlock(_)
        | AccountRequest::SettleUpload(_)
        | AccountRequest::CountFiles(_)
        | AccountRequest::RemoveSticker(_)
        | AccountRequest::DeleteStickerPack(_)
        | AccountRequest::RemoveStickerPack(_)
        | AccountRequest::MarkStickerPack(_)
        | AccountRequest::SetSuspension(_)
        | AccountRequest::DeleteTemplate(_)
        | AccountRequest::ReportMessage(_) => vec![],
    }
}

/// The flag that switches a request to a conversation, and the user who asks. Requests that an account passes on
/// have no flag here: the account decided them.
pub fn of_conversation(request: &ConversationRequest) -> Option<(Flag, &UserId)> {
    match request {
        ConversationRequest::AcknowledgeDelivery(asked) => Some((Flag::DeliveryReceipts, &asked.user)),
        ConversationRequest::RemoveReaction(asked) => Some((Flag::MessageReactions, &asked.user)),
        ConversationRequest::PinMessage(asked) => Some((Flag::MessagePinning, &asked.actor.user)),
        ConversationRequest::UnpinMessage(asked) => Some((Flag::MessagePinning, &asked.actor.user)),
        ConversationRequest::VotePoll(asked) => Some((Flag::Polls, &asked.user)),
        ConversationRequest::ClosePoll(asked) => Some((Flag::Polls, &asked.actor)),
        ConversationRequest::AttachPreviews(asked) => Some((Flag::LinkPreviews, asked.message.sender_id())),
        ConversationRequest::PostMessage(_)
        | ConversationRequest::PostPoll(_)
        | ConversationRequest::React(_)
        | ConversationRequest::OpenConversation(_)
        | ConversationRequest::LookUp(_)
        | ConversationRequest::EditMessage(_)
        | ConversationRequest::MarkRead(_)
        | ConversationRequest::MarkUnread(_)
        | ConversationRequest::AddMembers(_)
        | ConversationRequest::RemoveMember(_)
        | ConversationRequest::SetRole(_)
        | ConversationRequest::DeleteMessage(_)
        | ConversationRequest::AcceptRequest(_)
        | ConversationRequest::DeclineRequest(_)
        | ConversationRequest::SetBlock(_)
        | ConversationRequest::FileReport(_)
        | ConversationRequest::ResolveReport(_)
        | ConversationRequest::UpdateConversation(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(percentage: i32) -> FlagRule {
        let key = Flag::Polls.key().to_owned();
        FlagRule { key, percentage, tiers: vec![], users: vec![], off: false }
    }

    fn user(number: u32) -> UserId {
        format!("user-{number}").parse().unwrap()
    }

    #[test]
    fn tiers_users_and_the_kill_switch_say_who_is_drawn() {
        let ann = user(1);
        let premium = FlagRule { tiers: vec!["premium".to_owned()], ..rule(100) };
        let chosen = FlagRule { users: vec![ann.clone()], ..rule(0) };
        for (rule, tier, on) in [
            (rule(0), None, false),
            (rule(100), None, true),
            (rule(100), Some("free"), true),
            (premium.clone(), None, false),
            (premium.clone(), Some("free"), false),
            (premium, Some("premium"), true),
            (chosen.clone(), None, true),
            (FlagRule { off: true, ..chosen }, None, false),
            (FlagRule { off: true, ..rule(100) }, Some("premium"), false),
        ] {
            assert_eq!(has(&rule, &ann, tier), on, "{rule:?} for {tier:?}");
        }
    }

    #[test]
    fn who_is_drawn_anew_or_no_more_has_other_flags_and_nobody_else() {
        let ann = user(1);
        let changes = |before: &Features, after: &Features, user: &UserId| {
            let changes = Changes::between(before, after);
            assert_eq!(changes.is_empty(), before == after);
            changes.concern(user)
        };
        let all = |rule: FlagRule| Features { flags: vec![rule] };
        let of_tier = |percentage| FlagRule { tiers: vec!["premium".to_owned()], ..rule(percentage) };
        let before = all(rule(30));
        assert!(!changes(&before, &before, &ann));
        for number in 0..100 {
            let is_drawn = (30..60).contains(&hundredth(Flag::Polls.key(), &user(number)));
            assert_eq!(changes(&before, &all(rule(60)), &user(number)), is_drawn);
            assert_eq!(changes(&all(rule(60)), &before, &user(number)), is_drawn);
        }
        assert!(changes(&all(of_tier(0)), &all(of_tier(100)), &ann), "of some tier");
        assert!(changes(&Features { flags: vec![] }, &all(rule(100)), &ann));
        assert!(!changes(&Features { flags: vec![] }, &all(rule(0)), &ann));
    }

    /// Users stay drawn over builds: their hundredths are written down here.
    #[test]
    fn a_hundredth_never_changes() {
        let drawn: Vec<i64> = (0..8).map(|number| hundredth("messaging.polls", &user(number))).collect();
        expect_test::expect!["[3, 83, 16, 99, 48, 69, 89, 48]"].assert_eq(&format!("{drawn:?}"));
    }

    #[test]
    fn a_percentage_is_that_part_of_many_users_and_flags_draw_different_ones() {
        let drawn = |key: &str| -> Vec<u32> {
            (0..10_000).filter(|number| hundredth(key, &user(*number)) < 30).collect()
        };
        let (one, other) = (drawn(Flag::Polls.key()), drawn(Flag::Stickers.key()));
        for count in [one.len(), other.len()] {
            assert!((2_800..3_200).contains(&count), "{count} of 10000");
        }
        let both = one.iter().filter(|number| other.contains(number)).count();
        assert!((800..1_000).contains(&both), "{both} of 10000");
    }

    proptest! {
        #[test]
        fn who_is_drawn_at_a_percentage_is_drawn_at_each_higher_one(
            number in any::<u32>(), low in 0..=100i32, high in 0..=100i32,
        ) {
            let (low, high) = (low.min(high), low.max(high));
            prop_assert!(!has(&rule(low), &user(number), None) || has(&rule(high), &user(number), None));
        }
    }
}
