//! The operations of the two machines: what an account and a conversation can be asked to do.
//!
//! Invariant: this is the only list of all operations. Schema ids, the request enums, their codec, the
//! dispatch in `domain` and the generators of the simulator derive from it. An operation counts from
//! the rules `since` on: before, its id is as unknown as one that no build knows.

use crate::avro::{self, DecodeError};

pub use crate::attaching::CountFiles;
pub use crate::blocking::{NoteBlock, SetBlock};
pub use crate::charging::{LookUp, Refund};
pub use crate::creating::{CreateConversation, OpenConversation};
pub use crate::credits::GrantCredits;
pub use crate::deleting::DeleteMessage;
pub use crate::editing::{EditMessage, SubmitEdit};
pub use crate::forwarding::ForwardMessage;
pub use crate::membership::{AddMembers, RemoveMember, SetRole};
pub use crate::message_requests::{AcceptRequest, DeclineRequest, NoteRequest, SettleRequest};
pub use crate::notifications::UpdateNotifications;
pub use crate::organizing::{OrganizeConversation, SaveDraft};
pub use crate::pinning::{PinMessage, UnpinMessage};
pub use crate::polling::{ClosePoll, CreatePoll, PostPoll, VotePoll};
pub use crate::preferences::UpdatePreferences;
pub use crate::previewing::AttachPreviews;
pub use crate::privacy::UpdatePrivacy;
pub use crate::push::{RegisterPush, RemovePush};
pub use crate::reacting::{AddReaction, React, RemoveReaction};
pub use crate::receipts::{AcknowledgeDelivery, MarkRead, MarkUnread};
pub use crate::reporting::{FileReport, ReportMessage, ResolveReport};
pub use crate::scheduling::{CancelSchedule, ChangeSchedule, FireSchedule, ScheduleMessage, SettleSchedule};
pub use crate::sending::{PostMessage, SendMessage};
pub use crate::settings::UpdateConversation;
pub use crate::stickers::{
    AddSticker, AddStickerPack, CreateStickerPack, DeleteStickerPack, MarkStickerPack, RemoveSticker,
    RemoveStickerPack,
};
pub use crate::suspending::SetSuspension;
pub use crate::templating::{DeleteTemplate, SaveTemplate};
pub use crate::uploading::{CompleteUpload, CreateUpload, SettleUpload};
pub use crate::voice::SendVoice;

/// Calls `$with!` with the operations of accounts: what follows `$with`, then `id Request since rules,`
/// for each. The caller has the requests in scope.
#[macro_export]
macro_rules! account_operations {
    ($($with:ident)::+ $($more:tt)*) => {
        $($with)::+! { $($more)*
            100 SendMessage since 1,
            101 CreateConversation since 1,
            102 Refund since 1,
            103 GrantCredits since 1,
            104 OrganizeConversation since 1,
            105 SaveDraft since 1,
            106 UpdatePreferences since 1,
            110 UpdatePrivacy since 1,
            111 NoteRequest since 1,
            112 SettleRequest since 1,
            113 NoteBlock since 1,
            120 SubmitEdit since 1,
            130 CreateUpload since 1,
            131 CompleteUpload since 1,
            132 SettleUpload since 1,
            133 CountFiles since 1,
            115 AddReaction since 1,
            116 CreatePoll since 1,
            117 ForwardMessage since 1,
            118 SendVoice since 1,
            343 UpdateNotifications since 1,
            344 RegisterPush since 1,
            345 RemovePush since 1,
            350 ReportMessage since 1,
            353 SetSuspension since 1,
            400 ScheduleMessage since 1,
            401 ChangeSchedule since 1,
            402 CancelSchedule since 1,
            403 FireSchedule since 1,
            404 SettleSchedule since 1,
            370 SaveTemplate since 1,
            371 DeleteTemplate since 1,
            380 CreateStickerPack since 1,
            381 AddSticker since 1,
            382 RemoveSticker since 1,
            383 DeleteStickerPack since 1,
            384 AddStickerPack since 1,
            385 RemoveStickerPack since 1,
            386 MarkStickerPack since 1,
        }
    };
}

/// Calls `$with!` with the operations of conversations, as [`account_operations`] does.
#[macro_export]
macro_rules! conversation_operations {
    ($($with:ident)::+ $($more:tt)*) => {
        $($with)::+! { $($more)*
            140 PostMessage since 1,
            141 OpenConversation since 1,
            142 LookUp since 1,
            143 MarkRead since 1,
            144 AddMembers since 1,
            145 RemoveMember since 1,
            146 DeleteMessage since 1,
            147 SetBlock since 1,
            148 EditMessage since 1,
            149 UpdateConversation since 1,
            150 MarkUnread since 1,
            151 SetRole since 1,
            152 AcknowledgeDelivery since 1,
            160 AcceptRequest since 1,
            161 DeclineRequest since 1,
            165 React since 1,
            166 RemoveReaction since 1,
            167 PinMessage since 1,
            168 UnpinMessage since 1,
            169 PostPoll since 1,
            170 VotePoll since 1,
            171 ClosePoll since 1,
            172 AttachPreviews since 1,
            351 FileReport since 1,
            352 ResolveReport since 1,
        }
    };
}

/// The largest request in memory, in bytes: requests are moved, so a larger part is boxed.
const MAX_REQUEST_BYTES: usize = 256;

macro_rules! requests {
    ($requests:ident, $released:ident: $($id:literal $request:ident since $since:literal,)*) => {
        #[derive(Debug, Clone, PartialEq)]
        pub enum $requests {
            $($request($request),)*
        }

        const _: () = assert!(size_of::<$requests>() <= MAX_REQUEST_BYTES);

        $(impl From<$request> for $requests {
            fn from(request: $request) -> Self {
                Self::$request(request)
            }
        })*

        impl $requests {
            /// The name of the request's schema.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$request(_) => stringify!($request),)*
                }
            }

            /// The request, framed, under its own schema.
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$request(request) => avro::encode(request),)*
                }
            }

            /// The request in framed bytes, under the rules in force at the record's position.
            pub fn decode(bytes: &[u8], rules: i32) -> Result<Self, DecodeError> {
                match avro::schema_id(bytes)? {
                    $($id if $since <= rules => avro::decode(bytes).map(Self::$request),)*
                    id => Err(DecodeError::UnknownSchema(id)),
                }
            }
        }

        avro::release! { $released: $($id $request,)* }
    };
}

account_operations! { requests AccountRequest, ACCOUNT_REQUESTS: }
conversation_operations! { requests ConversationRequest, CONVERSATION_REQUESTS: }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_counts_from_its_rules_on() {
        let grant = GrantCredits { once: "welcome".to_owned(), amount_milli: 1 };
        let bytes = AccountRequest::from(grant.clone()).encode();
        assert_eq!(AccountRequest::decode(&bytes, 1).unwrap(), grant.into());
        for (rules, bytes) in [(0, &bytes[..]), (1, &[0, 0, 0, 0, 99, 1][..])] {
            assert!(matches!(AccountRequest::decode(bytes, rules), Err(DecodeError::UnknownSchema(_))));
        }
        let other = ConversationRequest::decode(&bytes, 1);
        assert!(matches!(other, Err(DecodeError::UnknownSchema(103))), "of another machine");
    }
}
