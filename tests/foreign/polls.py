"""Polls: as the facts tell them, as rows store them, as the API tells each user."""

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api import time
from difference import same, true
from messages import body

if TYPE_CHECKING:
    from conversations import Conversation
    from sight import Sight
    from tables import Row

# The bit of a head.
BIT = 4
# The tally of a poll that was deleted.
GONE = {"votes": [], "changes": 0, "closed": None}


@dataclass
class Polls:
    # By number, of polls that have had votes or were closed, and were not deleted.
    tallies: dict[int, dict] = field(default_factory=dict)
    # By number and user, what each has chosen last; of an anonymous poll nothing.
    named: dict[int, dict[str, dict]] = field(default_factory=dict)
    # Numbers of polls that have, or had, a tally.
    ever: set[int] = field(default_factory=set)

    def bit(self, seq: int) -> int:
        return BIT if seq in self.tallies else 0

    def delete(self, seq: int) -> None:
        self.tallies.pop(seq, None)


def check_new(what: str, message: dict) -> None:
    poll = body(message)[1]
    options = [option["text"] for option in poll["options"]]
    true(f"{what} has between 2 and 10 options, each once", 2 <= len(set(options)) == len(options) <= 10)
    true(f"{what} ends later than it begins", poll["closes_at"] is None or poll["closes_at"] > message["sent_at"])
    plain = (message["reply_to"], message["mentions"])
    same(f"reply and mentions of {what}", plain, (None, {"people": [], "all": False}))


def take(conversation: "Conversation", what: str, fact: dict, offset: int, at: int) -> None:
    """A vote changes by one user, before the end; or the poll is closed, once."""
    seq, tally, vote, polls = fact["message"]["seq"], fact["tally"], fact["vote"], conversation.polls
    same(f"message in {what}", fact["message"], conversation.messages[seq])
    kind, poll = body(fact["message"])
    same(f"body in {what}", kind, "Poll")
    before = polls.tallies.get(seq, GONE)
    same(f"changes before {what}", (before["closed"], before["changes"] + 1), (None, tally["changes"]))
    true(f"{what} is before the end of the poll", poll["closes_at"] is None or at < poll["closes_at"])
    had = before["votes"] or [0] * len(poll["options"])
    if tally["closed"] is not None:
        same(f"closing in {what}", (tally["closed"], vote), ({"at": at, "position": offset}, None))
        same(f"votes in {what}", tally["votes"], had)
    elif poll["anonymous"]:
        same(f"voter in {what}", vote, None)
        true(f"{what} is of one vote", all(abs(now - then) <= 1 for now, then in zip(tally["votes"], had, strict=True)))
    else:
        named = polls.named.setdefault(seq, {})
        earlier = named.get(vote["user"])
        stands = earlier is not None and earlier["options"] != []
        same(f"times in {what}", (vote["at"], vote["before"]), (at, earlier["at"] if stands else at))
        interval = conversation.people.present(vote["user"])
        true(f"{vote['user']} sees the poll of {what}", interval is not None and seq >= interval["first_seq"])
        true(f"{what} changes a vote", vote["options"] != (earlier["options"] if earlier else []))
        true(f"{what} chooses what it may", len(vote["options"]) <= 1 or poll["multiple"])
        named[vote["user"]] = vote
        counted = [sum(place in one["options"] for one in named.values()) for place in range(len(had))]
        same(f"votes in {what}", tally["votes"], counted)
    polls.tallies[seq] = tally
    polls.ever.add(seq)


def check_rows(what: str, own: dict[bytes, "Row"], all_: dict[int, dict], conversation: "Conversation") -> None:
    """Rows of polls are as the facts tell them, and the sums of the rows of users."""
    polls = conversation.polls
    same(f"tallies in {what}", all_, {seq: polls.tallies.get(seq, GONE) for seq in polls.ever})
    found: dict[int, dict[str, dict]] = {}
    for key, row in own.items():
        found.setdefault(struct.unpack(">q", key[:8])[0], {})[key[8:].decode()] = row.value
    for seq, tally in polls.tallies.items():
        votes = found.get(seq, {})
        counted = [sum(place in row["options"] for row in votes.values()) for place in range(len(tally["votes"]))]
        same(f"votes of users in {seq} of {what}", counted, tally["votes"])
    for seq, named in polls.named.items():
        wanted = {user: {"options": vote["options"], "at": vote["at"]} for user, vote in named.items()}
        same(f"votes in {seq} of {what}", found.get(seq), wanted)


def told(sight: "Sight", message: dict, now: str | None, own: list[bool]) -> dict | None:
    """As the API tells the viewer at a time. What a block hides is not there, unless the poll is anonymous: no event
    tells what the viewer has chosen in such a poll, which `own` says as it was served."""
    kind, poll = body(message)
    if kind != "Poll":
        return None
    polls, seq, places = sight.conversation.polls, message["seq"], range(len(poll["options"]))
    tally = polls.tallies.get(seq, GONE)
    named = {
        user: vote["options"]
        for user, vote in polls.named.get(seq, {}).items()
        if not sight.blocks.hide(sight.viewer, user, vote["at"])
    }
    if poll["anonymous"]:
        counts, chosen = tally["votes"] or [0] * len(places), own
        true(f"{sight.viewer} is one of those who voted", all(count >= has for count, has in zip(counts, own, strict=True)))
    else:
        counts = [sum(place in options for options in named.values()) for place in places]
        chosen = [place in named.get(sight.viewer, []) for place in places]
    end = time(poll["closes_at"])
    return {
        "question": poll["question"]["text"],
        "multiple": poll["multiple"],
        "anonymous": poll["anonymous"],
        "closesAt": end,
        "closed": tally["closed"] is not None or (end is not None and now is not None and end <= now),
        "options": [
            {
                "id": str(place + 1),
                "text": poll["options"][place]["text"],
                "votes": counts[place],
                "hasVoted": chosen[place],
                "voters": [{"id": user} for user in sorted(named) if place in named[user]],
            }
            for place in places
        ],
    }
