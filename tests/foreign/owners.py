"""Rows of the two machines' owners: what stands under which kind and key."""

import struct
import uuid
from collections import defaultdict

from catalogue import ACCOUNT_ROWS, CONVERSATION_ROWS
from difference import same
from tables import Row
from times import Times
from topics import Read

# Kinds of rows.
STATE, LAST_BATCH, ONCE = 0, 1, 12
CLIENT_REQUEST, LEDGER, ORGANIZED, LABELS, DRAFT, PREFERENCES, USAGE = 2, 10, 13, 14, 15, 16, 70
OPEN_REQUESTS = 50
ATTACHMENT = 80
PUSH = 90
SCHEDULE, SCHEDULES = 100, 101
TEMPLATES, TEMPLATE = 110, 111
STICKER_PACK, STICKER_PACKS = 120, 121
REACTED, REACTIONS = 60, 61
VOTED, TALLY = 63, 64
CARRIED = 82
MEMBER, RECEIPT, BLOCKS, SENT, MESSAGE, FORMER, EDITS, REPLACED, CHANGES = 2, 3, 4, 10, 11, 13, 14, 15, 40

ACCOUNTS, CONVERSATIONS = ACCOUNT_ROWS, CONVERSATION_ROWS

# Rows of one owner: by kind, by key.
Owner = dict[int, dict[bytes, Row]]
# The last charge for a request: by what it was for, conversation, user and client id.
Paid = dict[tuple[str, str, str, str | None], dict]


def owners(name: str, rows: list[Row], kinds: dict[int, tuple[int, str]]) -> dict[str, Owner]:
    """By owner, whose ids stand in the column that `name` names."""
    found: dict[str, Owner] = defaultdict(lambda: {kind: {} for kind in kinds})
    for row in rows:
        owner, kind, key = row.columns[f"{name}_id"], row.columns["kind"], row.columns["key"]
        schema = row.decoded.id, row.decoded.type
        same(f"schema of {name} {owner} {kind} {key.hex()}", schema, kinds.get(kind))
        found[owner][kind][key] = row
    for owner, rows_of in found.items():
        state, what = rows_of[STATE][b""], f"{name} {owner}"
        same(f"version of the state of {what}", state.version, state.value["applied"])
        # What the last batch wrote is there, not newer than the state.
        for named in rows_of[LAST_BATCH][b""].value["keys"]:
            row = rows_of[named["kind"]].get(bytes.fromhex(named["key"]))
            same(f"row {named} of {what}, not newer", row is not None and row.version <= state.version, True)
    return found


def check_stamps(name: str, found: dict[str, Owner], commands: list[Read], times: Times) -> None:
    """Each state is as of its owner's last command, with that command's time."""
    last = {read.key: read for read in commands if read.place in times}
    stamps = {owner: rows[STATE][b""].value for owner, rows in found.items()}
    stamped = {owner: (state["applied"], state["at"]) for owner, state in stamps.items()}
    wanted = {owner: (read.record.offset, times[read.place]) for owner, read in last.items()}
    same(f"last command and time of each of the {name}", stamped, wanted)


def paid(commands: list[Read]) -> Paid:
    """What the charges say that travel with commands."""
    return {
        (paid_for(charge["kind"]), charge["conversation"], charge["user"], charge["client_id"]): charge
        for charge in (read.headers.charge for read in commands)
        if charge is not None
    }


def paid_for(kind: str) -> str:
    """A scheduled message is paid for as any other."""
    return "Send" if kind == "Scheduled" else kind


def number(key: bytes) -> int:
    """The offset or number that a key names."""
    return struct.unpack(">q", key)[0]


def numbers(key: bytes) -> tuple[int, int]:
    """The number of a message and the version of its text that a key names."""
    return struct.unpack(">qq", key)


def client_id(key: bytes) -> str:
    return str(uuid.UUID(bytes=key))
