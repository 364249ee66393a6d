"""When a server turns requests away: how long to hold everything, when to try one, and when to say that it is enough.

It stands apart from the allowances, which say how fast to go when requests are let in.
"""

import math
from typing import Final

_FIRST_HOLD_S: Final = 1.0
_LONGEST_OWN_HOLD_S: Final = 60.0
_MAX_DOUBLINGS: Final = 6
# A limit turns away before anything is begun: a request that has been out for so long was let in.
_LET_IN_AFTER_S: Final = 5.0


class Gate:
    """Open, held until some time, or letting out a single request to see whether the others may follow.

    patience_s  how long every request may be turned away, before no more are sent at all
    max_hold_s  longest hold that a server may ask for; where it asks for more, nothing is sent until then
    """

    __slots__ = (
        "_cut_at",
        "_max_hold_s",
        "_patience_s",
        "_refused_since",
        "_strikes",
        "_tried_at",
        "_trying",
        "closed_until",
        "held_until",
    )

    def __init__(self, *, patience_s: float, max_hold_s: float) -> None:
        """Open."""
        self._patience_s = patience_s
        self._max_hold_s = max_hold_s
        self._cut_at = -math.inf
        self._refused_since = math.inf
        self._strikes = 0
        self._trying = False
        self._tried_at: float | None = None
        self.held_until = -math.inf
        self.closed_until = -math.inf

    def opens_at(self, now: float) -> float:
        """When a request may go out, as far as is known: `now` or before if one may."""
        if not self._trying:
            return self.held_until
        if self._tried_at is None:
            return self.held_until
        let_in_at = self._tried_at + _LET_IN_AFTER_S
        if let_in_at <= now:
            self._open()
        return max(self.held_until, let_in_at)

    def sent(self, now: float) -> bool:
        """Hear that a request goes out; True if it is the one that tries whether the others may."""
        if not self._trying:
            return False
        self._tried_at = now
        return True

    def hold(self, until: float, now: float) -> None:
        """Send nothing until then, as a reply's headers ask, though nothing was turned away."""
        self.held_until = max(self.held_until, min(until, now + self._max_hold_s))

    def refused(self, sent_at: float, now: float, asked_s: float | None, *, tried: bool) -> bool:
        """Hear that a request was turned away; True if the pace is to be cut, which is once for one congestion.

        asked_s  what the server asks to wait
        tried    whether it was the one that tries
        """
        if asked_s is not None and asked_s > self._max_hold_s:
            self.closed_until = max(self.closed_until, now + asked_s)
        if tried:
            self._strikes += 1
            self._tried_at = None
            if now - self._refused_since >= self._patience_s:
                self.closed_until = math.inf
        elif sent_at <= self._cut_at:
            # Sent before the pace was cut: it tells nothing new, but for a time that it names.
            self.held_until = max(self.held_until, now + min(asked_s or 0.0, self._max_hold_s))
            return False
        own_s = min(_LONGEST_OWN_HOLD_S, _FIRST_HOLD_S * 2.0 ** min(self._strikes, _MAX_DOUBLINGS))
        if asked_s is not None:
            # What it asked for did not do if the one that was tried after it was turned away too.
            own_s = max(asked_s, own_s if self._strikes else 0.0)
        self.held_until = max(self.held_until, now + min(own_s, self._max_hold_s))
        if not self._trying:
            self._trying, self._refused_since = True, now
        if tried:
            return False
        self._cut_at = now
        return True

    def let_in(self, *, known: bool) -> None:
        """Hear that the one that tries was not turned away; if it is not known how it was met, another may try."""
        if known:
            self._open()
        else:
            self._tried_at = None

    def _open(self) -> None:
        self._trying = False
        self._tried_at = None
        self._strikes = 0
        self._refused_since = math.inf
