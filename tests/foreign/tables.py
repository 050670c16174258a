"""Reads every table of the keyspace, and decodes what its blobs hold."""

from calendar import timegm
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.query import dict_factory

from avro import Decoded, Schemas, decode
from difference import same, true
from headers import EPOCH

# Seconds that a node may take for one answer.
PATIENCE = 30.0

# A column of every table: its write time is the row's version.
WRITTEN = ("row_written", "boolean")

# The version of the rows of a user who is erased; they are emptied for good.
ERASED = 1 << 50
OF_ERASED = {"users", "private_users"}
# Tables whose rows may have no body.
OPTIONAL = {"checkpoints", "previews"}


@dataclass(frozen=True)
class Table:
    partition: list[tuple[str, str]]
    clustering: list[tuple[str, str]]
    columns: list[tuple[str, str]]
    # The column that holds framed Avro, if one does.
    avro: str | None = "body"


TABLES = {
    "accounts": Table([("user_id", "text")], [("kind", "int"), ("key", "blob")], [("body", "blob")]),
    "conversations": Table(
        [("conversation_id", "text")], [("kind", "int"), ("key", "blob")], [("body", "blob")]
    ),
    "messages": Table(
        [("conversation_id", "text"), ("bucket", "bigint")],
        [("seq", "bigint"), ("kind", "text")],
        [("at", "timestamp"), ("sender_id", "text"), ("content", "text"), ("body", "blob")],
    ),
    "conversations_by_user": Table([("user_id", "text")], [("conversation_id", "text")], [("body", "blob")]),
    "blocks": Table([("user_id", "text")], [("other_id", "text")], [("body", "blob")]),
    "users": Table(
        [("user_id", "text")],
        [],
        [("username", "text"), ("display_name", "text"), ("avatar_url", "text")],
        None,
    ),
    "private_users": Table(
        [("user_id", "text")], [], [("email", "text"), ("locale", "text"), ("tier", "text")], None
    ),
    "follows": Table([("user_id", "text")], [("followed_id", "text")], [("follows", "boolean")], None),
    "reports": Table(
        [("status", "text"), ("bucket", "bigint")],
        [("reported_at", "bigint"), ("conversation_id", "text"), ("seq", "bigint"), ("reporter_id", "text")],
        [("is_listed", "boolean")],
        None,
    ),
    "audit": Table(
        [("conversation_id", "text"), ("bucket", "bigint")],
        [("number", "bigint")],
        [("at", "timestamp"), ("body", "blob")],
    ),
    "timers": Table(
        [("shard", "int"), ("day", "bigint")],
        [("due", "bigint"), ("kind", "text"), ("user_id", "text"), ("id", "text")],
        [("is_set", "boolean")],
        None,
    ),
    "sticker_packs": Table([("pack_id", "text")], [], [("body", "blob")]),
    "public_sticker_packs": Table(
        [("shelf", "text")], [("place", "text"), ("pack_id", "text")], [("is_listed", "boolean")], None
    ),
    "previews": Table([("link", "text")], [], [("at", "timestamp"), ("body", "blob")]),
    "checkpoints": Table(
        [("machine", "text"), ("partition", "int")],
        [],
        [("next_offset", "bigint"), ("watermarks", "blob"), ("policy", "blob"), ("rules", "int")],
        "policy",
    ),
    "consumers": Table(
        [("consumer", "text"), ("partition", "int")],
        [],
        [("next_offset", "bigint"), ("cause_offset", "bigint"), ("cause_index", "int")],
        None,
    ),
    "snapshots": Table(
        [("bucket", "text")],
        [("snapshot_id", "text")],
        [("positions", "blob"), ("taken_at", "timestamp")],
        None,
    ),
    "policies": Table([("name", "text")], [], [("body", "blob")]),
}


@dataclass(frozen=True)
class Row:
    columns: dict[str, Any]
    # Offset of the command, or number, that the row's version names.
    version: int
    decoded: Decoded | None
    is_erased: bool

    @property
    def value(self) -> Any:
        return self.decoded.value


def connect(nodes: str) -> Session:
    hosts = [node.rsplit(":", 1) for node in nodes.split(",")]
    profile = ExecutionProfile(
        consistency_level=ConsistencyLevel.LOCAL_QUORUM, request_timeout=PATIENCE, row_factory=dict_factory
    )
    cluster = Cluster(
        [host for host, _ in hosts],
        port=int(hosts[0][1]),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        connect_timeout=PATIENCE,
        control_connection_timeout=PATIENCE,
    )
    return cluster.connect()


def check_layout(session: Session, keyspace: str) -> None:
    """The tables are those that are known, with the columns that are known."""
    found = session.cluster.metadata.keyspaces[keyspace].tables
    same("tables", dict.fromkeys(found, "there"), dict.fromkeys(TABLES, "there"))
    for name, table in TABLES.items():
        typed = [
            [(column.name, column.cql_type) for column in columns]
            for columns in (found[name].partition_key, found[name].clustering_key)
        ]
        same(f"partition key of {name}", typed[0], table.partition)
        same(f"clustering key of {name}", typed[1], table.clustering)
        keys = {column for column, _ in table.partition + table.clustering}
        rest = {
            column.name: column.cql_type for column in found[name].columns.values() if column.name not in keys
        }
        same(f"columns of {name}", rest, dict([*table.columns, WRITTEN]))


def read(session: Session, keyspace: str, name: str, schemas: Schemas) -> list[Row]:
    """Every row of a table, each checked by itself."""
    table = TABLES[name]
    columns = [column for column, _ in table.partition + table.clustering + table.columns]
    written, _ = WRITTEN
    selected = [f'"{column}"' for column in columns]
    selected += [f'"{written}" AS written', f'WRITETIME("{written}") AS version']
    select = f'SELECT {", ".join(selected)} FROM "{keyspace}"."{name}"'
    return [_row(name, table, row, schemas) for row in session.execute(select)]


def _row(name: str, table: Table, found: dict[str, Any], schemas: Schemas) -> Row:
    key = [found[column] for column, _ in table.partition + table.clustering]
    what = f"row {key} of {name}"
    same(f"row_written of {what}", found.pop("written"), True)
    version = found.pop("version")
    is_erased = name in OF_ERASED and version == ERASED
    if not is_erased:
        same(f"epoch in the version of {what}", version >> 36, EPOCH)
    for column, value in found.items():
        if isinstance(value, datetime):
            found[column] = timegm(value.utctimetuple()) * 1_000 + value.microsecond // 1_000
    decoded = None
    if table.avro is not None and (found[table.avro] or name not in OPTIONAL):
        true(f"{what} has a body", found[table.avro] is not None)
        decoded = decode(schemas, f"{table.avro} of {what}", found[table.avro])
    return Row(found, version & ((1 << 36) - 1), decoded, is_erased)
