"""What each topic holds: which records, under which key, with which headers."""

from dataclasses import dataclass

import poison
from avro import Decoded, Schemas, branch, decode
from difference import same, true
from headers import Headers, of
from log import Record, Topic

ACCOUNT_COMMANDS = "messaging.accounts.commands.v1"
CONVERSATION_COMMANDS = "messaging.conversations.commands.v1"
EVENTS = "messaging.events.v1"
ACCOUNT_EVENTS = "messaging.account-events.v1"
VERDICTS = "messaging.verdicts.v1"
USERS = "platform.user.v1"


@dataclass(frozen=True)
class Kind:
    """What may stand in a topic."""

    # Types of the records.
    types: set[str]
    # Headers that every record has, and those that it may have.
    always: set[str]
    sometimes: set[str]
    # The topic of the commands that cause these records.
    cause: str | None = None


KINDS = {
    ACCOUNT_COMMANDS: Kind(
        {"AccountCommand", "Control"}, set(), {"mm-cause", "mm-reply", "mm-once"}, CONVERSATION_COMMANDS
    ),
    CONVERSATION_COMMANDS: Kind(
        {"ConversationCommand", "Control"},
        set(),
        {"mm-cause", "mm-reply", "mm-charge", "mm-once"},
        ACCOUNT_COMMANDS,
    ),
    EVENTS: Kind({"ConversationEvent"}, {"mm-cause"}, {"mm-users"}, CONVERSATION_COMMANDS),
    ACCOUNT_EVENTS: Kind({"AccountEvent"}, {"mm-cause"}, set(), ACCOUNT_COMMANDS),
    VERDICTS: Kind({"Verdict"}, set(), set()),
    USERS: Kind({"PlatformUser"}, set(), set()),
}

DEAD_LETTERS = {
    f"messaging.dlq.{name}": Kind(
        set(),
        {"mm-reason", "mm-origin"},
        {"mm-cause", "mm-reply", "mm-charge", "mm-size"},
        name if name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS) else None,
    )
    for name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, EVENTS, ACCOUNT_EVENTS, USERS)
}

ALL = KINDS | DEAD_LETTERS


@dataclass(frozen=True)
class Read:
    """A record with what was found in it."""

    record: Record
    headers: Headers
    # Absent on what was put in as poison, and on dead letters.
    decoded: Decoded | None

    @property
    def body(self) -> tuple[str, dict]:
        """Of a command or an event: which it is, and what it says."""
        return self.body_of("body")

    def body_of(self, field: str) -> tuple[str, dict]:
        return branch(self.decoded.value[field])


def check_names(names: list[str]) -> None:
    same("topics", dict.fromkeys(names, "there"), dict.fromkeys(ALL, "there"))


def read(name: str, topic: Topic, schemas: Schemas) -> list[Read]:
    """Every record of a topic, each checked by itself."""
    kind, found = ALL[name], []
    for record in topic.records:
        if name in DEAD_LETTERS or poison.is_poison(record):
            decoded = None
        else:
            decoded = decode(schemas, str(record), record.value)
            true(f"{record} holds one of {kind.types}, not {decoded.type}", decoded.type in kind.types)
        headers = of(record, schemas)
        found.append(Read(record, headers, decoded))
        if decoded is not None or name in DEAD_LETTERS:
            names = {header for header, _ in record.headers}
            true(f"{record} has no other headers than it may: {names}", names <= kind.always | kind.sometimes)
            true(f"{record} has the headers that it must: {names}", names >= kind.always)
            same(f"number of headers of {record}", len(record.headers), len(names))
        if decoded is not None:
            _check_key(found[-1])
    return found


def _check_key(read: Read) -> None:
    record, decoded = read.record, read.decoded
    key = None if record.key is None else record.key.decode()
    what = f"key of {record}"
    match decoded.type:
        case "Control" | "Verdict":
            same(what, key, None)
        case "PlatformUser" | "AccountEvent":
            same(what, key, decoded.value["user"])
        case "ConversationEvent":
            same(what, key, decoded.value["conversation"])
        case "AccountCommand" if read.body[0] == "SendMessage":
            same(what, key, read.body[1]["sender"]["user"])
        case "AccountCommand" if read.body[0] == "ReturnCharge":
            same(what, key, read.body[1]["charge"]["user"])
        case _:
            true(f"{what} names an owner", bool(key))


def check_places(log: dict[str, list[Read]]) -> None:
    """A key has one partition, under the same number in every topic that is keyed by it."""
    for names in [(ACCOUNT_COMMANDS, ACCOUNT_EVENTS, USERS), (CONVERSATION_COMMANDS, EVENTS)]:
        places: dict[bytes, Record] = {}
        for read in (read for name in names for read in log[name]):
            record = read.record
            if record.key is not None and not poison.is_poison(record):
                first = places.setdefault(record.key, record)
                same(
                    f"partition of {record} (as {first}, of the same key)", record.partition, first.partition
                )


def check_controls(log: dict[str, list[Read]], topics: dict[str, Topic]) -> dict:
    """Every partition of both machines is told the same; gives what is in force: the newest policy, and
    the highest version of the rules, if one was told."""
    told: dict[tuple[str, int], dict] = {}
    for name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS):
        for partition in range(len(topics[name].ends)):
            told[name, partition] = {"policy": None, "rules": None}
    for read in (read for name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS) for read in log[name]):
        if read.decoded is None or read.decoded.type != "Control":
            continue
        control, before = read.decoded.value, told[read.record.topic, read.record.partition]
        if control["policy"] and (
            not before["policy"] or control["policy"]["version"] > before["policy"]["version"]
        ):
            before["policy"] = control["policy"]
        if control["rules"]:
            before["rules"] = max(control["rules"], before["rules"] or 0)
    first = told[ACCOUNT_COMMANDS, 0]
    for (name, partition), control in told.items():
        same(f"what is in force in {name} {partition}", control, first)
    true("a policy is in force", first["policy"] is not None)
    return first
