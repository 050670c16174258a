"""What the events tell, put together as a consumer of them would: conversations and accounts."""

from dataclasses import dataclass, field

from difference import same, true
from topics import Read


@dataclass
class Conversation:
    """One that was opened, or between whose pair a block was set."""

    opened: dict | None = None
    opened_at: int = 0
    # By number, as the newest event says.
    messages: dict[int, dict] = field(default_factory=dict)
    head_at: int = 0
    # By user: their stays, oldest first.
    stays: dict[str, list[dict]] = field(default_factory=dict)
    # By user: how far they have read, and when they got there.
    read: dict[str, tuple[int, int]] = field(default_factory=dict)
    # By pair: when the first blocked the second.
    blocks: dict[tuple[str, str], list[dict]] = field(default_factory=dict)

    def present(self, user: str) -> dict | None:
        """The stay of a user that lasts."""
        stays = self.stays.get(user, [])
        return stays[-1] if stays and stays[-1]["to"] is None else None

    def read_up_to(self, user: str) -> int:
        return self.read.get(user, (0, 0))[0]


@dataclass
class Account:
    # Oldest first: what changed, when, and the offset of the command that changed it.
    ledger: list[dict] = field(default_factory=list)
    rejected: list[dict] = field(default_factory=list)


def conversations(events: list[Read]) -> dict[str, Conversation]:
    told: dict[str, Conversation] = {}
    for read in events:
        event = read.decoded.value
        conversation = told.setdefault(event["conversation"], Conversation())
        fact, said = read.body
        concerned = None
        match fact:
            case "ConversationOpened":
                concerned = said["members"]
                _open(conversation, said, event["at"], read)
            case "MessagePosted":
                _post(conversation, said["message"], event["at"], read)
            case "MessageDeleted":
                _delete(conversation, said["message"], event["at"], read)
            case "MembersChanged":
                concerned = [member["user"] for member in said["members"]]
                conversation.stays |= {member["user"]: member["stays"] for member in said["members"]}
            case "ReceiptAdvanced":
                before = conversation.read_up_to(said["user"])
                true(f"{read.record} reads on from {before}", said["read_up_to"] > before)
                conversation.read[said["user"]] = said["read_up_to"], event["at"]
            case "BlocksChanged":
                concerned = [said["user"], said["other"]]
                conversation.blocks[said["user"], said["other"]] = said["by_user"]
                conversation.blocks[said["other"], said["user"]] = said["by_other"]
            case other:
                true(f"{read.record} tells a fact that is known, not {other}", False)
        same(f"mm-users of {read.record}", read.headers.users, concerned)
    return told


def _open(conversation: Conversation, said: dict, at: int, read: Read) -> None:
    same(f"conversation before {read.record}", conversation.opened, None)
    conversation.opened, conversation.opened_at, conversation.head_at = said, at, at
    stay = {"from": read.headers.cause.offset, "to": None, "first_seq": 1}
    conversation.stays = {user: [dict(stay)] for user in said["members"]}


def _post(conversation: Conversation, message: dict, at: int, read: Read) -> None:
    same(f"number of {read.record}", message["seq"], len(conversation.messages) + 1)
    same(f"time of {read.record}", message["sent_at"], at)
    conversation.messages[message["seq"]] = message
    conversation.head_at = at
    # Who sends has read everything up to their own message; a note is nobody's.
    if message["note"] is None:
        conversation.read[message["sender"]["user"]] = message["seq"], at


def _delete(conversation: Conversation, message: dict, at: int, read: Read) -> None:
    before = conversation.messages[message["seq"]]
    nobody = {"people": [], "all": False}
    stub = before | {"content": None, "reply_to": None, "mentions": nobody, "deleted_at": at}
    same(f"what {read.record} leaves", message, stub)
    conversation.messages[message["seq"]] = message


def accounts(events: list[Read]) -> dict[str, Account]:
    told: dict[str, Account] = {}
    for read in events:
        event = read.decoded.value
        account = told.setdefault(event["user"], Account())
        fact, said = read.body
        match fact:
            case "CreditsChanged":
                balance = account.ledger[-1]["balance_after_milli"] if account.ledger else 0
                same(
                    f"balance after {read.record}",
                    said["balance_after_milli"],
                    balance + said["amount_milli"],
                )
                account.ledger.append(said | {"at": event["at"], "offset": read.headers.cause.offset})
            case "SendRejected":
                account.rejected.append(said)
            case other:
                true(f"{read.record} tells a fact that is known, not {other}", False)
    return told


def hidden(conversations: dict[str, Conversation]) -> dict[tuple[str, str], list[dict]]:
    """By pair: the times during which the first does not see what the second sends."""
    spans: dict[tuple[str, str], list[dict]] = {}
    for conversation in conversations.values():
        for (user, other), intervals in conversation.blocks.items():
            spans.setdefault((user, other), []).extend(intervals)
            spans.setdefault((other, user), []).extend(intervals)
    return spans


def hides(spans: list[dict], at: int) -> bool:
    return any(span["from"] <= at and (span["to"] is None or at < span["to"]) for span in spans)
