"""Headers of records, and what must hold of the causes that they name."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from avro import Schemas, decode
from difference import same, true
from log import Record

if TYPE_CHECKING:
    from topics import Read

EPOCH = 1


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
    cause: Cause | None = None
    reply: Reply | None = None
    charge: Any | None = None
    users: list[str] | None = None
    origin: str | None = None
    reason: str | None = None


def of(record: Record, schemas: Schemas) -> Headers:
    found: dict[str, Any] = {}
    for name, value in record.headers:
        what = f"{name} of {record}"
        match name:
            case "mm-cause":
                found["cause"] = Cause(*_numbers(what, value, 4))
                same(f"epoch in {what}", found["cause"].epoch, EPOCH)
            case "mm-reply":
                found["reply"] = Reply(*_numbers(what, value, 2))
            case "mm-charge":
                charge = decode(schemas, what, value)
                same(f"type of {what}", charge.type, "Charge")
                found["charge"] = charge.value
            case "mm-users":
                found["users"] = value.decode().split(",")
            case "mm-origin":
                _numbers(what, value, 2)
                found["origin"] = value.decode()
            case "mm-reason":
                found["reason"] = value.decode()
    return Headers(**found)


def _numbers(what: str, value: bytes, count: int) -> list[int]:
    text = value.decode()
    true(f"{what} is {count} whole numbers: {text}", re.fullmatch(r"\d+(\.\d+)*", text) is not None)
    numbers = [int(part) for part in text.split(".")]
    same(f"count of numbers in {what}", len(numbers), count)
    return numbers


def without_repeats(records: "list[Read]") -> "list[Read]":
    """Within a partition, causes of one source partition only go up. What is not above the last one
    repeats, byte for byte, a record that was there before."""
    kept: list[Read] = []
    seen: dict[tuple[int, int], dict[tuple[int, int], Record]] = defaultdict(dict)
    highest: dict[tuple[int, int], tuple[int, int]] = {}
    for read in records:
        cause, record = read.headers.cause, read.record
        if cause is None:
            kept.append(read)
            continue
        source, number = (record.partition, cause.partition), (cause.offset, cause.output)
        if number > highest.get(source, (-1, -1)):
            highest[source] = number
            seen[source][number] = record
            kept.append(read)
            continue
        first = seen[source].get(number)
        true(f"{record}, not above the causes before it, repeats one of them", first is not None)
        same(f"repeat {record} of {first}", _said(record), _said(first))
    return kept


def _said(record: Record) -> tuple:
    return record.key, record.headers, record.value


def check_causes(derived: "list[tuple[str, list[Read]]]", commands: "dict[str, list[Read]]") -> None:
    """Every cause is a command that is there, and events are not dated before it; the outputs of a
    command are numbered 0, 1, 2 … over all topics that they went to.

    `derived` are records without repeats, each list with the topic of its causes.
    """
    places = {
        (topic, read.record.partition, read.record.offset): read.record
        for topic, records in commands.items()
        for read in records
    }
    outputs: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for topic, records in derived:
        for read in records:
            if read.headers.cause is None:
                continue
            _, partition, offset, output = read.headers.cause
            cause = places.get((topic, partition, offset))
            true(f"the cause of {read.record} is in {topic}: {partition} {offset}", cause is not None)
            if read.decoded is not None and "at" in read.decoded.value:
                true(f"{read.record} is not dated before {cause}", read.decoded.value["at"] >= cause.time)
            outputs[topic, partition, offset].append(output)
    for place, numbers in sorted(outputs.items()):
        same(f"numbers of the outputs of {place}", sorted(numbers), list(range(len(numbers))))


def check_own_partition(records: "list[Read]") -> None:
    """A partition of events is written by the same partition of the commands alone."""
    for read in records:
        same(f"partition of the cause of {read.record}", read.headers.cause.partition, read.record.partition)
