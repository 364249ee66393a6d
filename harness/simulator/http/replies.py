"""Replies that take their time: JSON after the whole latency, a stream event by event at its own pace.

It stands apart from Starlette's responses because those neither wait by an injected clock, nor tell at once that a
client has gone and its place is free.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from harness.core.clock import Clock

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes of a body, and the second of the reply, from its request's arrival, at which they are due."""

    due_s: float
    content: bytes


class PacedResponse(Response):
    """A response whose parts are sent when they are due, and which stops when its client has gone.

    started  the clock's monotonic seconds at which the request arrived
    ended    called once, however it ends
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        media_type: str,
        headers: Mapping[str, str],
        clock: Clock,
        started: float,
        ended: Callable[[], None],
    ) -> None:
        """Of one part it has a length; of several it is sent in chunks."""
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self._parts = parts
        self._clock = clock
        self._started = started
        self._ended = ended
        length = {"Content-Length": str(len(parts[0].content))} if len(parts) == 1 else {"Cache-Control": "no-cache"}
        self.init_headers({**headers, **length, "Content-Type": media_type})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send until all is sent or nobody listens."""
        gone = asyncio.ensure_future(_disconnected(receive))
        sending = asyncio.ensure_future(self._send(send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            gone.cancel()
            sending.cancel()
            self._ended()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if len(self._parts) == 1:
            await self._wait(self._parts[0].due_s)
        await send(start)
        for part in self._parts:
            await self._wait(part.due_s)
            await send({"type": "http.response.body", "body": part.content, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _wait(self, due_s: float) -> None:
        # Given back even when nothing is due: a long stream must not hold up the others.
        wait_s = self._started + due_s - self._clock.monotonic()
        await (self._clock.sleep(wait_s) if wait_s > 0 else asyncio.sleep(0))


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def encode(value: Any) -> bytes:
    """JSON text as the API sends it: compact, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def event_bytes(content: Any, *, event: str | None = None, deviations: Collection[str] = ()) -> bytes:
    """One server-sent event. Text is sent as it is, as `[DONE]`; anything else as JSON."""
    payload = content.encode() if isinstance(content, str) else encode(content)
    label = b"" if "stream-no-data-prefix" in deviations else b"data: "
    named = b"" if event is None else b"event: " + event.encode() + b"\n"
    return named + label + payload + (b"\n" if "stream-no-blank-line" in deviations else b"\n\n")


def paced(contents: Sequence[bytes], *, first_s: float, last_s: float) -> tuple[Part, ...]:
    """The parts of a reply, the first due at `first_s`, the last at `last_s`, the others evenly between them."""
    gaps = max(1, len(contents) - 1)
    step_s = max(0.0, last_s - first_s) / gaps
    return tuple(Part(due_s=first_s + step_s * place, content=content) for place, content in enumerate(contents))
