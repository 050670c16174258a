"""Pins of messages: as the facts tell them, as rows store them."""

from typing import TYPE_CHECKING

from difference import same, true
from messages import TEXTS, body, stored

if TYPE_CHECKING:
    from conversations import Conversation

# Pins of one conversation, by the policy that is shipped.
MOST = 10
# The bit of a head.
BIT = 2


def pin(conversation: "Conversation", what: str, fact: dict, at: int) -> None:
    """A message that is there and not pinned yet."""
    seq, by = fact["message"]["seq"], fact["pin"]["by"]
    _check(conversation, what, fact["message"], by)
    same(f"time of {what}", fact["pin"]["at"], at)
    true(f"{what} is the only pin of its message", seq not in conversation.pins)
    conversation.pins[seq] = fact["pin"]
    conversation.pinned_ever.add(seq)
    true(f"{what} is within the limit", len(conversation.pins) <= MOST)


def unpin(conversation: "Conversation", what: str, fact: dict) -> None:
    seq = fact["message"]["seq"]
    _check(conversation, what, fact["message"], fact["by"])
    true(f"{what} ends a pin", seq in conversation.pins)
    del conversation.pins[seq]


def _check(conversation: "Conversation", what: str, message: dict, by: str) -> None:
    """By who manages a group, by either of two."""
    standing = conversation.messages[message["seq"]]
    true(f"{what} is about what a user sent", body(standing)[0] in TEXTS)
    same(f"message in {what}", _without_mentions(message), _without_mentions(stored(standing)))
    interval = conversation.people.present(by)
    true(f"{by} sees what {what} is about", interval is not None and message["seq"] >= interval["first_seq"])
    is_pair = conversation.about["kind"] == "DIRECT"
    true(f"{by} may pin at {what}", is_pair or conversation.people.manages(by))


def _without_mentions(message: dict) -> dict:
    """Ingest may have read who is mentioned before an edit."""
    return message | {"mentions": None}
