"""One interaction of a cassette, as everything beyond the file's text sees it.

It stands apart because two readers make it: one of any cassette, and a quicker one of our own spelling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.wire.transport import path_and_query


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the harness wrote beside a response: whose it is, when it came, and how its bytes arrived.

    provider  the source that answered
    server    what the server called itself, if it did
    frames    (milliseconds from sending or None, length in bytes) of each frame
    nonces    fresh values that were sent with the request
    """

    provider: str
    model: str
    region: str | None = None
    credential: str = "valid"
    index: int = 0
    exchange: int = 0
    server: str | None = None
    recorded_at: str | None = None
    frames: tuple[tuple[float | None, int], ...] = ()
    total_ms: float | None = None
    nonces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One interaction of a cassette.

    position  its place among the file's interactions, from 0
    document  the interaction as the file has it: what is written back; None where only answers are wanted
    host      of the URI, without port; None if it has none
    target    path and query of the URI
    body      of the request
    headers   of the response, names in lower case, encodings not yet undone
    reply     the response's body as recorded
    origin    None for a recording that plain vcrpy made
    """

    path: Path
    position: int
    document: Mapping[str, Any] | None
    method: str
    uri: str
    host: str | None
    target: str
    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    reply: bytes
    origin: Origin | None

    @property
    def place(self) -> str:
        """`<file>, interactions[<n>]`."""
        return f"{self.path}, interactions[{self.position}]"


@lru_cache(maxsize=1024)
def host_and_target(uri: str) -> tuple[str | None, str]:
    """The host of a URI, without port, and its path and query.

    raises  ValueError if it is none
    """
    return urlsplit(uri).hostname, path_and_query(uri)


def text_bytes(text: str) -> bytes:
    """The bytes that a text stands for; in JSON, which has no bytes, a half of a surrogate pair stands for one."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return text.encode("utf-8", "surrogatepass")
