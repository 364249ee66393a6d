"""HTTP as it happened: a request, its attempts, and the frames of each with their arrival times.

It stands apart from the reply, which is a reading of it: bytes and times here, meaning there.
"""

from dataclasses import dataclass
from typing import Literal

AttemptError = Literal[
    "connect", "timeout", "lost", "too-large", "missing-recording", "wrong-source", "no-key", "absent"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request as a dialect spells it, before a provider adds host and key.

    path          relative to the provider's base URL, beginning with '/', with any query
    body          canonical JSON, UTF-8; empty for a GET
    content_type  what a body is called
    """

    method: str
    path: str
    body: bytes = b""
    stream: bool = False
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Bytes that arrived together.

    at_ms  milliseconds from sending the request to reading these bytes; None where a recording does not tell
    """

    at_ms: float | None
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a request.

    status    HTTP status, or None if no reply arrived
    headers   names in lower case, in order, secrets masked
    frames    the body as it arrived, content encodings undone
    total_ms  from sending to the last byte; None where a recording does not tell
    error     what went wrong below HTTP, or None
    message   the error in words, with the remedy where there is one
    waited_s  seconds waited before this attempt
    """

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    frames: tuple[Frame, ...] = ()
    total_ms: float | None = None
    error: AttemptError | None = None
    message: str = ""
    waited_s: float = 0.0

    @property
    def body(self) -> bytes:
        """The whole body."""
        frames = self.frames
        return frames[0].content if len(frames) == 1 else b"".join([frame.content for frame in frames])

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name; None if absent."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and every attempt at it; the last one counts.

    key          digest of its RequestKey
    recorded     True if a cassette answered
    recorded_at  when the cassette's recording was made, ISO and UTC, where it tells
    server       what the server called itself, if it did
    """

    key: str
    request: HttpRequest
    attempts: tuple[Attempt, ...]
    recorded: bool = False
    recorded_at: str | None = None
    server: str | None = None

    @property
    def last(self) -> Attempt:
        """The attempt that counts."""
        return self.attempts[-1]
