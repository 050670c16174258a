"""Blocks between two users: intervals of log time during which neither sees what the other sends."""

from dataclasses import dataclass, field

from difference import same

# The number of intervals that are kept of one blocker. Beyond, the two oldest become one.
KEPT = 64


def stands(intervals: list[dict]) -> bool:
    return bool(intervals) and intervals[-1]["to"] is None


def contain(intervals: list[dict], at: int) -> bool:
    return any(
        interval["from"] <= at and (interval["to"] is None or at < interval["to"]) for interval in intervals
    )


def switched(intervals: list[dict], at: int) -> list[dict]:
    """After a block that stood has ended, or another one has begun. An interval never goes backwards."""
    if stands(intervals):
        last = intervals[-1]
        return [*intervals[:-1], last | {"to": max(at, last["from"])}]
    begins = max(at, intervals[-1]["to"]) if intervals else at
    after = [*intervals, {"from": begins, "to": None}]
    if len(after) > KEPT:
        after[:2] = [{"from": after[0]["from"], "to": after[1]["to"]}]
    return after


@dataclass
class Blocks:
    """Of all pairs: the intervals in which the first user blocked the second."""

    by_pair: dict[tuple[str, str], list[dict]] = field(default_factory=dict)
    # The pairs of whom the first waits for the second to accept a request.
    awaits: set[tuple[str, str]] = field(default_factory=set)

    def of(self, user: str, other: str) -> list[dict]:
        return self.by_pair.get((user, other), [])

    def take(self, what: str, told: dict, at: int) -> None:
        """Takes a BlocksChanged in, which must say what follows from those before it."""
        user, other = told["user"], told["other"]
        self.by_pair[user, other] = switched(self.of(user, other), at)
        self.by_pair.setdefault((other, user), [])
        same(f"blocks in {what}", told["blocks"], self.pair(user, other))

    def ask(self, what: str, user: str, other: str, waits: bool, told: dict) -> None:
        """A request of `user` to `other` begins or is over; `told` is from the side of `other`."""
        self.by_pair.setdefault((user, other), [])
        self.by_pair.setdefault((other, user), [])
        (self.awaits.add if waits else self.awaits.discard)((user, other))
        same(f"what stands between the pair of {what}", told, self.pair(other, user))

    def hide_signs(self, user: str, other: str) -> bool:
        """Whether the user sees nothing of what the other does now."""
        return self.stand(user, other) or (user, other) in self.awaits

    def pair(self, user: str, other: str) -> dict:
        """Both directions, from the user's side."""
        return {
            "by_user": {"intervals": self.of(user, other)},
            "by_other": {"intervals": self.of(other, user)},
            "user_awaits": (user, other) in self.awaits,
            "other_awaits": (other, user) in self.awaits,
        }

    def hide(self, user: str, other: str, at: int) -> bool:
        """Whether what one of the two sent at a time is hidden from the other."""
        return contain(self.of(user, other), at) or contain(self.of(other, user), at)

    def stand(self, user: str, other: str) -> bool:
        """Whether one of the two blocks the other now."""
        return stands(self.of(user, other)) or stands(self.of(other, user))
