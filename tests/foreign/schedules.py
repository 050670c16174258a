"""Scheduled messages: what follows from a command about one, their rows, and the timers that wait for them."""

import hashlib
from typing import TYPE_CHECKING

from difference import same, true
from owners import SCHEDULE, SCHEDULES, Owner, client_id
from topics import Read

if TYPE_CHECKING:
    from story import Account, Story
    from tables import Row

# The day of a timer in milliseconds, and the parts of a day's timers.
DAY, SHARDS = 24 * 60 * 60 * 1_000, 4
# What may follow on each progress.
NEXT = {
    "Waiting": {"Waiting", "Firing", "ScheduleCancelled", "ScheduleFailed"},
    "Firing": {"ScheduleSent", "ScheduleFailed"},
    "ScheduleSent": set(),
    "ScheduleCancelled": set(),
    "ScheduleFailed": set(),
}
# What never changes once a schedule is made.
FIXED = ("conversation", "zone", "created_at", "request_hash")


def progress(schedule: dict) -> str:
    return schedule["progress"][0].rsplit(".", 1)[-1]


def take(account: "Account", read: Read) -> None:
    """A schedule goes forward only."""
    id, now, what = read.value["id"], read.value["now"], f"schedule in {read.record}"
    before = account.schedules.get(id)
    if before is None:
        same(what, (now["revision"], progress(now)), (0, "Waiting"))
    else:
        true(f"{what} goes from {progress(before)} to {progress(now)}", progress(now) in NEXT[progress(before)])
        same(f"fixed parts of {what}", [now[name] for name in FIXED], [before[name] for name in FIXED])
        is_changed = progress(now) == "Waiting"
        same(f"changes of {what}", now["revision"], before["revision"] + is_changed)
        if not is_changed:
            same(f"text and time of {what}", (now["content"], now["due"]), (before["content"], before["due"]))
    account.schedules[id] = now
    if not NEXT[progress(now)]:
        account.settled.append(id)


def check(what: str, read: Read, out: list[Read], at: int) -> None:
    """A command about a schedule that sends nothing has one fact, which tells the whole schedule."""
    same(f"facts of {what}", [fact.type for fact in out], ["ScheduleChanged"])
    asked, told, now = read.value, out[0].value, out[0].value["now"]
    same(f"schedule of {what}", told["id"], asked["id"])
    state = now["progress"][1]
    match read.type:
        case "ScheduleMessage":
            said = {name: asked[name] for name in ("conversation", "content", "due", "zone")}
            same(what, {name: now[name] for name in said}, said)
            same(f"times in {what}", (now["created_at"], state), (at, {"since": at}))
            true(f"{what} is later", asked["due"] > at)
        case "ChangeSchedule":
            said = {name: asked[name] for name in ("content", "due") if asked[name] is not None}
            same(what, {name: now[name] for name in said}, said)
            same(f"time in {what}", state, {"since": at})
        case "CancelSchedule":
            same(what, (progress(now), state), ("ScheduleCancelled", {"at": at}))
        case "SettleSchedule":
            same(what, (progress(now), state), ("ScheduleSent", {"at": at, "seq": asked["seq"]}))
        case "FireSchedule":
            same(what, (progress(now), state["at"]), ("ScheduleFailed", at))


def check_fired(what: str, read: Read, out: list[Read], at: int, price: int, shows_reads: bool) -> dict:
    """At its time the text is posted as any other; gives the charge that it has, but for what all charges have."""
    asked, post, told = read.value, out[0], out[-1].value
    (_, facts), now = asked["found"], told["now"]
    same(f"schedule of {what}", told["id"], asked["id"])
    same(f"progress in {what}", now["progress"], ("musclemap.rows.Firing", {"charge": read.record.offset}))
    true(f"{what} is not early", now["due"] <= at)
    same(f"changes known in {what}", asked["revision"], now["revision"])
    content = post.value["content"]
    same(f"text of {what}", (content["text"], post.key), (now["content"], now["conversation"]))
    passed = {"client_id": asked["id"], "sender": facts["sender"], "mentions": facts["mentions"], "content": content}
    passed |= {"reply_to": None, "attachments": [], "sticker": None, "gif": None, "forwarded": None}
    passed |= {"shows_reads": shows_reads}
    same(what, post.value, passed)
    paid = price * facts["recipients"]
    return {"conversation": now["conversation"], "price_milli": paid, "client_id": asked["id"]}


# What a conversation tells the account of a message that was scheduled.
SETTLES = {"SettleSchedule"}


def check_settled(what: str, read: Read, facts: list[Read], told: list[Read]) -> None:
    """A post whose charge is of a schedule tells its number, and no other does."""
    charge = read.headers.charge
    if charge is None or charge["kind"] != "Scheduled":
        same(f"what {what} tells of schedules", told, [])
        return
    seq = next(fact.value["message"]["seq"] for fact in facts if fact.type == "MessageCreated")
    said = {"id": charge["client_id"], "charge": charge["position"], "seq": seq}
    same(f"what {what} tells of schedules", [(one.key, one.value) for one in told], [(charge["user"], said)])


def compare(found: dict[str, Owner], story: "Story", timers: list["Row"]) -> None:
    """Rows are what was told last; timers that wait are those of the schedules that wait."""
    waiting = []
    for user, owner in found.items():
        account = story.accounts.get(user)
        told, settled = (account.schedules, account.settled) if account else ({}, [])
        same(f"schedules of {user}", {client_id(key): row.value for key, row in owner[SCHEDULE].items()}, told)
        listed = {"open": [id for id in told if id not in settled], "settled": settled}
        rows = [row.value for row in owner[SCHEDULES].values()]
        same(f"list of the schedules of {user}", rows, [listed] if told else [])
        shard = hashlib.sha256(user.encode()).digest()[0] % SHARDS
        for id, now in told.items():
            if progress(now) == "Waiting":
                waiting.append((shard, now["due"] // DAY, now["due"], "schedule", user, id))
            elif progress(now) == "ScheduleSent":
                message = story.conversations[now["conversation"]].messages[now["progress"][1]["seq"]]
                same(f"message of {id} of {user}", (message["sender"]["user"], message["client_id"]), (user, id))
    set = [
        tuple(row.columns[name] for name in ("shard", "day", "due", "kind", "user_id", "id"))
        for row in timers
        if row.columns["is_set"]
    ]
    same("timers that wait", sorted(set), sorted(waiting))
