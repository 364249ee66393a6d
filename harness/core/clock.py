"""Time as an argument: a protocol, the real clock, and clocks that pass without being waited for.

It stands apart so that nothing else in the harness reads the time of day.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_NOTHING_DUE_S = 2.0


class Clock(Protocol):
    """What the harness needs to know about time."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that moves only when someone sleeps on it: for real sockets, where waits of ours are to cost nothing.

    Sleeps at the same time overlap, yet all end at once: where the order of waking matters, use `run_virtually`.
    """

    def __init__(self, start: datetime = _START) -> None:
        """Begin at `start`."""
        self._start = start
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """The virtual time of day, UTC."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Virtual seconds since the start."""
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        """Move the clock on to the end of this sleep, and let other tasks run."""
        until_s = self._elapsed_s + max(0.0, seconds)
        await asyncio.sleep(0)
        self._elapsed_s = max(self._elapsed_s, until_s)


class LoopClock:
    """The time of the running event loop: within `run_virtually`, virtual time."""

    def __init__(self, start: datetime = _START) -> None:
        """Let the loop's zero be `start`."""
        self._start = start

    def now(self) -> datetime:
        """The time of day, UTC, as far from the start as the loop has come."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds of the loop."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait, as the loop waits."""
        await asyncio.sleep(seconds)


def run_virtually(main: Coroutine[Any, Any, _T]) -> _T:
    """What a coroutine comes to on a loop where waiting takes no time, and everything happens in its order.

    Sleeps, timeouts and timers are all virtual; sockets and threads are not waited for while a timer is due.
    raises  RuntimeError where everything waits and nothing is due: what would hang for ever
    """
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main)


class _VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that starts at zero and, with nothing to do, is at once where the next timer is due."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._leap.elapsed_s


class _Leap(selectors.DefaultSelector):
    """A selector that moves time on instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; if nothing is, the time is `timeout` seconds later."""
        ready = super().select(_NOTHING_DUE_S if timeout is None else 0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits, and nothing is due that could wake one")
        if not ready and timeout is not None:
            self.elapsed_s += max(0.0, timeout)
        return ready
