"""Rows of the two machines' owners: what stands under which kind and key."""

import struct
import uuid
from collections import defaultdict

from difference import same
from tables import Row
from topics import Read

STATE, LAST_BATCH, ONCE = 0, 1, 12
CLIENT_REQUEST, LEDGER = 2, 10
MEMBER, RECEIPT, BLOCKS, SENT, MESSAGE = 2, 3, 4, 10, 11

# The type of each kind of row.
ACCOUNTS = {
    STATE: "AccountState",
    LAST_BATCH: "LastBatch",
    CLIENT_REQUEST: "ClientRequest",
    LEDGER: "LedgerEntry",
    ONCE: "Once",
}
CONVERSATIONS = {
    STATE: "ConversationState",
    LAST_BATCH: "LastBatch",
    MEMBER: "Member",
    RECEIPT: "Receipt",
    BLOCKS: "Blocks",
    SENT: "Sent",
    MESSAGE: "MessageHead",
    ONCE: "Once",
}

# Rows of one owner: by kind, by key.
Owner = dict[int, dict[bytes, Row]]
# Position of the last charge for a request: by what it was for, conversation, user and client id.
Paid = dict[tuple[str, str, str, str], int]


def owners(name: str, rows: list[Row], types: dict[int, str]) -> dict[str, Owner]:
    """By owner, whose ids stand in the column that `name` names."""
    found: dict[str, Owner] = defaultdict(lambda: {kind: {} for kind in types})
    for row in rows:
        owner, kind, key = row.columns[f"{name}_id"], row.columns["kind"], row.columns["key"]
        same(f"type of {name} {owner} {kind} {key.hex()}", row.decoded.type, types.get(kind))
        found[owner][kind][key] = row
    for owner, kinds in found.items():
        state, what = kinds[STATE][b""], f"{name} {owner}"
        same(f"version of the state of {what}", state.version, state.value["applied"])
        # What the last batch wrote is there, not newer than the state.
        for named in kinds[LAST_BATCH][b""].value["keys"]:
            row = kinds[named["kind"]].get(bytes.fromhex(named["key"]))
            same(f"row {named} of {what}, not newer", row is not None and row.version <= state.version, True)
    return found


def paid(commands: list[Read]) -> Paid:
    """What the charges say that travel with commands."""
    return {
        (charge["kind"], charge["conversation"], charge["user"], charge["client_id"]): charge["position"]
        for charge in (read.headers.charge for read in commands)
        if charge is not None
    }


def number(key: bytes) -> int:
    """The offset or number that a key names."""
    return struct.unpack(">q", key)[0]


def client_id(key: bytes) -> str:
    return str(uuid.UUID(bytes=key))
