"""One connection: uvicorn's, bounded in how long requests take to arrive and replies to leave, with a way to reset.

It stands apart because it is the one place that depends on uvicorn's inside; all else speaks ASGI.
"""

import asyncio
import contextlib
import re
import socket
import struct
from typing import Any, Final

import h11
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from harness.simulator.http.replies import encode

RESET: Final = "harness.reset"
"""The ASGI extension: a function that resets the connection."""
MOST_CONNECTIONS: Final = 1_000
_FULL: Final = JSONResponse(
    {"code": "The service is currently unavailable", "error": "Too many connections are open"},
    status_code=503,
    headers={"Connection": "close", "Retry-After": "1"},
)
REQUEST_WITHIN_S: Final = 30.0
TURNS: Final = 10
"""The time is counted in so many parts."""
TAKEN_WITHIN_S: Final = 60.0
"""A client that takes nothing of a waiting reply for so long is cut off: it would hold its place without end."""
_ORIGIN: Final = re.compile(r"https?://[^/]*", re.IGNORECASE)


class Connection(H11Protocol):
    """A connection whose client may neither dawdle nor be told of errors in another form than the API's."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer every request the extension."""
        super().__init__(*args, **options)
        served = self.app
        self._arriving: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            # A target in absolute form, as proxies are sent it, means its path: any host is as good as another.
            if not scope["path"].startswith("/"):
                scope["path"] = _ORIGIN.sub("", scope["path"], count=1) or "/"
            scope["extensions"] = {**scope.get("extensions", {}), RESET: self.reset}
            await (served if len(self.connections) <= MOST_CONNECTIONS else _FULL)(scope, receive, send)

        self.app = app

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Go on waiting until the request is whole: a client that sends a byte now and then gains no time."""
        if self._arriving is None:
            self._expect()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_expecting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_expecting()
        self._stop_watching()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the rest of a request that came with the one before it, too; and for the end of a last reply."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and self._arriving is None:
            self._expect()
        if self.transport.is_closing():
            self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Close, and see that what was written is taken."""
        super().timeout_keep_alive_handler()
        self._watch()

    def pause_writing(self) -> None:
        """See that what waits is taken."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Most of it was taken."""
        super().resume_writing()
        self._stop_watching()

    def reset(self) -> None:
        """Send a TCP RST instead of an end: what was written and not yet sent is lost."""
        if not self.transport.is_closing():
            raw = self.transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP as the API answers what is not acceptable."""
        if self.conn.our_state is not h11.IDLE and self.conn.our_state is not h11.SEND_RESPONSE:
            self.transport.close()
            return
        body = encode({"code": "Client specified an invalid argument", "error": msg})
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _expect(self, turns: int = TURNS) -> None:
        self._arriving = self.loop.call_later(REQUEST_WITHIN_S / TURNS, self._take_turn, turns)

    def _take_turn(self, left: int) -> None:
        # A turn in which the server itself has stopped reading, as when it stalls, is not the client's.
        if not self.flow.read_paused:
            left -= 1
        if left:
            self._expect(left)
        else:
            self.reset()

    def _stop_expecting(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _watch(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._leaving is None:
            self._leaving = self.loop.call_later(TAKEN_WITHIN_S, self._check_taken, waiting)

    def _check_taken(self, waiting: int) -> None:
        self._leaving = None
        if self.transport.get_write_buffer_size() < waiting:
            self._watch()
        else:
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
