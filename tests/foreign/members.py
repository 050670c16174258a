"""The people of a conversation: who is in it since when, in which role, and how far each has read.

A model of its own: it takes what commands and facts say, and computes what rows and API must say.
"""

from dataclasses import dataclass, field

from difference import same, true
from messages import Note

# The number of intervals that are kept of one user.
KEPT = 8
NOTHING = {"up_to": 0, "at": 0}
# `shown` is how far others see that a user has read.
NO_MARKS = {"read": NOTHING, "delivered": NOTHING, "shown": NOTHING}
NO_RECEIPT = {"marks": NO_MARKS, "ordinal": 0, "ended": False, "marked_unread": False}


@dataclass
class Member:
    role: str
    joined_at: int
    # Oldest first. Both ends are offsets of commands, and belong to the interval.
    intervals: list[dict]
    # The marks that a user who returned had when they left.
    marks: dict = field(default_factory=lambda: NO_MARKS)
    # The request to the member, until they accept it.
    request: dict | None = None


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

    def is_shown(self, user: str) -> bool:
        """Who has declined a request of a pair stays in it for the other."""
        return self.present(user) is not None or self.members[user].request is not None

    def count(self) -> int:
        return sum(self.is_shown(user) for user in self.members)

    def marks(self, user: str) -> dict:
        """How far a member is: the further of the receipt's marks and those with which they returned."""
        receipt = self.receipts.get(user)
        own = receipt["marks"] if receipt and not receipt["ended"] else NO_MARKS
        return _further(own, self.members[user].marks if user in self.members else NO_MARKS)

    def mark(self, user: str) -> int:
        """The number up to which a member has read."""
        return self.marks(user)["read"]["up_to"]

    def there(self, position: int) -> list[str]:
        """The members of a moment: whose interval encloses the command at an offset."""
        return sorted(
            user
            for user, member in self.members.items()
            for interval in member.intervals
            if interval["from"] <= position and (interval["to"] is None or position <= interval["to"])
        )

    def whole(self, user: str) -> dict:
        """The marks of a user, who may be gone or back."""
        former = self.former.get(user)
        return _further(self.marks(user), former["marks"] if former else NO_MARKS)

    def has_read(self, user: str, seq: int) -> bool:
        """As others see it; of a former member, before they left or since they returned."""
        return self.whole(user)["shown"]["up_to"] >= seq

    def has_received(self, user: str, seq: int) -> bool:
        return self.whole(user)["delivered"]["up_to"] >= seq

    def at(self, user: str, mark: str) -> int:
        """Time of a mark: of a former member, of the one with which they left."""
        if self.present(user) is None:
            return self.former[user]["marks"][mark]["at"]
        return self.marks(user)[mark]["at"]

    def open(self, fact: dict, offset: int, at: int) -> None:
        kind, creator = fact["about"]["kind"], fact["about"]["by"]
        for user in fact["members"]:
            role = "OWNER" if kind == "GROUP" and user == creator else "MEMBER"
            request = _request(user, fact["requests"], creator, at)
            self.members[user] = Member(role, at, [_begun(offset, 1, 0)], request=request)

    def join(self, user: str, offset: int, at: int, first_seq: int, first_ordinal: int, request: dict | None) -> None:
        former = self.former.get(user)
        intervals = [*(former["intervals"] if former else []), _begun(offset, first_seq, first_ordinal)]
        marks = former["marks"] if former else NO_MARKS
        self.members[user] = Member("MEMBER", at, intervals[-KEPT:], marks, request)

    def leave(self, user: str, offset: int) -> None:
        member = self.members[user]
        ended = [*member.intervals[:-1], member.intervals[-1] | {"to": offset}]
        self.former[user] = {"intervals": ended, "marks": self.marks(user)}
        self.receipts[user] = NO_RECEIPT | {"ended": True}
        self.members[user] = Member("MEMBER", member.joined_at, ended, member.marks)

    def change_request(self, what: str, user: str, request: dict | None, offset: int) -> None:
        """Opened with the conversation; then accepted, or declined and perhaps accepted later."""
        member = self.members[user]
        before = member.request
        true(f"a request to {user} stands before {what}", before is not None)
        same(f"who asks in {what}", {**before, "state": None}, {**(request or before), "state": None})
        if request is None and self.present(user) is None:
            member.intervals = [*member.intervals, _begun(offset, 1, 0)][-KEPT:]
        if request is not None and request["state"] == "DECLINED":
            same(f"request before {what}", before["state"], "OPEN")
            member.intervals = [*member.intervals[:-1], member.intervals[-1] | {"to": offset}]
        member.request = request

    def receipt(self, user: str) -> dict:
        """The receipt of a member, which may say nothing yet."""
        receipt = self.receipts.get(user)
        return NO_RECEIPT if receipt is None or receipt["ended"] else receipt

    def read(self, user: str, seq: int, ordinal: int, at: int, is_shown: bool) -> None:
        """Reading implies delivery, and ends the mark that says unread."""
        reached = {"up_to": seq, "at": at}
        receipt = self.receipt(user)
        shown = reached if is_shown else NOTHING
        marks = _further(receipt["marks"], {"read": reached, "delivered": reached, "shown": shown})
        self.receipts[user] = receipt | {"marks": marks, "ordinal": ordinal, "marked_unread": False}

    def deliver(self, what: str, user: str, seq: int, head: int, at: int) -> None:
        interval = self.present(user)
        true(f"{user} is a member at {what}", interval is not None)
        true(f"{what} is beyond the mark before it", seq > self.marks(user)["delivered"]["up_to"])
        true(f"{what} is in the interval of {user}", interval["first_seq"] <= seq <= head)
        receipt = self.receipt(user)
        marks = receipt["marks"] | {"delivered": {"up_to": seq, "at": at}}
        self.receipts[user] = receipt | {"marks": marks}

    def mark_unread(self, what: str, user: str, marked: bool) -> None:
        true(f"{user} is a member at {what}", self.present(user) is not None)
        before = self.receipt(user)
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


def _further(one: dict, other: dict) -> dict:
    """Of two marks of each kind the further one; of equal ones the first."""
    return {kind: max(one[kind], other[kind], key=lambda mark: mark["up_to"]) for kind in one}


def _request(user: str, asked: list[str], by: str, at: int) -> dict | None:
    return {"state": "OPEN", "by": by, "at": at} if user in asked else None


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
            request = _request(user, told["requests"], told["by"], at)
            people.join(user, offset, at, head + 1, countable, request)
    wanted = [{"user": user, "intervals": people.members[user].intervals} for user in users]
    same(f"intervals in {what}", told["members"], wanted)
    return goes
