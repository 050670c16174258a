#!/usr/bin/env python3
"""Puts into the log what comes from others: a profile, as the platform publishes it, and poison.

Returns when the system has taken it in: the API tells the profile, the poison is among the dead letters.
Arguments are environment variables, as of read_everything.py.
"""

import json
import os
import sys
import time

from confluent_kafka import Producer

import api
import log
import poison
from avro import Schemas, encode
from catalogue import PLATFORM_USER
from difference import Difference, same, true
from topics import ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, USERS

# Where a machine or a projection reads.
POISONED = [ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, USERS]


def main() -> None:
    bootstrap, prefix = os.environ["MM_KAFKA__BOOTSTRAP"], os.environ["MM_KAFKA__PREFIX"]
    user, token = next(iter(json.loads(os.environ["MM_TOKENS"]).items()))
    profile = {
        "user": user,
        "username": api.tell(os.environ["MM_API"], user, token).me["username"],
        "display_name": "Ánn “the 🏋️‍♀️” O’Ñeill",
        "avatar_url": "https://example.org/ann.png?größe=1",
    }
    schemas = Schemas(os.environ["MM_ADMIN"])
    # Keys are placed as the system places them, so a user's records stay in order.
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "acks": "all"})
    producer.produce(prefix + USERS, encode(schemas, PLATFORM_USER, profile), user.encode())
    for topic in POISONED:
        producer.produce(prefix + topic, poison.VALUE, poison.KEY)
    same("records that are not in the log", producer.flush(log.PATIENCE), 0)

    deadline = time.monotonic() + log.PATIENCE
    consumer = log.consumer(bootstrap, prefix)
    while not _taken_in(consumer, prefix, profile, user, token):
        true("all is taken in in time", time.monotonic() < deadline)
        time.sleep(0.05)
    consumer.close()


def _taken_in(consumer, prefix: str, profile: dict, user: str, token: str) -> bool:
    letters = [sum(log.ends(consumer, f"{prefix}messaging.dlq.{topic}")) for topic in POISONED]
    told = api.tell(os.environ["MM_API"], user, token)
    return all(letters) and told.me == api.person(profile)


if __name__ == "__main__":
    try:
        main()
    except Difference as difference:
        sys.exit(f"difference: {difference}")
