"""The people of a conversation: who is in it since when, in which role, and how far each has read.

A model of its own: it takes what commands and facts say, and computes what rows and API must say.
"""

from dataclasses import dataclass, field

from difference import same, true
from messages import Note

# The number of intervals that are kept of one user.
KEPT = 8


@dataclass
class Member:
    role: str
    joined_at: int
    # Oldest first. Both ends are offsets of commands, and belong to the interval.
    intervals: list[dict]
    # The mark that a user who returned had when they left, and its time.
    read_up_to: int = 0
    read_at: int = 0


@dataclass
class People:
    # By user. Whoever left stays in `members` with an interval that has ended.
    members: dict[str, Member] = field(default_factory=dict)
    receipts: dict[str, dict] = field(default_factory=dict)
    former: dict[str, dict] = field(default_factory=dict)

    def present(self, user: str) -> dict | None:
        """The interval of a user that lasts."""
        member = self.members.get(user)
        return member.intervals[-1] if member and member.intervals[-1]["to"] is None else None

    def is_owner(self, user: str) -> bool:
        return self.present(user) is not None and self.members[user].role == "OWNER"

    def manages(self, user: str) -> bool:
        """Owner and moderators."""
        return self.present(user) is not None and self.members[user].role != "MEMBER"

    def set_roles(self, what: str, by: str, changed: list[dict]) -> list[Note]:
        """By the owner, who appoints one member, hands over to one, or leaves to the one who has been
        present longest, of the moderators if there are any. Gives the system messages that follow."""
        true(f"{by} is the owner at {what}", self.is_owner(by))
        given = {member["user"]: member["role"] for member in changed}
        for user, role in given.items():
            true(f"{user} gets another role at {what}", self.present(user) is not None)
            true(f"{what} changes the role of {user}", self.members[user].role != role)
        if list(given.values()) == ["OWNER"]:
            others = [user for user in self.members if user != by and self.present(user) is not None]
            heir = min(others, key=lambda user: (not self.manages(user), self.members[user].joined_at, user))
            same(f"who takes over in {what}", list(given), [heir])
            self.members[by].role = "MEMBER"
            notes = []
        else:
            user, role = next(iter(given.items()))
            wanted = {user: role} | ({by: "MODERATOR"} if role == "OWNER" else {})
            same(f"roles in {what}", given, wanted)
            kind = "OWNER_CHANGED" if role == "OWNER" else "ROLE_CHANGED"
            notes = [Note(kind, [user], by, role)]
        for user, role in given.items():
            self.members[user].role = role
        return notes

    def count(self) -> int:
        return sum(self.present(user) is not None for user in self.members)

    def mark(self, user: str) -> int:
        """The number up to which a member has read."""
        receipt = self.receipts.get(user)
        read = receipt["read_up_to"] if receipt and not receipt["ended"] else 0
        return max(read, self.members[user].read_up_to if user in self.members else 0)

    def there(self, position: int) -> list[str]:
        """The members of a moment: whose interval encloses the command at an offset."""
        return sorted(
            user
            for user, member in self.members.items()
            for interval in member.intervals
            if interval["from"] <= position and (interval["to"] is None or position <= interval["to"])
        )

    def has_read(self, user: str, seq: int) -> bool:
        """Of a former member, before they left or since they returned."""
        former = self.former.get(user)
        return max(self.mark(user), former["read_up_to"] if former else 0) >= seq

    def read_at(self, user: str) -> int:
        """Time of the mark: of a former member, of the one with which they left."""
        receipt = self.receipts.get(user)
        if receipt and not receipt["ended"]:
            return receipt["read_at"]
        return self.members[user].read_at if self.present(user) else self.former[user]["read_at"]

    def open(self, users: list[str], kind: str, creator: str, offset: int, at: int) -> None:
        for user in users:
            role = "OWNER" if kind == "GROUP" and user == creator else "MEMBER"
            self.members[user] = Member(role, at, [_begun(offset, 1, 0)])

    def join(self, user: str, offset: int, at: int, first_seq: int, first_ordinal: int) -> None:
        former = self.former.get(user)
        intervals = [*(former["intervals"] if former else []), _begun(offset, first_seq, first_ordinal)]
        mark, read_at = (former["read_up_to"], former["read_at"]) if former else (0, 0)
        self.members[user] = Member("MEMBER", at, intervals[-KEPT:], mark, read_at)

    def leave(self, user: str, offset: int) -> None:
        member, mark = self.members[user], self.mark(user)
        ended = [*member.intervals[:-1], member.intervals[-1] | {"to": offset}]
        self.former[user] = {"intervals": ended, "read_up_to": mark, "read_at": self.read_at(user)}
        self.receipts[user] = {"read_up_to": 0, "read_at": 0, "ordinal": 0, "ended": True, "marked_unread": False}
        self.members[user] = Member("MEMBER", member.joined_at, ended, member.read_up_to, member.read_at)

    def read(self, user: str, seq: int, ordinal: int, at: int) -> None:
        self.receipts[user] = {
            "read_up_to": seq,
            "read_at": at,
            "ordinal": ordinal,
            "ended": False,
            "marked_unread": False,
        }

    def mark_unread(self, what: str, user: str, marked: bool) -> None:
        """A member without a receipt keeps the mark with which they returned."""
        true(f"{user} is a member at {what}", self.present(user) is not None)
        before = self.receipts.get(user)
        if before is None or before["ended"]:
            at = self.members[user].read_at
            before = {"read_up_to": 0, "read_at": at, "ordinal": 0, "ended": False, "marked_unread": False}
        true(f"{what} changes the mark", before["marked_unread"] != marked)
        self.receipts[user] = before | {"marked_unread": marked}

    def is_marked_unread(self, user: str) -> bool:
        receipt = self.receipts.get(user)
        return receipt is not None and receipt["marked_unread"]

    def check_mark(self, what: str, user: str, seq: int, head: int) -> None:
        """A mark only moves forward, over what its user may see."""
        interval = self.present(user)
        true(f"{user} is a member at {what}", interval is not None)
        true(f"{what} is beyond the mark before it, {self.mark(user)}", seq > self.mark(user))
        true(f"{what} is in the interval of {user}", interval["first_seq"] <= seq <= head)


def _begun(offset: int, first_seq: int, first_ordinal: int) -> dict:
    return {"from": offset, "to": None, "first_seq": first_seq, "first_ordinal": first_ordinal}


def change(people: People, what: str, told: dict, offset: int, at: int, head: int, countable: int) -> bool:
    """Takes a MembersChanged in: who is named and absent comes, who is present goes. Says which."""
    users = [member["user"] for member in told["members"]]
    true(f"{told['by']} is a member at {what}", people.present(told["by"]) is not None)
    present = {people.present(user) is not None for user in users}
    same(f"whether the users of {what} come or go", len(present), 1)
    goes = present == {True}
    if users != [told["by"]]:
        true(f"{told['by']} manages the group at {what}", people.manages(told["by"]))
        if goes and not people.is_owner(told["by"]):
            true(f"{users} are members at {what}", not any(people.manages(user) for user in users))
    for user in users:
        if goes:
            people.leave(user, offset)
        else:
            people.join(user, offset, at, head + 1, countable)
    wanted = [{"user": user, "intervals": people.members[user].intervals} for user in users]
    same(f"intervals in {what}", told["members"], wanted)
    return goes
