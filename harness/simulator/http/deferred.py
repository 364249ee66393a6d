"""Deferred completions: replies that wait to be fetched, each by its own key, once, within a day.

It stands apart from the routes because its bounds are its point, and they need no server to be tested.
"""

import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

KEPT_S: Final = 24 * 3600.0
MOST_HELD: Final = 1_000
SOONEST_S: Final = 0.1
"""Even a simulator that waits for nothing is not ready at once: a poller must see 'not yet', as with the vendor."""


class TooManyHeld(Exception):
    """As many replies wait to be fetched as may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A reply that waits; times are the clock's monotonic seconds."""

    key: str
    body: Mapping[str, Any]
    ready_at: float
    expires_at: float


class DeferredStore:
    """The replies of one server that wait; not thread-safe: the server uses it on its event loop only."""

    def __init__(self, *, most: int = MOST_HELD) -> None:
        """Hold at most so many."""
        self._most = most
        # In the order in which they expire, since every one is kept for the same time.
        self._held: OrderedDict[str, Held] = OrderedDict()

    def hold(self, body: Mapping[str, Any], *, key: str, now: float, takes_s: float) -> str:
        """Keep a reply that is ready in so many seconds; the id to fetch it by.

        raises  TooManyHeld
        """
        while self._held and next(iter(self._held.values())).expires_at <= now:
            self._held.popitem(last=False)
        if len(self._held) >= self._most:
            raise TooManyHeld
        request_id = str(uuid.uuid4())
        ready_at = now + max(SOONEST_S, takes_s)
        self._held[request_id] = Held(key=key, body=body, ready_at=ready_at, expires_at=now + KEPT_S)
        return request_id

    def find(self, request_id: str, *, key: str, now: float) -> Held | None:
        """What waits under that id for that key, ready or not; None if there is nothing, or nothing any more."""
        held = self._held.get(request_id)
        return held if held is not None and held.key == key and now < held.expires_at else None

    def take(self, request_id: str) -> None:
        """Forget a reply that was fetched: it is given once."""
        self._held.pop(request_id, None)
