"""What one user sees of a conversation: messages, counts, and what others have read."""

from dataclasses import dataclass

from blocks import Blocks
from conversations import Conversation
from members import NO_MARKS, NOTHING
from messages import TEXTS, body

# Unread messages are counted exactly up to 99; 100 stands for more.
MOST_COUNTED = 100


@dataclass(frozen=True)
class Sight:
    viewer: str
    conversation: Conversation
    # Of all pairs: a block that a DIRECT conversation keeps holds in every group.
    blocks: Blocks
    # Whether the viewer has read receipts on: off is reciprocal.
    sees_reads: bool = True

    def sees(self, message: dict) -> bool:
        """From their joining on, and not what was sent while a block stood between the two."""
        interval, sender = self.conversation.people.present(self.viewer), message["sender"]["user"]
        is_hidden = self.blocks.hide(self.viewer, sender, message["sent_at"])
        return interval is not None and message["seq"] >= interval["first_seq"] and not is_hidden

    def follows(self, other: str) -> bool:
        """Whether the viewer learns what another one has read."""
        return other == self.viewer or not self.blocks.hide_signs(self.viewer, other)

    def is_accepted(self, other: str) -> bool:
        """Of a member who has not accepted the request to them others learn nothing."""
        member = self.conversation.people.members.get(other)
        return member is None or member.request is None

    def visible(self) -> list[dict]:
        return [message for message in self.conversation.messages.values() if self.sees(message)]

    def newest_at(self) -> int | None:
        """Time of the newest message that the viewer sees."""
        visible = self.visible()
        return visible[-1]["sent_at"] if visible else None

    def unread(self) -> list[dict]:
        """Texts and polls of others above the viewer's mark: neither tombstones nor system messages."""
        mark = self.conversation.people.mark(self.viewer)
        return [
            message
            for message in self.visible()
            if message["seq"] > mark
            and message["sender"]["user"] != self.viewer
            and body(message)[0] in TEXTS
        ]

    def marks(self, other: str) -> dict:
        """How far a member is, as far as the viewer may know."""
        marks = self.conversation.people.marks(other)
        if other == self.viewer:
            return marks
        if not self.follows(other) or not self.is_accepted(other):
            return NO_MARKS
        return marks | {"read": marks["shown"] if self.sees_reads else NOTHING}

    def recipients(self, message: dict) -> list[str]:
        return [user for user in self.conversation.recipients(message) if self.follows(user)]

    def readers(self, message: dict) -> list[str]:
        people = self.conversation.people
        readers = [user for user in self.recipients(message) if people.has_read(user, message["seq"])]
        readers = [user for user in readers if self.is_accepted(user)]
        return readers if self.sees_reads else []

    def receivers(self, message: dict) -> list[str]:
        people = self.conversation.people
        receivers = [user for user in self.recipients(message) if people.has_received(user, message["seq"])]
        return [user for user in receivers if self.is_accepted(user)]

    def status(self, message: dict) -> str:
        """READ once every recipient has read it, DELIVERED once every one has it."""
        recipients = self.recipients(message)
        if not recipients:
            return "SENT"
        if self.readers(message) == recipients:
            return "READ"
        return "DELIVERED" if self.receivers(message) == recipients else "SENT"

    def can_post(self) -> bool:
        """In a pair only while neither blocks the other; announcements only by who manages the group."""
        if self.conversation.about["announcements_only"]:
            return self.conversation.people.manages(self.viewer)
        others = self.conversation.people.members
        is_pair = self.conversation.about["kind"] == "DIRECT"
        if is_pair and self.conversation.countable > 0 and any((self.viewer, other) in self.blocks.awaits for other in others):
            return False
        return not (is_pair and any(self.blocks.stand(self.viewer, other) for other in others))

    def is_request(self) -> bool:
        return self.conversation.people.members[self.viewer].request is not None
