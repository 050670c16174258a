"""Reactions to messages: as the facts tell them, as rows store them, as the API tells each user."""

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from difference import same, true
from messages import TEXTS, body

if TYPE_CHECKING:
    from conversations import Conversation
    from sight import Sight
    from tables import Row

# The users whom a row names first.
FIRST = 3
# The bit of a head.
BIT = 1


@dataclass(frozen=True)
class By:
    """Who reacted, when, and by which command."""

    user: str
    at: int
    offset: int


@dataclass
class Reactions:
    # By number and emoji, in the order in which emoji came and users reacted; of messages that were not deleted.
    groups: dict[int, dict[str, list[By]]] = field(default_factory=dict)
    # By number and user, each emoji in order, also of messages that were deleted since.
    own: dict[tuple[int, str], list[dict]] = field(default_factory=dict)
    # Numbers of messages that have, or had, reactions.
    ever: set[int] = field(default_factory=set)

    def bit(self, seq: int) -> int:
        return BIT if self.groups.get(seq) else 0

    def delete(self, seq: int) -> None:
        self.groups.pop(seq, None)


def take(conversation: "Conversation", what: str, told: dict, added: bool, offset: int, at: int) -> None:
    """A user who sees a message puts an emoji on it, or takes theirs away."""
    seq, user, emoji = told["target"]["seq"], told["user"], told["emoji"]
    message, reactions = conversation.messages[seq], conversation.reactions
    true(f"{what} is to what a user sent", body(message)[0] in TEXTS)
    target = (told["target"]["author"], told["sent_at"])
    same(f"author and time of what {what} is to", target, (message["sender"]["user"], message["sent_at"]))
    interval = conversation.people.present(user)
    true(f"{user} sees what {what} is to", interval is not None and seq >= interval["first_seq"])
    groups = reactions.groups.setdefault(seq, {})
    own = reactions.own.setdefault((seq, user), [])
    if added:
        same(f"time of {what}", told["at"], at)
        true(f"{what} is the user's first {emoji} there", all(one["emoji"] != emoji for one in own))
        groups.setdefault(emoji, []).append(By(user, at, offset))
        own.append({"emoji": emoji, "at": at, "position": offset})
        reactions.ever.add(seq)
        return
    [by] = [by for by in groups.get(emoji, []) if by.user == user]
    same(f"time of what {what} takes back", told["at"], by.at)
    groups[emoji].remove(by)
    own[:] = [one for one in own if one["emoji"] != emoji]
    if not groups[emoji]:
        del groups[emoji]


def check_rows(what: str, own: dict[bytes, "Row"], all_: dict[int, dict], reactions: Reactions) -> None:
    """Rows of users, and rows of messages, which name the first users as far as they are known."""
    found = {_number_and_user(key): row.value["reactions"] for key, row in own.items()}
    same(f"reactions of users in {what}", found, reactions.own)
    same(f"messages with reactions in {what}", sorted(all_), sorted(reactions.ever))
    for seq, row in all_.items():
        check_groups(f"reactions to {seq} in {what}", row, reactions.groups.get(seq, {}))


def check_groups(what: str, row: dict, groups: dict[str, list[By]]) -> None:
    found = [(group["emoji"], group["count"]) for group in row["groups"]]
    same(what, found, [(emoji, len(users)) for emoji, users in groups.items()])
    for group in row["groups"]:
        users = [by.user for by in groups[group["emoji"]]]
        first = group["first"]
        same(f"first users of {group['emoji']} in {what}", first, users[: min(len(first), FIRST)])


def told(sight: "Sight", seq: int) -> list[dict]:
    """As the API tells the viewer: what a block hides is not there."""
    groups = []
    for emoji, users in sight.conversation.reactions.groups.get(seq, {}).items():
        seen = [by.user for by in users if not sight.blocks.hide(sight.viewer, by.user, by.at)]
        if seen:
            users_told = [{"id": user} for user in seen]
            groups.append(
                {"emoji": emoji, "count": len(seen), "hasReacted": sight.viewer in seen, "users": users_told}
            )
    return groups


def _number_and_user(key: bytes) -> tuple[int, str]:
    return struct.unpack(">q", key[:8])[0], key[8:].decode()
