"""Records that are none, put where machines and projections read, and the dead letters they become."""

from typing import TYPE_CHECKING

from difference import same, true
from log import Record

if TYPE_CHECKING:
    from topics import Read

KEY = b"poison"
VALUE = b'{"this": "is no record"}'


def is_poison(record: Record) -> bool:
    return record.key == KEY


def check(read_from: str, readers: list[str], letters: "list[Read]", records: "list[Read]") -> None:
    """Each poison of a topic became one dead letter of each reader that says what it was and where it
    stood; nothing else did."""
    poisons = {
        (reader, f"{record.partition}.{record.offset}"): (record.key, record.value)
        for record in (read.record for read in records)
        for reader in readers
        if is_poison(record)
    }
    found = {
        (letter.headers.source, letter.headers.origin): (letter.record.key, letter.record.value)
        for letter in letters
    }
    same(f"dead letters of {read_from}", found, poisons)
    for letter in letters:
        true(f"{letter.record} has a reason", bool(letter.headers.reason))
        if letter.headers.cause is not None:
            cause = f"{letter.headers.cause.partition}.{letter.headers.cause.offset}"
            same(f"cause of {letter.record}", cause, letter.headers.origin)
