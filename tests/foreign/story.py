"""What the events tell, put together as a consumer of them would: conversations, blocks, accounts."""

from dataclasses import dataclass, field

import conversations
import schedules
from blocks import Blocks
from conversations import Conversation
from difference import same, true
from topics import Read


@dataclass
class Account:
    # Oldest first: what changed, when, and the offset of the command that changed it.
    ledger: list[dict] = field(default_factory=list)
    rejected: list[dict] = field(default_factory=list)
    # By conversation: how the user keeps it, and their draft, which may be empty.
    organized: dict[str, dict] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    # As they were last told; absent before the first change.
    preferences: dict | None = None
    privacy: dict | None = None
    notifications: dict | None = None
    # Whom the user blocks, as it was last told.
    blocked: set[str] = field(default_factory=set)
    # By id, as they were last told.
    attachments: dict[str, dict] = field(default_factory=dict)
    # By id, as they were last told; and the ids in the order in which each was made, and in which each ended.
    schedules: dict[str, dict] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return self.ledger[-1]["balance_after_milli"] if self.ledger else 0


@dataclass
class Story:
    # By id.
    conversations: dict[str, Conversation]
    accounts: dict[str, Account]
    blocks: Blocks

    def sent_by(self, user: str) -> list[tuple[str, dict]]:
        """Every message of a user, with its conversation. System messages are nobody's."""
        return [
            (id, message)
            for id, conversation in self.conversations.items()
            for message in conversation.messages.values()
            if message["client_id"] is not None and message["sender"]["user"] == user
        ]


def of(events: list[Read], account_events: list[Read], commands: list[Read]) -> Story:
    """The facts of all events. Of the commands of conversations only one thing is asked, which no fact says:
    whether others see that the sender of a message has read up to it."""
    posts = [read for read in commands if read.decoded is not None and read.type in ("PostMessage", "PostPoll")]
    shown = {(read.record.partition, read.record.offset): read.value["shows_reads"] for read in posts}
    story = Story({}, {}, Blocks())
    for read in events:
        conversation = story.conversations.setdefault(read.key, Conversation(read.key))
        cause = read.headers.cause
        is_shown = shown.get((cause.partition, cause.offset), True)
        conversations.take(conversation, read, story.blocks, is_shown)
    for read in account_events:
        _take(story.accounts.setdefault(read.key, Account()), read)
    return story


def _take(account: Account, read: Read) -> None:
    fact = read.value
    match read.type:
        case "CreditsChanged":
            balance = account.balance + fact["amount_milli"]
            same(f"balance after {read.record}", fact["balance_after_milli"], balance)
            true(f"no balance is negative: {balance} after {read.record}", balance >= 0)
            at, offset = read.headers.time, read.headers.cause.offset
            account.ledger.append(fact | {"at": at, "offset": offset})
        case "SendRejected":
            account.rejected.append(fact)
        case "ConversationOrganized":
            account.organized[fact["conversation"]] = fact["organized"]
        case "DraftSaved":
            account.drafts[fact["conversation"]] = fact["content"]
        case "AttachmentChanged":
            account.attachments[fact["attachment"]] = fact["now"]
        case "PreferencesChanged":
            account.preferences = fact["preferences"]
        case "PrivacyChanged":
            account.privacy = fact["privacy"]
        case "TemplatesChanged":
            # Sends change templates as well, without a fact: `templates` compares them.
            pass
        case "NotificationsChanged":
            account.notifications = fact["notifications"]
        case "ScheduleChanged":
            schedules.take(account, read)
        case "StickersChanged":
            # It tells that a pack is to be read again, and nothing of it.
            pass
        case "BlockedUsersChanged":
            is_news = (fact["other"] in account.blocked) != fact["blocked"]
            true(f"{read.record} changes who is blocked", is_news)
            account.blocked ^= {fact["other"]}
        case other:
            true(f"{read.record} holds a fact that is known, not {other}", False)
