#!/usr/bin/env python3
"""Puts into the log what comes from others: profiles, follows, an erasure, a ban and a revocation, as the
platform publishes them, and poison.

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
from catalogue import PLATFORM_BAN, PLATFORM_FOLLOW, PLATFORM_REVOCATION, PLATFORM_USER
from difference import Difference, same, true
from topics import (
    ACCOUNT_COMMANDS,
    BANS,
    CONVERSATION_COMMANDS,
    ERASURES,
    FOLLOWS,
    READERS,
    REVOCATIONS,
    USERS,
)

ERASED = "erased"
# Where a machine or a projection reads.
POISONED = [ACCOUNT_COMMANDS, CONVERSATION_COMMANDS, USERS, FOLLOWS]


def main() -> None:
    bootstrap, prefix = os.environ["MM_KAFKA__BOOTSTRAP"], os.environ["MM_KAFKA__PREFIX"]
    tokens = json.loads(os.environ["MM_TOKENS"])
    user, token = next(iter(tokens.items()))
    profile = {
        "user": user,
        "username": api.tell(os.environ["MM_API"], user, token, []).me["username"],
        "display_name": "Ánn “the 🏋️‍♀️” O’Ñeill",
        "avatar_url": "https://example.org/ann.png?größe=1",
        "email": "ann+ø@example.org",
        "locale": "de-AT",
        "tier": "premium",
    }
    schemas = Schemas(os.environ["MM_ADMIN"])
    # Keys are placed as the system places them, so a user's records stay in order.
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "acks": "all"})
    producer.produce(prefix + USERS, encode(schemas, PLATFORM_USER, profile), user.encode())
    # A user who comes and is erased.
    erased = {**profile, "user": ERASED, "username": ERASED}
    producer.produce(prefix + USERS, encode(schemas, PLATFORM_USER, erased), ERASED.encode())
    producer.produce(prefix + USERS, None, ERASED.encode())
    # One that ends, and one that stands.
    for followed, follows in [(other, follows) for other in list(tokens)[1:3] for follows in (True, False)][:3]:
        follow = {"follower": user, "followed": followed, "follows": follows}
        value = encode(schemas, PLATFORM_FOLLOW, follow)
        producer.produce(prefix + FOLLOWS, value, f"{user}/{followed}".encode())
    # Of users who are nobody here.
    for topic, schema, said in (
        (BANS, PLATFORM_BAN, {"until": None}),
        (REVOCATIONS, PLATFORM_REVOCATION, {"not_before": 1_700_000_000_000}),
    ):
        value = encode(schemas, schema, {"user": "nobody", **said})
        producer.produce(prefix + topic, value, b"nobody")
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
    letters = [
        sum(log.ends(consumer, f"{prefix}messaging.dlq.{topic}")) >= len(READERS[topic]) for topic in POISONED
    ]
    told = api.tell(os.environ["MM_API"], user, token, [])
    is_erased = sum(log.ends(consumer, prefix + ERASURES)) > 0
    return all(letters) and is_erased and told.me == api.person(profile)


if __name__ == "__main__":
    try:
        main()
    except Difference as difference:
        sys.exit(f"difference: {difference}")
