"""Tables of places in the log against the log: where machines go on, where fan-out nodes were."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

from cassandra.cluster import Session

from difference import same, true
from headers import Cause
from log import Topic
from tables import Row
from topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, CONVERSATION_COMMANDS, EVENTS, USERS, Read

MACHINES = {"accounts": ACCOUNT_COMMANDS, "conversations": CONVERSATION_COMMANDS}
DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)

# Seconds that the machines may take to decide what is left.
PATIENCE = 30.0


def wait_until_decided(session: Session, keyspace: str, ends: Callable[[str], list[int]]) -> None:
    """Returns when the checkpoints of both machines are at the ends of their commands: then nothing is
    on its way any more."""
    deadline = time.monotonic() + PATIENCE
    while True:
        # What stands in the log after the checkpoints were read is asked for: a command that follows
        # from another is there before the other is passed.
        rows = session.execute(f'SELECT machine, partition, next_offset FROM "{keyspace}".checkpoints')
        found = {(row["machine"], row["partition"]): row["next_offset"] for row in rows}
        wanted = {
            (machine, p): end for machine, topic in MACHINES.items() for p, end in enumerate(ends(topic))
        }
        if found == wanted:
            return
        if time.monotonic() > deadline:
            same("checkpoints", found, wanted)
        time.sleep(0.05)


def checkpoints(rows: list[Row], topics: dict[str, Topic], log: dict[str, list[Read]], control: dict) -> None:
    """Each is at the end of its partition, with the highest cause of every source, and the policy."""
    found = {(row.columns["machine"], row.columns["partition"]): row for row in rows}
    wanted = [(machine, p) for machine, topic in MACHINES.items() for p in range(len(topics[topic].ends))]
    same("checkpoints", sorted(found), sorted(wanted))
    for (machine, partition), row in sorted(found.items()):
        topic, what = MACHINES[machine], f"checkpoint of {machine} {partition}"
        same(f"offset in the {what}", row.columns["next_offset"], topics[topic].ends[partition])
        same(f"version of the {what}", row.version, row.columns["next_offset"])
        same(f"policy in the {what}", row.value, control["policy"])
        # Before any were told, those of the build hold.
        same(f"rules in the {what}", row.columns["rules"], control["rules"] or rows[0].columns["rules"])
        highest: dict[int, Cause] = {}
        for read in log[topic]:
            cause = read.headers.cause
            if read.record.partition == partition and cause is not None:
                highest[cause.partition] = max(cause, highest.get(cause.partition, cause))
        marks = [Cause(*map(int, mark.split("."))) for mark in row.columns["watermarks"].decode().split()]
        same(f"watermarks in the {what}", {mark.partition: mark for mark in marks}, highest)


# Topics of the consumers with effects.
CONSUMERS = {
    "media": ACCOUNT_EVENTS,
    "link-preview": EVENTS,
    "notifier": EVENTS,
    "search-index": EVENTS,
    "search-users": USERS,
    "erasures": USERS,
}


def consumers(rows: list[Row], topics: dict[str, Topic]) -> None:
    """Each is in its partition, at most at its end; its version is its offset."""
    for row in rows:
        consumer, partition = row.columns["consumer"], row.columns["partition"]
        what = f"position of {consumer} {partition}"
        true(f"{what} is of a known consumer", consumer in CONSUMERS)
        next_offset = row.columns["next_offset"]
        true(f"{what} is in the log", 0 < next_offset <= topics[CONSUMERS[consumer]].ends[partition])
        same(f"version of the {what}", row.version, next_offset)
        true(f"number of the {what} is one, or none", row.columns["cause_offset"] >= -1)


def snapshots(rows: list[Row], topics: dict[str, Topic]) -> None:
    """Each has a position in every partition of both topics of events, none beyond its end."""
    ends = topics[EVENTS].ends + topics[ACCOUNT_EVENTS].ends
    true("there are snapshots", bool(rows))
    for row in rows:
        id, positions = row.columns["snapshot_id"], row.columns["positions"].decode().split(" ")
        true(f"{id} is the name of a snapshot", re.fullmatch(r"\d{13}-[0-9a-f]{8}", id) is not None)
        at = int(id[:13])
        same(f"time of snapshot {id}", row.columns["taken_at"], at)
        same(f"bucket of snapshot {id}", row.columns["bucket"], f"day-{at // DAY_MS}")
        same(f"number of positions in snapshot {id}", len(positions), len(ends))
        for lane, (position, end) in enumerate(zip(positions, ends, strict=True)):
            form = re.fullmatch(r"([0-9a-f]+)(/[0-9a-f]+\.[0-9a-f]+)?", position)
            true(f"position {lane} in snapshot {id} is one: {position}", form is not None)
            true(f"position {lane} in snapshot {id} is in the log", int(form[1], 16) <= end)
