//! The facts that the two machines publish: what has happened in a conversation, or to an account.
//!
//! Invariant: this is the only list of all facts. What a fact does to audiences, replay, coalescing and
//! rendering is decided by full matches in `domain::delivery`, so a new fact does not compile until
//! each of them has an answer.

use crate::avro::{self, DecodeError};

pub use crate::blocking::{BlockedUsersChanged, BlocksChanged};
pub use crate::creating::ConversationOpened;
pub use crate::credits::CreditsChanged;
pub use crate::deleting::MessageDeleted;
pub use crate::editing::MessageEdited;
pub use crate::membership::{MembersChanged, RolesChanged};
pub use crate::message_requests::RequestChanged;
pub use crate::notifications::NotificationsChanged;
pub use crate::organizing::{ConversationOrganized, DraftSaved};
pub use crate::pinning::{MessagePinned, MessageUnpinned};
pub use crate::polling::PollChanged;
pub use crate::preferences::PreferencesChanged;
pub use crate::previewing::PreviewAttached;
pub use crate::privacy::PrivacyChanged;
pub use crate::reacting::{ReactionAdded, ReactionRemoved};
pub use crate::receipts::{DeliveryAdvanced, MarkedUnread, ReceiptAdvanced};
pub use crate::reporting::{MessageHidden, MessageShown, ReportFiled, ReportResolved};
pub use crate::scheduling::ScheduleChanged;
pub use crate::sending::{MessageCreated, SendRejected};
pub use crate::settings::ConversationUpdated;
pub use crate::stickers::StickersChanged;
pub use crate::templating::TemplatesChanged;
pub use crate::uploading::AttachmentChanged;

macro_rules! facts {
    ($(#[$doc:meta])* $facts:ident, $released:ident: $($id:literal $fact:ident,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $facts {
            $($fact($fact),)*
        }

        $(impl From<$fact> for $facts {
            fn from(fact: $fact) -> Self {
                Self::$fact(fact)
            }
        })*

        impl $facts {
            /// The name of the fact's schema.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$fact(_) => stringify!($fact),)*
                }
            }

            /// The fact, framed, under its own schema.
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$fact(fact) => avro::encode(fact),)*
                }
            }

            /// Whether a schema is that of a fact of this machine that this build knows.
            pub fn knows(id: u32) -> bool {
                [$($id),*].contains(&id)
            }

            /// The fact in framed bytes.
            pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
                match avro::schema_id(bytes)? {
                    $($id => avro::decode(bytes).map(Self::$fact),)*
                    id => Err(DecodeError::UnknownSchema(id)),
                }
            }
        }

        avro::release! { $released: $($id $fact,)* }
    };
}

facts! {
    /// A fact of an account; its event is keyed by user.
    AccountFact, ACCOUNT_FACTS:
    200 CreditsChanged,
    201 SendRejected,
    202 ConversationOrganized,
    203 PreferencesChanged,
    204 DraftSaved,
    210 PrivacyChanged,
    211 BlockedUsersChanged,
    230 AttachmentChanged,
    281 NotificationsChanged,
    405 ScheduleChanged,
    297 TemplatesChanged,
    387 StickersChanged,
}

facts! {
    /// A fact of a conversation; its event is keyed by conversation.
    ConversationFact, CONVERSATION_FACTS:
    240 ConversationOpened,
    241 MessageCreated,
    242 MessageDeleted,
    243 MembersChanged,
    244 ReceiptAdvanced,
    245 BlocksChanged,
    246 MessageEdited,
    247 ConversationUpdated,
    248 MarkedUnread,
    249 RolesChanged,
    250 DeliveryAdvanced,
    260 RequestChanged,
    265 ReactionAdded,
    266 ReactionRemoved,
    267 MessagePinned,
    268 MessageUnpinned,
    269 PollChanged,
    270 PreviewAttached,
    286 MessageHidden,
    287 MessageShown,
    288 ReportFiled,
    289 ReportResolved,
}
