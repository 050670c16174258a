#!/usr/bin/env python3
"""Opens pushes as a browser would that shares nothing with the one who sent them: http_ece decrypts them, and
cryptography checks who signed them.

Reads from standard input a list of {key, auth, body, authorization, aud}, the first three in base64url, and writes the
list of payloads.
"""

import json
import sys
import time
from base64 import urlsafe_b64decode

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

DAY = 24 * 60 * 60


def main() -> None:
    json.dump([_opened(push) for push in json.load(sys.stdin)], sys.stdout)


def _opened(push: dict) -> dict:
    _check_signature(push["authorization"], push["aud"])
    key = ec.derive_private_key(int.from_bytes(_bytes(push["key"]), "big"), ec.SECP256R1())
    plain = http_ece.decrypt(
        _bytes(push["body"]), private_key=key, auth_secret=_bytes(push["auth"]), version="aes128gcm"
    )
    return json.loads(plain)


def _check_signature(authorization: str, audience: str) -> None:
    """RFC 8292: a token for this push service, valid for less than a day, signed by the key beside it."""
    scheme, parameters = authorization.split(" ", 1)
    assert scheme == "vapid", scheme
    given = dict(part.strip().split("=", 1) for part in parameters.split(","))
    signed, signature = given["t"].rsplit(".", 1)
    header, claims = (json.loads(_bytes(part)) for part in signed.split("."))
    assert header == {"typ": "JWT", "alg": "ES256"}, header
    assert claims["aud"] == audience, claims
    assert 0 < claims["exp"] - time.time() < DAY, claims
    numbers = _bytes(signature)
    r, s = (int.from_bytes(half, "big") for half in (numbers[:32], numbers[32:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(given["k"]))
    public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


if __name__ == "__main__":
    main()
