"""What must hold of causes: records repeat byte for byte, each id is one record, and each cause is a
command that is there."""

from collections import defaultdict

from difference import same, true
from log import Record
from topics import ACCOUNT_COMMANDS, ALL, CONVERSATION_COMMANDS, DEAD_LETTERS, SOURCES, VERDICTS, Read

Place = tuple[str, int, int]


def without_repeats(records: list[Read]) -> list[Read]:
    """Within a partition, causes of one source and source partition only go up. What is not above the
    last one repeats, byte for byte and header for header, a record that was there before."""
    kept: list[Read] = []
    seen: dict[tuple[str, int, int], dict[tuple[int, int], Record]] = defaultdict(dict)
    highest: dict[tuple[str, int, int], tuple[int, int]] = {}
    for read in records:
        cause, record = read.headers.cause, read.record
        if cause is None or record.topic == VERDICTS:
            kept.append(read)
            continue
        source = (read.headers.source, record.partition, cause.partition)
        number = (cause.offset, cause.output)
        if number > highest.get(source, (-1, -1)):
            highest[source] = number
            seen[source][number] = record
            kept.append(read)
            continue
        first = seen[source].get(number)
        true(f"{record}, not above the causes before it, repeats one of them", first is not None)
        same(f"repeat {record} of {first}", _bytes(record), _bytes(first))
    return kept


def _bytes(record: Record) -> tuple:
    return record.key, record.headers, record.value


def check(kept: dict[str, list[Read]]) -> None:
    """The outputs of a command are numbered 0, 1, 2 … over all topics that they went to; each has the
    machine as its source, and the trace of its command."""
    commands = commands_by_place(kept)
    outputs: dict[Place, list[int]] = defaultdict(list)
    for name, kind in ALL.items():
        for read in (read for read in kept[name] if read.headers.cause is not None):
            if kind.cause is None:
                continue
            cause = read.headers.cause
            place = (kind.cause, cause.partition, cause.offset)
            true(f"the cause of {read.record} is there: {place}", place in commands)
            outputs[place].append(cause.output)
            if read.decoded is not None:
                same(f"source of {read.record}", read.headers.source, SOURCES[kind.cause])
                same(f"trace of {read.record}", read.headers.trace, commands[place].headers.trace)
    for place, numbers in sorted(outputs.items()):
        same(f"numbers of the outputs of {place}", sorted(numbers), list(range(len(numbers))))


def commands_by_place(kept: dict[str, list[Read]]) -> dict[Place, Read]:
    return {read.place: read for name in (ACCOUNT_COMMANDS, CONVERSATION_COMMANDS) for read in kept[name]}


def check_own_partition(events: list[Read]) -> None:
    """A partition of events is written by the same partition of the commands alone."""
    for read in events:
        same(f"partition of the cause of {read.record}", read.headers.cause.partition, read.record.partition)


def check_ids(kept: dict[str, list[Read]]) -> None:
    """Source and id name one record. A verdict may be given again after a crash, under the same id; it
    shares its id with nothing else."""
    found: dict[tuple[str, str], Read] = {}
    for name in (name for name in ALL if name != VERDICTS and name not in DEAD_LETTERS):
        for read in (read for read in kept[name] if read.headers.id is not None):
            first = found.setdefault((read.headers.source, read.headers.id), read)
            same(f"record with the id of {first.record}", read.record, first.record)
    answered: dict[tuple[str, str], tuple[int, int]] = {}
    commands = commands_by_place(kept)
    for read in kept[VERDICTS]:
        source, request = read.headers.source, (read.record.partition, read.value["request"])
        id = (source, read.headers.id)
        true(f"{read.record} is of a machine, not of {source}", source in SOURCES.values())
        true(f"{read.record} has an id of its own, not that of another record", id not in found)
        same(f"request that {read.record} answers", request, answered.setdefault(id, request))
        if (cause := read.headers.cause) is not None:
            topic = next(topic for topic, machine in SOURCES.items() if machine == source)
            command = commands.get((topic, cause.partition, cause.offset))
            true(f"the cause of {read.record} is there", command is not None)
            same(f"request that the cause of {read.record} made", command.headers.reply, request)
