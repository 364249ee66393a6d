"""An ASGI app on a loopback socket: uvicorn in a thread of its own, and an end within a second, streams and all.

It stands apart from the simulator, of which it knows nothing, so that a socket can be tried with the smallest app.
"""

import asyncio
import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.core.errors import Unanswerable, UsageError
from harness.simulator.http.connection import Connection

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
STOPPED_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that serves.

    origin   such as http://127.0.0.1:8765
    stopped  is set when it serves no longer
    """

    origin: str
    stopped: threading.Event = field(repr=False)


@contextlib.contextmanager
def serving(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, log: bool = False) -> Iterator[Serving]:
    """Serve the app for as long as the block runs.

    port    0 for any that is free
    log     whether a line for every request goes to standard error
    raises  UsageError for a host that is not loopback; Unanswerable if the port is taken
    """
    listener = _listen(host, port)
    server = _Server(_config(_Logged(app) if log else app))
    stopped = threading.Event()
    thread = threading.Thread(target=_serve, args=(server, listener, stopped), name="simulator", daemon=True)
    bound = listener.getsockname()
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    thread.start()
    try:
        yield Serving(origin=f"http://{shown}:{bound[1]}", stopped=stopped)
    finally:
        server.stop()
        thread.join(STOPPED_WITHIN_S)
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    if host not in LOOPBACK:
        raise UsageError(
            f"--host {host}: the simulator listens on loopback only, because its keys are no secret",
            remedy=f"use one of {', '.join(LOOPBACK)}",
        )
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # A port whose last server has just ended is free, though its old connections linger.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # At once, so that a client may connect before the thread has begun to accept.
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise Unanswerable(
            f"{host}:{port} cannot be used: {os.strerror(error.errno) if error.errno else error}",
            remedy="stop what listens there, or choose another port: --port N, or --port 0 for any that is free",
        ) from None
    return listener


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        loop="asyncio",
        # uvicorn's own lines would tell of clients that leave and of bodies that are no HTTP: the API answers those.
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, told to stop by another thread, and stopping without waiting for anyone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = threading.Event()
        self._told_on_loop: asyncio.Event | None = None

    def stop(self) -> None:
        """Tell it to stop; from any thread, before it has started or after it has ended."""
        self._told.set()
        if self._loop is not None and self._told_on_loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self._told_on_loop.set)

    async def main_loop(self) -> None:
        """Wait to be told; uvicorn would look ten times a second."""
        self._told_on_loop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self._told.is_set():
            await self._told_on_loop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, cut what is under way, and go."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        # Connections first, and a turn in which they learn that they are lost: to a task that is cancelled while its
        # connection stands, uvicorn answers 500 in words of its own.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _serve(server: _Server, listener: socket.socket, stopped: threading.Event) -> None:
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        stopped.set()


class _Logged:
    """An app that tells of every request, on standard error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            path = scope["path"].encode("unicode_escape").decode()[:200]
            print(f"{scope['method']} {path} {status or '-'} {took_ms:.0f} ms", file=sys.stderr, flush=True)  # noqa: T201
