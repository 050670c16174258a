"""Headers of records: CloudEvents in binary mode, the trace, and the system's own under `mm-`."""

import re
from calendar import timegm
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from avro import Schemas, decode
from catalogue import CHARGE
from difference import same, true
from log import Record

EPOCH = 1

# A record has all of these, or none.
CLOUD_EVENTS = {"ce_id", "ce_type", "ce_time", "ce_source", "ce_specversion", "content-type"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Cause(NamedTuple):
    """Which output of which command a record is."""

    epoch: int
    partition: int
    offset: int
    output: int


class Reply(NamedTuple):
    """The partition of the verdicts where an answer goes, and the request that it answers."""

    slot: int
    request: int


@dataclass(frozen=True)
class Headers:
    # `ce_id` as text; a cause too, where it is one.
    id: str | None = None
    cause: Cause | None = None
    type: str | None = None
    # Milliseconds since 1970.
    time: int | None = None
    source: str | None = None
    trace: str | None = None
    reply: Reply | None = None
    charge: Any | None = None
    once: str | None = None
    users: list[str] | None = None
    origin: str | None = None
    reason: str | None = None


def of(record: Record, schemas: Schemas) -> Headers:
    found: dict[str, Any] = {}
    for name, value in record.headers:
        what = f"{name} of {record}"
        match name:
            case "ce_id":
                found["id"] = value.decode()
                found["cause"] = _cause(what, value)
            case "ce_type":
                found["type"] = value.decode()
            case "ce_time":
                found["time"] = _time(what, value.decode())
            case "ce_source":
                found["source"] = value.decode()
            case "ce_specversion":
                same(what, value, b"1.0")
            case "content-type":
                same(what, value, b"application/avro")
            case "traceparent":
                found["trace"] = value.decode()
                true(f"{what} is a trace: {value}", TRACE.fullmatch(value.decode()) is not None)
            case "mm-reply":
                found["reply"] = Reply(*_numbers(what, value, 2))
            case "mm-charge":
                charge = decode(schemas, what, value)
                same(f"schema of {what}", charge.id, CHARGE)
                found["charge"] = charge.value
            case "mm-once":
                found["once"] = value.decode()
            case "mm-users":
                found["users"] = value.decode().split(",")
            case "mm-origin":
                _numbers(what, value, 2)
                found["origin"] = value.decode()
            case "mm-reason":
                found["reason"] = value.decode()
    return Headers(**found)


def _cause(what: str, value: bytes) -> Cause | None:
    """The cause of a derived record; the id of any other record is a UUID."""
    text = value.decode()
    if "." not in text:
        true(f"{what} is a cause or a UUID: {text}", UUID.fullmatch(text) is not None)
        return None
    cause = Cause(*_numbers(what, value, 4))
    same(f"epoch in {what}", cause.epoch, EPOCH)
    return cause


def _time(what: str, text: str) -> int:
    """RFC 3339 in UTC, to the millisecond."""
    true(f"{what} is a time: {text}", TIME.fullmatch(text) is not None)
    return timegm(datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").timetuple()) * 1_000 + int(text[20:23])


def _numbers(what: str, value: bytes, count: int) -> list[int]:
    text = value.decode()
    plain = re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*", text)
    true(f"{what} is {count} whole numbers: {text}", plain is not None)
    numbers = [int(part) for part in text.split(".")]
    same(f"count of numbers in {what}", len(numbers), count)
    return numbers
