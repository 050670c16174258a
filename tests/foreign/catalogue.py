"""Every schema by its id: what the frame of a record, a header or a row may name.

Written down by hand. The schemas themselves come from the operators' port; both must agree.
"""

CONTROL, VERDICT, PLATFORM_USER, CHARGE, POLICY_VERSION, MESSAGE, PAIR_BLOCKS = 3, 6, 7, 8, 9, 10, 31
PLATFORM_FOLLOW, PLATFORM_BAN, PLATFORM_REVOCATION, USER_ERASED = 300, 328, 329, 327

# Requests to an account and to a conversation, and the facts that each publishes.
ACCOUNT_REQUESTS = {
    100: "SendMessage",
    101: "CreateConversation",
    102: "Refund",
    103: "GrantCredits",
    104: "OrganizeConversation",
    105: "SaveDraft",
    106: "UpdatePreferences",
    110: "UpdatePrivacy",
    111: "NoteRequest",
    112: "SettleRequest",
    113: "NoteBlock",
    120: "SubmitEdit",
    130: "CreateUpload",
    131: "CompleteUpload",
    132: "SettleUpload",
    133: "CountFiles",
    115: "AddReaction",
    116: "CreatePoll",
    117: "ForwardMessage",
    343: "UpdateNotifications",
    344: "RegisterPush",
    345: "RemovePush",
    350: "ReportMessage",
    353: "SetSuspension",
}
CONVERSATION_REQUESTS = {
    140: "PostMessage",
    141: "OpenConversation",
    142: "LookUp",
    143: "MarkRead",
    144: "AddMembers",
    145: "RemoveMember",
    146: "DeleteMessage",
    147: "SetBlock",
    148: "EditMessage",
    149: "UpdateConversation",
    150: "MarkUnread",
    151: "SetRole",
    152: "AcknowledgeDelivery",
    160: "AcceptRequest",
    161: "DeclineRequest",
    165: "React",
    166: "RemoveReaction",
    167: "PinMessage",
    168: "UnpinMessage",
    169: "PostPoll",
    170: "VotePoll",
    171: "ClosePoll",
    172: "AttachPreviews",
    351: "FileReport",
    352: "ResolveReport",
}
ACCOUNT_FACTS = {
    200: "CreditsChanged",
    201: "SendRejected",
    202: "ConversationOrganized",
    203: "PreferencesChanged",
    204: "DraftSaved",
    210: "PrivacyChanged",
    211: "BlockedUsersChanged",
    230: "AttachmentChanged",
    281: "NotificationsChanged",
}
CONVERSATION_FACTS = {
    240: "ConversationOpened",
    241: "MessageCreated",
    242: "MessageDeleted",
    243: "MembersChanged",
    244: "ReceiptAdvanced",
    245: "BlocksChanged",
    246: "MessageEdited",
    247: "ConversationUpdated",
    248: "MarkedUnread",
    249: "RolesChanged",
    250: "DeliveryAdvanced",
    260: "RequestChanged",
    265: "ReactionAdded",
    266: "ReactionRemoved",
    267: "MessagePinned",
    268: "MessageUnpinned",
    269: "PollChanged",
    270: "PreviewAttached",
    286: "MessageHidden",
    287: "MessageShown",
    288: "ReportFiled",
    289: "ReportResolved",
}

# Rows of the two machines, by kind of row: the schema's id and its name. Kinds 0 and 1 are the state and
# the keys of the last batch.
ACCOUNT_ROWS = {
    0: (20, "AccountState"),
    1: (29, "LastBatch"),
    2: (21, "ClientRequest"),
    10: (22, "LedgerEntry"),
    12: (23, "Once"),
    13: (36, "Organized"),
    14: (37, "Labels"),
    15: (38, "Draft"),
    16: (39, "Preferences"),
    50: (301, "OpenRequests"),
    70: (320, "Usage"),
    80: (330, "Attachment"),
    90: (340, "PushSubscriptions"),
}
CONVERSATION_ROWS = {
    0: (24, "ConversationState"),
    1: (29, "LastBatch"),
    2: (25, "Member"),
    3: (26, "Receipt"),
    4: (30, "Blocks"),
    10: (27, "Sent"),
    11: (28, "MessageHead"),
    12: (23, "Once"),
    13: (32, "Former"),
    14: (34, "Edits"),
    15: (35, "Replaced"),
    40: (280, "Changes"),
    60: (310, "Reacted"),
    61: (311, "Reactions"),
    63: (313, "Voted"),
    64: (314, "Tally"),
    82: (332, "Carried"),
    93: (346, "Report"),
    94: (347, "Hidden"),
    95: (348, "AuditHead"),
}

PIN_ASPECT, AUDIT_ENTRY, PREVIEWS_ASPECT, LINK_PREVIEW = 312, 349, 354, 355

SCHEMAS = {
    CONTROL: "Control",
    VERDICT: "Verdict",
    PLATFORM_USER: "PlatformUser",
    PLATFORM_FOLLOW: "PlatformFollow",
    PLATFORM_BAN: "PlatformBan",
    PLATFORM_REVOCATION: "PlatformRevocation",
    USER_ERASED: "UserErased",
    CHARGE: "Charge",
    POLICY_VERSION: "PolicyVersion",
    MESSAGE: "Message",
    PAIR_BLOCKS: "PairBlocks",
    PIN_ASPECT: "PinAspect",
    AUDIT_ENTRY: "AuditEntry",
    PREVIEWS_ASPECT: "Previews",
    LINK_PREVIEW: "LinkPreview",
    **ACCOUNT_REQUESTS,
    **CONVERSATION_REQUESTS,
    **ACCOUNT_FACTS,
    **CONVERSATION_FACTS,
    **dict(ACCOUNT_ROWS.values()),
    **dict(CONVERSATION_ROWS.values()),
}

# Commands that one machine sends to the other. All other commands come from outside the machines.
DERIVED = {
    "Refund",
    "PostMessage",
    "PostPoll",
    "OpenConversation",
    "LookUp",
    "EditMessage",
    "React",
    "FileReport",
    "NoteRequest",
    "SettleRequest",
    "NoteBlock",
    "CountFiles",
    "SetSuspension",
}
# Commands that carry the charge of the account that sent them.
CHARGED = {"PostMessage", "PostPoll", "OpenConversation", "EditMessage", "React", "FileReport"}
# Facts whose records name in a header the users whose memberships or blocks they change.
NAMING = {"ConversationOpened", "MembersChanged", "RolesChanged", "BlocksChanged", "RequestChanged"}
