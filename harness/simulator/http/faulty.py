"""Carrying out faults: ASGI middleware around the whole server, so that no route knows of them.

It stands apart from `simulator.faults`, which decides whose turn it is and touches no socket.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.core.clock import Clock
from harness.simulator.faults import MODEL_PATHS, Fault, FaultPlan
from harness.simulator.http.connection import RESET
from harness.simulator.http.errors import CODES
from harness.simulator.http.replies import encode, event_bytes
from harness.simulator.http.requests import MOST_BYTES, model_named
from harness.simulator.http.site import Site

PROXY_PAGES: Final[Mapping[int, str]] = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}
BROKEN: Final = '{"id":"broken","choices":[{"index":0,"delta":{"content":'
TRICKLE_S: Final = 0.02
BEGIN: Final = "http.response.start"


class FaultyApp:
    """An app some of whose requests meet a fault."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, site: Site) -> None:
        """Wrap the app of a site."""
        self._app = app
        self._plan = plan
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or spoil it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        model = None
        if self._plan.asks_for_models and scope["path"] in MODEL_PATHS:
            body, receive = await _peek(receive)
            model = await self._site.work(lambda: self._model_of(body))
        fault = self._plan.next(scope["path"], model)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind.isdecimal():
            await _refusal(fault)(scope, receive, send)
        elif fault.kind == "empty-body":
            await Response(b"", status_code=200, media_type="application/json")(scope, receive, send)
        elif fault.kind == "stall":
            await self._site.clock.sleep(fault.argument or 0)
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _SPOILERS[fault.kind](fault, scope, send, self._site.clock))

    def _model_of(self, body: bytes) -> str | None:
        """The id of the model that a body names; None for a body or a name that the app will refuse."""
        try:
            name = model_named(json.loads(body))
        except (ValueError, RecursionError):
            return None
        found = self._site.profile.find(name) if name is not None else None
        return found.id if found is not None else None


def _refusal(fault: Fault) -> Response:
    status = int(fault.kind)
    headers = {"Retry-After": str(int(fault.argument))} if fault.argument is not None else {}
    if status in PROXY_PAGES:
        page = f"<html><head><title>{PROXY_PAGES[status]}</title></head></html>"
        return HTMLResponse(page, status_code=status, headers=headers)
    body = {"code": CODES[status], "error": f"{CODES[status]}; this is a fault that was asked for"}
    return JSONResponse(body, status_code=status, headers=headers)


async def _peek(receive: Receive) -> tuple[bytes, Receive]:
    """A body, or as much of it as may be, and a `receive` that gives the same messages again."""
    held: list[Message] = []
    size, more = 0, True
    while more and size <= MOST_BYTES:
        message = await receive()
        held.append(message)
        size += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    body = b"".join(message.get("body", b"") for message in held)

    async def again() -> Message:
        return held.pop(0) if held else await receive()

    return body, again


class _Spoiler:
    """A `send` that spoils what passes. Streams are known by their type, and each message of one is an event."""

    def __init__(self, fault: Fault, scope: Scope, send: Send, clock: Clock) -> None:
        self.send = send
        self.clock = clock
        self.reset: Callable[[], None] = scope["extensions"][RESET]
        self.events = int(fault.argument or 0)
        self.rate = fault.argument or 0.0
        self.begin: Message = {}
        self.streams = False
        self.seen = 0
        self.over = False

    async def __call__(self, message: Message) -> None:
        """Pass the beginning on with the first bytes of the body, so that both can be changed."""
        if message["type"] == BEGIN:
            self.begin = message
            headers = dict(message["headers"])
            self.streams = headers.get(b"content-type", b"").startswith(b"text/event-stream")
            return
        body = message.get("body", b"")
        if self.over or (not body and message.get("more_body", False)):
            return
        await (self.event if self.streams else self.whole)(body, last=not message.get("more_body", False))
        self.seen += 1

    async def event(self, body: bytes, *, last: bool) -> None:
        """Send one event of a stream, or spoil it; the last message of a stream is empty."""
        raise NotImplementedError

    async def whole(self, body: bytes, *, last: bool) -> None:
        """Send a whole body, or spoil it; an empty last message may follow it."""
        raise NotImplementedError

    async def start(self, **headers: str) -> None:
        """Send status and headers, once; a changed body says its own length."""
        if self.begin:
            changed = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
            kept = [(name, value) for name, value in self.begin["headers"] if name not in changed]
            await self.send({**self.begin, "headers": [*kept, *changed.items()]})
            self.begin = {}

    async def put(self, body: bytes, *, last: bool) -> None:
        """Send bytes of the body."""
        await self.start()
        await self.send({"type": "http.response.body", "body": body, "more_body": not last})

    async def replace(self, body: bytes, **headers: str) -> None:
        """Send this as the whole body, and let nothing follow it."""
        await self.start(content_length=str(len(body)), **headers)
        await self.end(body)

    async def end(self, body: bytes = b"") -> None:
        """End the reply as if it were whole, and let nothing follow."""
        await self.put(body, last=True)
        self.over = True


class _Reset(_Spoiler):
    async def event(self, body: bytes, *, last: bool) -> None:
        if self.seen < self.events and not last:
            await self.put(body, last=False)
        else:
            await self.cut()

    async def whole(self, body: bytes, *, last: bool) -> None:  # noqa: ARG002 - every spoiler's signature
        await self.put(body[: len(body) // 2], last=False)
        await self.cut()

    async def cut(self) -> None:
        await self.start()
        self.reset()
        self.over = True


class _Truncated(_Spoiler):
    async def event(self, body: bytes, *, last: bool) -> None:
        if self.seen < self.events and not last:
            await self.put(body, last=False)
        else:
            await self.end()

    async def whole(self, body: bytes, *, last: bool) -> None:  # noqa: ARG002 - every spoiler's signature
        await self.replace(body[: len(body) // 2])


class _Malformed(_Spoiler):
    async def event(self, body: bytes, *, last: bool) -> None:
        broken = self.seen == self.events and not last
        await self.put(event_bytes(BROKEN) if broken else body, last=last)

    async def whole(self, body: bytes, *, last: bool) -> None:  # noqa: ARG002 - every spoiler's signature
        await self.replace(BROKEN.encode() + body[-1:])


class _ErrorIn200(_Spoiler):
    error: Final = {"code": CODES[503], "error": f"{CODES[503]}; this is a fault that was asked for"}

    async def event(self, body: bytes, *, last: bool) -> None:
        if self.events == 0:
            self.begin = {**self.begin, "status": 200}
            await self.replace(encode(self.error), content_type="application/json")
        elif self.seen < self.events and not last:
            await self.put(body, last=False)
        else:
            await self.end(event_bytes(encode(self.error).decode()))

    async def whole(self, body: bytes, *, last: bool) -> None:  # noqa: ARG002 - every spoiler's signature
        self.begin = {**self.begin, "status": 200}
        await self.replace(encode(self.error), content_type="application/json")


class _Slow(_Spoiler):
    async def event(self, body: bytes, *, last: bool) -> None:
        step = max(1, int(self.rate * TRICKLE_S))
        await self.start()
        for place in range(0, len(body), step):
            await self.clock.sleep(step / self.rate)
            await self.put(body[place : place + step], last=False)
        if last:
            await self.put(b"", last=True)

    whole = event


class _WrongContentType(_Spoiler):
    async def event(self, body: bytes, *, last: bool) -> None:
        await self.start(content_type="text/html; charset=utf-8")
        await self.put(body, last=last)

    whole = event


_SPOILERS: Final[Mapping[str, type[_Spoiler]]] = {
    "reset": _Reset,
    "truncated": _Truncated,
    "malformed": _Malformed,
    "error-in-200": _ErrorIn200,
    "slow": _Slow,
    "wrong-content-type": _WrongContentType,
}
