"""Time as an argument: a protocol, the real clock, and one that only moves when told.

It stands apart so that nothing else in the harness reads the time of day.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


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
    """A clock that moves only when someone sleeps on it: waiting costs no time in tests."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
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
        """Move the clock on, and let other tasks run."""
        self._elapsed_s += max(0.0, seconds)
        await asyncio.sleep(0)
