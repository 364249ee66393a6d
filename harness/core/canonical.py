"""Canonical JSON and digests: one spelling for a value, so that equal requests have equal keys.

It stands apart because keys, records and cassettes must agree on it to the byte.
"""

import hashlib
import json
from collections.abc import Mapping

Json = None | bool | int | float | str | list["Json"] | Mapping[str, "Json"]


# Made once: a replay spells thousands of requests, and `json.dumps` would make one for each.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces, non-ASCII kept.

    raises  TypeError for a value that JSON cannot hold; ValueError for NaN and infinities
    """
    return _ENCODER.encode(value)


def digest(value: object) -> str:
    """The first 32 hex digits (128 bits) of the SHA-256 of the value's canonical JSON.

    raises  as `canonical_json`
    """
    # A lone surrogate is valid in a JSON text and has no UTF-8 form; the digest must not fall over it.
    return digest_bytes(canonical_json(value).encode("utf-8", "surrogatepass"))


def digest_bytes(content: bytes) -> str:
    """The first 32 hex digits (128 bits) of the SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()[:32]
