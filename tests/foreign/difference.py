"""Where two values differ: the first place of it, not both values whole."""

from collections.abc import Iterator
from typing import Any

ABSENT = object()


class Difference(Exception):
    """What was found is not what it should be."""


def same(what: str, found: Any, wanted: Any) -> None:
    """Raises the first place at which `found` is not `wanted`."""
    if found == wanted:
        return
    for place, left, right in _differences(found, wanted, ""):
        raise Difference(f"{what}{place} is {_shown(left)}, and should be {_shown(right)}")
    raise Difference(f"{what} is {_shown(found)}, and should be {_shown(wanted)}")


def true(what: str, holds: bool) -> None:
    if not holds:
        raise Difference(f"it does not hold that {what}")


def _differences(found: Any, wanted: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted(found.keys() | wanted.keys(), key=str):
            left, right = found.get(key, ABSENT), wanted.get(key, ABSENT)
            yield from _differences(left, right, f"{place}[{key!r}]")
    elif isinstance(found, (list, tuple)) and isinstance(wanted, (list, tuple)):
        for at in range(max(len(found), len(wanted))):
            left = found[at] if at < len(found) else ABSENT
            right = wanted[at] if at < len(wanted) else ABSENT
            yield from _differences(left, right, f"{place}[{at}]")
    elif found != wanted:
        yield place, found, wanted


def _shown(value: Any) -> str:
    text = "nothing" if value is ABSENT else repr(value)
    return text if len(text) <= 400 else f"{text[:400]}… ({len(text)} characters)"
