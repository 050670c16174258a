"""What each topic holds: which records, under which key, with which headers."""

import re
from dataclasses import dataclass
from typing import Any

import ids
import poison
from avro import Decoded, Schemas, decode
from catalogue import (
    ACCOUNT_FACTS,
    ACCOUNT_REQUESTS,
    CHARGED,
    CONTROL,
    CONVERSATION_FACTS,
    CONVERSATION_REQUESTS,
    DERIVED,
    NAMING,
    PLATFORM_FOLLOW,
    PLATFORM_BAN,
    PLATFORM_REVOCATION,
    USER_ERASED,
    PLATFORM_USER,
    VERDICT,
)
from difference import same, true
from headers import CLOUD_EVENTS, Headers, of
from log import Record, Topic

ACCOUNT_COMMANDS = "messaging.accounts.commands.v1"
CONVERSATION_COMMANDS = "messaging.conversations.commands.v1"
EVENTS = "messaging.events.v1"
ACCOUNT_EVENTS = "messaging.account-events.v1"
VERDICTS = "messaging.verdicts.v1"
USERS = "platform.user.v1"
FOLLOWS = "platform.follow.v1"
BANS = "platform.ban.v1"
REVOCATIONS = "platform.revocation.v1"
ERASURES = "messaging.erasures.v1"

# The machine that reads a topic of commands, as the source of what it publishes.
SOURCES = {ACCOUNT_COMMANDS: "/musclemap/accounts", CONVERSATION_COMMANDS: "/musclemap/conversations"}


@dataclass(frozen=True)
class Kind:
    """What may stand in a topic."""

    # Ids of the records' schemas.
    schemas: set[int]
    # The topic of the commands that cause these records.
    cause: str | None = None


KINDS = {
    ACCOUNT_COMMANDS: Kind({CONTROL, *ACCOUNT_REQUESTS}, CONVERSATION_COMMANDS),
    CONVERSATION_COMMANDS: Kind({CONTROL, *CONVERSATION_REQUESTS}, ACCOUNT_COMMANDS),
    EVENTS: Kind({*CONVERSATION_FACTS}, CONVERSATION_COMMANDS),
    ACCOUNT_EVENTS: Kind({*ACCOUNT_FACTS}, ACCOUNT_COMMANDS),
    VERDICTS: Kind({VERDICT}),
    USERS: Kind({PLATFORM_USER}),
    FOLLOWS: Kind({PLATFORM_FOLLOW}),
    BANS: Kind({PLATFORM_BAN}),
    REVOCATIONS: Kind({PLATFORM_REVOCATION}),
    ERASURES: Kind({USER_ERASED}),
}

DEAD_LETTERS = {
    f"messaging.dlq.{name}": Kind(set(), name if name in SOURCES else None)
    for name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, EVENTS, ACCOUNT_EVENTS, USERS, FOLLOWS)
}

# Who leaves dead letters of a topic, as their source.
READERS = {topic: [machine] for topic, machine in SOURCES.items()} | {
    EVENTS: ["/musclemap/notifier", "/musclemap/search-index"],
    ACCOUNT_EVENTS: ["/musclemap/media"],
    USERS: ["/musclemap/profiles", "/musclemap/search-users"],
    FOLLOWS: ["/musclemap/follows"],
}

ALL = KINDS | DEAD_LETTERS

# What comes from outside may come without the headers of CloudEvents.
BARE = {"Control", "PlatformUser", "PlatformFollow", "PlatformBan", "PlatformRevocation"}


@dataclass(frozen=True)
class Read:
    """A record with what was found in it."""

    record: Record
    headers: Headers
    # Absent on what was put in as poison, and on dead letters.
    decoded: Decoded | None

    @property
    def type(self) -> str:
        """Which command or fact it is."""
        return self.decoded.type

    @property
    def value(self) -> Any:
        return self.decoded.value

    @property
    def key(self) -> str | None:
        return None if self.record.key is None else self.record.key.decode()

    @property
    def place(self) -> tuple[str, int, int]:
        return self.record.topic, self.record.partition, self.record.offset


def is_tombstone(record: Record) -> bool:
    """A user whom the platform erases."""
    return record.topic == USERS and record.value == b""


def check_names(names: list[str]) -> None:
    same("topics", dict.fromkeys(names, "there"), dict.fromkeys(ALL, "there"))


def read(name: str, topic: Topic, schemas: Schemas) -> list[Read]:
    """Every record of a topic, each checked by itself."""
    found = []
    for record in topic.records:
        names = [header for header, _ in record.headers]
        same(f"headers of {record}, each once", sorted(names), sorted(set(names)))
        if name in DEAD_LETTERS or poison.is_poison(record):
            found.append(Read(record, of(record, schemas), None))
            continue
        if is_tombstone(record):
            same(f"headers of {record}", record.headers, [])
            true(f"{record} has a key", record.key is not None)
            found.append(Read(record, of(record, schemas), None))
            continue
        decoded = decode(schemas, str(record), record.value)
        true(f"{record} holds what the topic may: {decoded.type}", decoded.id in KINDS[name].schemas)
        found.append(Read(record, of(record, schemas), decoded))
        _check_headers(found[-1], set(names))
        _check_key(found[-1], len(topic.ends))
    return found


def _check_headers(read: Read, names: set[str]) -> None:
    """The type that a header names is the schema's, and only what a kind of record needs is there."""
    type, what = read.type, f"headers of {read.record}"
    is_command = read.record.topic in SOURCES and type != "Control"
    is_fact = read.record.topic in (EVENTS, ACCOUNT_EVENTS)
    wanted = set() if type in BARE and not names & CLOUD_EVENTS else set(CLOUD_EVENTS)
    wanted |= {"mm-charge"} if type in CHARGED else set()
    wanted |= {"mm-users"} if type in NAMING else set()
    allowed = {"traceparent"} | ({"mm-reply", "mm-once", "mm-roles", "mm-tier"} if is_command else set())
    same(f"{what} that must be there", names - allowed, wanted)
    if read.headers.type is not None:
        same(f"type in the {what}", read.headers.type, type)
    if is_command or is_fact:
        is_derived = is_fact or type in DERIVED
        same(f"whether {read.record} has a cause", read.headers.cause is not None, is_derived)
        outside = read.headers.source not in SOURCES.values()
        same(f"whether {read.record} is from outside the machines", outside, not is_derived)
    if names & CLOUD_EVENTS:
        true(f"source of {read.record} is ours", read.headers.source.startswith("/musclemap/"))


def _check_key(read: Read, partitions: int) -> None:
    value, what = read.value, f"key of {read.record}"
    match read.type:
        case "Control" | "Verdict":
            same(what, read.key, None)
            return
        case "PlatformFollow":
            same(what, read.key, f"{value['follower']}/{value['followed']}")
            return
        case "PlatformUser" | "PlatformBan" | "PlatformRevocation" | "UserErased":
            same(what, read.key, value["user"])
        case "SendMessage" | "CreatePoll":
            same(what, read.key, value["sender"]["user"])
        case "Refund":
            same(what, read.key, value["charge"]["user"])
        case "SubmitEdit":
            same(what, read.key, value["edit"]["actor"])
        case "PostMessage" | "PostPoll" | "OpenConversation" | "EditMessage" | "React":
            same(what, read.key, read.headers.charge["conversation"])
        case "SetBlock" | "BlocksChanged":
            same(what, read.key, ids.direct(value["user"], value["other"]))
    of_conversation = read.record.topic in (CONVERSATION_COMMANDS, EVENTS)
    form = r"[0-9a-f]{32}" if of_conversation else r"[A-Za-z0-9_.:-]{1,64}"
    true(f"{what} names an owner: {read.key}", re.fullmatch(form, read.key or "") is not None)
    same(f"partition of {read.record}", read.record.partition, ids.partition(read.record.key, partitions))


def check_controls(log: dict[str, list[Read]], topics: dict[str, Topic]) -> dict:
    """Every partition of both machines has the same in force; gives it: the newest policy, and the
    highest version of the rules, if a control named one."""
    found: dict[tuple[str, int], dict] = {}
    for name in SOURCES:
        for partition in range(len(topics[name].ends)):
            found[name, partition] = {"policy": None, "rules": None}
    for read in (read for name in SOURCES for read in log[name]):
        if read.decoded is None or read.type != "Control":
            continue
        control, before = read.value, found[read.record.topic, read.record.partition]
        if control["policy"] and (
            not before["policy"] or control["policy"]["version"] > before["policy"]["version"]
        ):
            before["policy"] = control["policy"]
        if control["rules"]:
            before["rules"] = max(control["rules"], before["rules"] or 0)
    first = found[ACCOUNT_COMMANDS, 0]
    for (name, partition), control in found.items():
        same(f"what is in force in {name} {partition}", control, first)
    true("a policy is in force", first["policy"] is not None)
    return first
