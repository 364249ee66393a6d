"""A few daemon threads for what computes, so that the event loop only ever waits and writes.

It stands apart from `concurrent.futures` because Python waits at its exit for the threads of an executor: a server that
is told to stop while a long reply is being computed would not end within a second.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

THREADS: Final = 4
Result = TypeVar("Result")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Workers:
    """Threads that end with the process, or once `close` was called and their work is done."""

    def __init__(self, threads: int = THREADS) -> None:
        """Start them."""
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = threads
        for number in range(threads):
            threading.Thread(target=self._serve, name=f"simulator-{number}", daemon=True).start()

    async def run(self, function: Callable[[], Result]) -> Result:
        """What the function returns or raises, computed on one of the threads."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._jobs.put((loop, future, function))
        return await future

    def close(self) -> None:
        """Let the threads end when they have done what they are at; nobody is waited for."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, future, function = job
            if future.cancelled():
                continue
            try:
                result, error = function(), None
            except Exception as raised:  # noqa: BLE001 - it is raised again where the result is awaited
                result, error = None, raised
            try:
                loop.call_soon_threadsafe(_settle, future, result, error)
            except RuntimeError:
                # The loop has closed: the server stopped, and nobody waits any more.
                return


def _settle(future: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
