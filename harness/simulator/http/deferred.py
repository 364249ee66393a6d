"""Deferred completions: replies that wait to be fetched, each by its own key, once, within a day.

It stands apart from the routes because its bounds are its point, and they need no server to be tested.
"""

import math
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

KEPT_S: Final = 24 * 3600.0
MOST_HELD: Final = 1_000
"""Of one key; then the oldest that is ready goes, as if its day were over."""
SOONEST_S: Final = 0.1
"""Even a simulator that waits for nothing is not ready at once: a poller must see 'not yet', as with the vendor."""


class TooManyHeld(Exception):
    """As many replies of a key are being made as may.

    retry_after_s  whole seconds until one of them is ready, at least 1
    """

    def __init__(self, *, retry_after_s: int) -> None:
        """Keep the figure."""
        super().__init__(f"again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A reply that waits; times are the clock's monotonic seconds."""

    body: Mapping[str, Any]
    ready_at: float
    expires_at: float


class DeferredStore:
    """The replies of one server that wait; not thread-safe: the server uses it on its event loop only."""

    def __init__(self, *, most: int = MOST_HELD) -> None:
        """Hold at most so many of each key."""
        self._most = most
        # By key, then by id in the order in which they expire, since every one is kept for the same time.
        self._held: dict[str, OrderedDict[str, Held]] = {}

    def hold(self, body: Mapping[str, Any], *, key: str, now: float, takes_s: float) -> str:
        """Keep a reply that is ready in so many seconds; the id to fetch it by.

        raises  TooManyHeld
        """
        held = self._held.setdefault(key, OrderedDict())
        while held and next(iter(held.values())).expires_at <= now:
            held.popitem(last=False)
        if len(held) >= self._most:
            ready = next((each for each, reply in held.items() if reply.ready_at <= now), None)
            if ready is None:
                first_s = min(reply.ready_at for reply in held.values()) - now
                raise TooManyHeld(retry_after_s=max(1, math.ceil(first_s)))
            del held[ready]
        request_id = str(uuid.uuid4())
        held[request_id] = Held(body=body, ready_at=now + max(SOONEST_S, takes_s), expires_at=now + KEPT_S)
        return request_id

    def find(self, request_id: str, *, key: str, now: float) -> Held | None:
        """What waits under that id for that key, ready or not; None if there is nothing, or nothing any more."""
        held = self._held[key].get(request_id) if key in self._held else None
        return held if held is not None and now < held.expires_at else None

    def take(self, request_id: str, *, key: str) -> None:
        """Forget a reply that was fetched: it is given once."""
        if key in self._held:
            self._held[key].pop(request_id, None)
