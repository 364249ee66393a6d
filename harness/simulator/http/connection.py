"""One connection: uvicorn's, with a bound on how long a request may take to arrive, and a way to reset it.

It stands apart because it is the one place that depends on uvicorn's inside; all else speaks ASGI.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Any, Final

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from harness.simulator.http.replies import encode

RESET: Final = "harness.reset"
"""The ASGI extension: a function that resets the connection."""
REQUEST_WITHIN_S: Final = 30.0


class Connection(H11Protocol):
    """A connection whose client may neither dawdle nor be told of errors in another form than the API's."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer every request the extension."""
        super().__init__(*args, **options)
        served = self.app
        self._arriving: asyncio.TimerHandle | None = None

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), RESET: self.reset}
            await served(scope, receive, send)

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
        super().connection_lost(exc)

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

    def _expect(self) -> None:
        self._arriving = self.loop.call_later(REQUEST_WITHIN_S, self.reset)

    def _stop_expecting(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None
