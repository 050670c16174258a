"""Reads topics from their beginning to their end."""

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from difference import same, true

# Seconds that the broker may take for one answer, or for the next record.
PATIENCE = 30.0


@dataclass(frozen=True)
class Record:
    # Without the prefix of the deployment.
    topic: str
    partition: int
    offset: int
    # Milliseconds since 1970, by the broker's clock.
    time: int
    key: bytes | None
    headers: list[tuple[str, bytes]]
    value: bytes

    def __str__(self) -> str:
        return f"{self.topic} {self.partition} {self.offset}"


@dataclass(frozen=True)
class Topic:
    # By partition: the offset behind the last record.
    ends: list[int]
    records: list[Record]


def consumer(bootstrap: str, prefix: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            # Nothing is committed, and nobody shares the partitions.
            "group.id": f"{prefix}foreign",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )


def names(consumer: Consumer, prefix: str) -> list[str]:
    """Topics whose names begin with the prefix, without it."""
    found = consumer.list_topics(timeout=PATIENCE).topics
    return sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix))


def ends(consumer: Consumer, name: str) -> list[int]:
    """By partition: the offset behind the last record."""
    partitions = consumer.list_topics(name, timeout=PATIENCE).topics[name].partitions
    return [_marks(consumer, name, partition)[1] for partition in range(len(partitions))]


def _marks(consumer: Consumer, name: str, partition: int) -> tuple[int, int]:
    return consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=PATIENCE)


def read(consumer: Consumer, prefix: str, names: Iterable[str]) -> dict[str, Topic]:
    """All of these topics at once."""
    marks = {
        (name, partition): _marks(consumer, prefix + name, partition)
        for name in names
        for partition in range(len(ends(consumer, prefix + name)))
    }
    places = [TopicPartition(prefix + name, partition, OFFSET_BEGINNING) for name, partition in marks]
    consumer.assign(places)
    records: dict[tuple[str, int], list[Record]] = {place: [] for place in marks}
    reading = set(marks)
    while reading:
        message = consumer.poll(PATIENCE)
        true(f"{sorted(reading)} are read to their ends in time", message is not None)
        error, place = message.error(), (message.topic().removeprefix(prefix), message.partition())
        if error is None:
            records[place].append(_record(prefix, message))
        elif error.code() == KafkaError._PARTITION_EOF:
            reading.discard(place)
        else:
            raise KafkaException(error)
    topics: dict[str, Topic] = {}
    for (name, partition), (low, end) in marks.items():
        found = records[name, partition]
        # Nothing is deleted or compacted so soon.
        same(f"offsets of {name} {partition}", [record.offset for record in found], list(range(low, end)))
        topic = topics.setdefault(name, Topic([], []))
        topic.ends.append(end)
        topic.records.extend(found)
    return topics


def _record(prefix: str, message) -> Record:
    kind, time = message.timestamp()
    name = message.topic().removeprefix(prefix)
    record = Record(
        name,
        message.partition(),
        message.offset(),
        time,
        message.key(),
        message.headers() or [],
        message.value() or b"",
    )
    true(f"{record} has a time of the broker", kind == TIMESTAMP_LOG_APPEND_TIME)
    # Of a user who is erased the platform says nothing.
    true(f"{record} has a value", record.value or record.topic == "platform.user.v1")
    return record
