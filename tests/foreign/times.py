"""Time of each command, as its machine counts it, and the times of what followed from it.

An owner's time is that of the log, kept from going back by a little: it stays where it was when the log's
clock goes back by at most five seconds. A larger step was a broken clock, and is not followed.
"""

from difference import same, true
from topics import ACCOUNT_COMMANDS, ALL, CONVERSATION_COMMANDS, DEAD_LETTERS, VERDICTS, Read

TOLERANCE_MS = 5_000
# How far the clock of an ingest and that of a broker may be apart here.
APART_MS = 60_000

# By topic, partition and offset of a command.
Times = dict[tuple[str, int, int], int]


def at(last: int, appended: int) -> int:
    return appended if last > appended + TOLERANCE_MS else max(last, appended)


def decided(kept: dict[str, list[Read]]) -> Times:
    """Time of every command that a machine decided: all but repeats, controls and poison."""
    times: Times = {}
    for name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS):
        owners: dict[str, int] = {}
        for read in kept[name]:
            if read.decoded is not None and read.decoded.type != "Control":
                times[read.place] = owners[read.key] = at(owners.get(read.key, 0), read.record.time)
    return times


def check(kept: dict[str, list[Read]], times: Times) -> None:
    """What follows from a command has the command's time; what comes from outside has that of its sender."""
    for name, kind in ALL.items():
        if name == VERDICTS or name in DEAD_LETTERS:
            continue
        for read in (read for read in kept[name] if read.headers.time is not None):
            cause, what = read.headers.cause, f"time of {read.record}"
            if cause is not None:
                same(what, read.headers.time, times[kind.cause, cause.partition, cause.offset])
            else:
                apart = abs(read.headers.time - read.record.time)
                true(f"{what} is near that of the log: {apart} ms", apart <= APART_MS)
