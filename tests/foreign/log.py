"""Reads topics from their beginning to their end."""

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


def read(bootstrap: str, prefix: str) -> dict[str, Topic]:
    """Every topic whose name begins with the prefix, without it."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            # Nothing is committed, and nobody shares the partitions.
            "group.id": f"{prefix}foreign",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        found = consumer.list_topics(timeout=PATIENCE).topics.items()
        topics = {name: len(topic.partitions) for name, topic in found if name.startswith(prefix)}
        return {
            name.removeprefix(prefix): _topic(consumer, prefix, name, partitions)
            for name, partitions in sorted(topics.items())
        }
    finally:
        consumer.close()


def _topic(consumer: Consumer, prefix: str, name: str, partitions: int) -> Topic:
    all = [TopicPartition(name, partition, OFFSET_BEGINNING) for partition in range(partitions)]
    marks = [consumer.get_watermark_offsets(partition, timeout=PATIENCE) for partition in all]
    consumer.assign(all)
    records: list[Record] = []
    reading = set(range(partitions))
    while reading:
        message = consumer.poll(PATIENCE)
        true(f"{name} is read to its end in time", message is not None)
        error = message.error()
        if error is None:
            records.append(_record(prefix, message))
        elif error.code() == KafkaError._PARTITION_EOF:
            reading.discard(message.partition())
        else:
            raise KafkaException(error)
    records.sort(key=lambda record: (record.partition, record.offset))
    for partition, (low, end) in enumerate(marks):
        offsets = [record.offset for record in records if record.partition == partition]
        # What came while it was read is read, too. Nothing is compacted or deleted so soon.
        same(f"offsets of {name} {partition}", offsets, list(range(low, max([end, *(o + 1 for o in offsets)]))))
    ends = [max([end, *(r.offset + 1 for r in records if r.partition == p)]) for p, (_, end) in enumerate(marks)]
    return Topic(ends, records)


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
        message.value(),
    )
    true(f"{record} has a time of the broker", kind == TIMESTAMP_LOG_APPEND_TIME)
    true(f"{record} has a value", record.value is not None)
    return record
