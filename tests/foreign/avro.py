"""Avro in Confluent framing: a zero byte, the schema id (four bytes, big-endian), the body.

Schemas come from the operators' port, as from a schema registry.
"""

import io
import json
import struct
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import fastavro

from catalogue import SCHEMAS
from difference import same, true

# Ids that are asked for when all schemas are wanted.
IDS = range(1, 500)


@dataclass
class Schemas:
    """Those that have been fetched so far, from `url`, parsed; and how often each was met."""

    url: str
    parsed: dict[int, Any] = field(default_factory=dict)
    met: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoded:
    id: int
    # The name that the catalogue has for the id.
    type: str
    value: Any


def decode(schemas: Schemas, what: str, framed: bytes) -> Decoded:
    """The record in the bytes, all of which it must take, and into which it must encode again."""
    true(
        f"{what} begins with a zero byte and a schema id: {framed[:8].hex()}",
        framed[:1] == b"\0" and len(framed) >= 5,
    )
    (id,) = struct.unpack(">I", framed[1:5])
    schema = _schema(schemas, id)
    true(f"{what} names a schema of the catalogue, not {id}", id in SCHEMAS)
    true(f"{what} names a published schema, not {id}", schema is not None)
    same(f"name of the schema {id}", short(schema["name"]), SCHEMAS[id])
    body = io.BytesIO(framed[5:])
    # A record in a union of several comes as (name, record), so that it can be told and encoded again.
    value = fastavro.schemaless_reader(
        body, schema, None, return_record_name=True, return_record_name_override=True
    )
    same(f"what follows the body of {what}", body.read(), b"")
    again = io.BytesIO()
    fastavro.schemaless_writer(again, schema, value)
    same(f"{what}, encoded again,", again.getvalue().hex(), framed[5:].hex())
    schemas.met[id] = schemas.met.get(id, 0) + 1
    return Decoded(id, SCHEMAS[id], value)


def encode(schemas: Schemas, id: int, value: Any) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, _schema(schemas, id), value, strict=True)
    return b"\0" + struct.pack(">I", id) + body.getvalue()


def short(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def published(schemas: Schemas) -> dict[int, str]:
    """Every schema that is published: its id and the name of its type."""
    return {id: short(schema["name"]) for id in IDS if (schema := _schema(schemas, id)) is not None}


def _schema(schemas: Schemas, id: int) -> Any | None:
    if id not in schemas.parsed:
        try:
            with urllib.request.urlopen(f"{schemas.url}/schemas/ids/{id}", timeout=10) as answer:
                schemas.parsed[id] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            schemas.parsed[id] = None
    return schemas.parsed[id]
