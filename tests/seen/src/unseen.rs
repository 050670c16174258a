//! Parts of the API that no end-to-end test can see, each with the reason.
//!
//! Invariant: a part that is listed here and was seen on every stack is an error, so the list only shrinks.

/// No system answers it yet: the contract gives all values of an enum at once.
const NOT_YET: &str = "nothing produces it yet";
/// Five minutes without an act of the user; the machine of presence has tests with a clock of their own.
const BY_TIME: &str = "takes minutes of a user's idleness";
const BY_DEFECT: &str = "only a defect is answered so";

/// Names of parts, and why they are not seen.
pub const UNSEEN: &[(&str, &str)] = &[
    ("AccountPart.DEVICES", NOT_YET),
    ("ConversationKind.BROADCAST", NOT_YET),
    ("INTERNAL_SERVER_ERROR", BY_DEFECT),
    ("MessageChangeKind.ATTACHMENT_READY", NOT_YET),
    ("MessageChangeKind.EXPIRED", NOT_YET),
    ("MessageContentType.ACHIEVEMENT", NOT_YET),
    ("MessageContentType.ASSIGNMENT", NOT_YET),
    ("MessageContentType.CHALLENGE", NOT_YET),
    ("MessageContentType.CHECK_IN", NOT_YET),
    ("MessageContentType.ENCRYPTED", NOT_YET),
    ("MessageContentType.FORM_CHECK", NOT_YET),
    ("MessageContentType.NUTRITION_PLAN", NOT_YET),
    ("MessageContentType.PHOTO_REQUEST", NOT_YET),
    ("MessageContentType.PROFILE", NOT_YET),
    ("MessageContentType.WORKOUT", NOT_YET),
    ("PresenceStatus.AWAY", BY_TIME),
    ("SystemEventKind.CREATED", NOT_YET),
    ("SystemEventKind.DISAPPEARING_CHANGED", NOT_YET),
    ("SystemEventKind.JOINED", NOT_YET),
];

/// Codes of failures: tests of faults provoke them one by one, but whether one of their clients is answered so is
/// chance.
const BY_CHANCE: &[&str] = &["OUTCOME_PENDING", "UNAVAILABLE"];

/// Why no test can see a part.
pub fn reason(part: &str) -> Option<&'static str> {
    let by_chance = BY_CHANCE.contains(&part).then_some("answered by chance while something fails");
    by_chance.or_else(|| UNSEEN.iter().find(|(name, _)| *name == part).map(|(_, reason)| *reason))
}
