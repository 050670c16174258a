//! Feature flags at the API: each mutation says which flag switches it, and is refused before it runs.
//!
//! Invariants: a mutation that is not in [`GATES`] does not run; this check spares the log, and the machines
//! decide.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{ServerResult, Value};
use domain::features;
use graphql::Viewer;
use graphql::error::{internal, server_error};
use schemas::Refusal;
use schemas::flags::Flag;

use crate::Ingest;

/// What lets a root field run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Messaging itself, and what takes something back: no flag switches it.
    Open,
    Flag(Flag),
}

use Gate::Open;

const fn flag(flag: Flag) -> Gate {
    Gate::Flag(flag)
}

/// Every mutation, and the queries that a flag switches.
pub const GATES: &[(&str, Gate)] = &[
    ("createConversation", Open),
    ("updateConversation", Open),
    ("addParticipants", Open),
    ("removeParticipant", Open),
    ("leaveConversation", Open),
    ("setParticipantRole", Open),
    ("acceptMessageRequest", Open),
    ("declineMessageRequest", Open),
    ("archiveConversation", Open),
    ("starConversation", Open),
    ("muteConversation", Open),
    ("unmuteConversation", Open),
    ("setNotificationLevel", Open),
    ("setConversationLabels", Open),
    ("saveDraft", Open),
    ("markUnread", Open),
    ("sendMessage", Open),
    ("deleteMessage", Open),
    ("editMessage", flag(Flag::MessageEditing)),
    ("forwardMessage", flag(Flag::MessageForwarding)),
    ("setTypingStatus", flag(Flag::TypingIndicators)),
    ("heartbeat", flag(Flag::PresenceSystem)),
    ("acknowledgeDelivery", flag(Flag::DeliveryReceipts)),
    ("markRead", Open),
    ("blockUser", Open),
    ("unblockUser", Open),
    ("updatePrivacySettings", Open),
    ("updateSettings", Open),
    ("updateNotificationPreferences", Open),
    ("registerPushSubscription", flag(Flag::PushNotifications)),
    ("removePushSubscription", Open),
    ("addReaction", flag(Flag::MessageReactions)),
    ("removeReaction", flag(Flag::MessageReactions)),
    ("sendVoiceMessage", flag(Flag::VoiceMessages)),
    ("createPoll", flag(Flag::Polls)),
    ("votePoll", flag(Flag::Polls)),
    ("closePoll", flag(Flag::Polls)),
    ("scheduleMessage", flag(Flag::ScheduledMessages)),
    ("updateScheduledMessage", flag(Flag::ScheduledMessages)),
    ("cancelScheduledMessage", Open),
    ("pinMessage", flag(Flag::MessagePinning)),
    ("unpinMessage", flag(Flag::MessagePinning)),
    ("reportMessage", Open),
    ("resolveReport", Open),
    ("createUpload", flag(Flag::Attachments)),
    ("completeUpload", flag(Flag::Attachments)),
    ("saveMessageTemplate", flag(Flag::MessageTemplates)),
    ("deleteMessageTemplate", Open),
    ("createStickerPack", flag(Flag::Stickers)),
    ("addSticker", flag(Flag::Stickers)),
    ("addStickerPack", flag(Flag::Stickers)),
    ("removeSticker", Open),
    ("deleteStickerPack", Open),
    ("removeStickerPack", Open),
    ("translateMessage", flag(Flag::Translation)),
    ("stickerPacks", flag(Flag::Stickers)),
    ("searchGifs", flag(Flag::GifSupport)),
    ("getSmartReplies", flag(Flag::SmartReplies)),
    ("smartReplies", flag(Flag::SmartReplies)),
    ("searchMessages", flag(Flag::MessageSearch)),
    ("vapidPublicKey", flag(Flag::PushNotifications)),
];

/// What lets a root field run, if the table names it.
pub fn gate(field: &str) -> Option<Gate> {
    GATES.iter().find(|(name, _)| *name == field).map(|(_, gate)| *gate)
}

/// Refuses root fields of features that their viewer does not have.
pub struct FeatureGates;

impl ExtensionFactory for FeatureGates {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for FeatureGates {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let wanted = match info.parent_type {
            "Mutation" => {
                let unlisted = || internal(&format!("the mutation {} has no gate", info.name));
                gate(info.name).ok_or_else(unlisted).map_err(server_error)?
            }
            "Query" => gate(info.name).unwrap_or(Open),
            _ => Open,
        };
        if let Gate::Flag(flag) = wanted {
            check(ctx, flag).await.map_err(server_error)?;
        }
        next.run(ctx, info).await
    }
}

/// An unsigned request is refused by the field itself.
async fn check(ctx: &ExtensionContext<'_>, flag: Flag) -> Result<(), Refusal> {
    let Some(viewer) = ctx.data_opt::<Viewer>() else { return Ok(()) };
    let ingest = ctx.data_opt::<Arc<Ingest>>().ok_or_else(|| internal(&"a schema without an ingest"))?;
    let tier = ingest.facts.tier(&viewer.user, viewer.tier.as_ref()).await;
    ingest.policy.check(|policy| features::check(policy, flag, &viewer.user, tier.as_ref())).await
}
