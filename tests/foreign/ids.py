"""Ids and places that derive from others: of conversations, of messages, of partitions."""

import hmac
import os


def direct(one: str, other: str) -> str:
    """The conversation of a pair, whoever starts it."""
    return _derived("direct", *sorted((one, other)))


def created(creator: str, client_id: str) -> str:
    """The group that a creator's request names."""
    return _derived("created", creator, client_id)


def _derived(*parts: str) -> str:
    """The first 16 bytes of HMAC-SHA-256 over the parts, each behind its length, under the key of the
    deployment, as a UUID without hyphens."""
    digest = hmac.new(bytes.fromhex(os.environ["MM_CONVERSATIONS__KEY"]), digestmod="sha256")
    for part in parts:
        digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return digest.digest()[:16].hex()


def message(conversation: str, seq: int) -> str:
    return f"{conversation}-{seq:012}"


def partition(key: bytes, count: int) -> int:
    """Where Kafka's `murmur2_random` puts a key."""
    return (_murmur2(key) & 0x7FFF_FFFF) % count


def _murmur2(data: bytes) -> int:
    most, multiplier = 0xFFFF_FFFF, 0x5BD1_E995
    hash = 0x9747_B28C ^ len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * multiplier & most
        word = (word ^ word >> 24) * multiplier & most
        hash = hash * multiplier & most ^ word
    if whole < len(data):
        hash ^= int.from_bytes(data[whole:], "little")
        hash = hash * multiplier & most
    hash = (hash ^ hash >> 13) * multiplier & most
    return hash ^ hash >> 15
