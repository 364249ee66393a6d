"""How much of an allowance may be used now: arithmetic over times and amounts that others tell.

It stands apart from waiting and from HTTP, so that what holds for every window can be shown by sums alone. Times are
seconds on any one clock that never goes back; an allowance is so many units in any window, a minute as a rule.

Requests are spaced evenly, and that is all: W seconds hold at most L requests if two of them are on average 1.025 W / L
apart, less a little that one who is late may make up. So a sliding window, a fixed one of any phase and a bucket (even
one that holds a second's worth) all see at most L, for every L from 1 up, as long as ways to the server differ by less
than 1.3 s; and 97.5 % of L are used. Spacing tokens as well keeps a run even, but cannot bound a window's sum, since
what a reply takes is known late: that is what the log is for.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from harness.wire.rate_headers import RateHeader

# Of a minute's allowance 1 / 1.025 is used; the 1.5 s that are left are what one request may be later than another.
_SPARE: Final = 1.025
_SHARE_OF_A_SECOND: Final = 0.25
_LATEST: Final = 0.2 / 60
TOKEN_BURST: Final = 0.06
"""Tokens reserved ahead of their spacing, of a window's: what is under way is reserved at its worst case."""
_LEAST_SHARE: Final = 0.1
_FOREIGN_SLACK: Final = 0.05
_RAISE: Final = 1.1
_LEAST_LEARNED: Final = 0.05
_TELLING: Final = 10
_SLOW_START: Final = 12
_AS_GOOD_AS_NONE: Final = 1e9
_MAX_ZEROS: Final = 2
_UNTOLD_S: Final = 1.0
_LONGEST_WINDOWS: Final = 2.0
_MAX_CLEAN_WINDOWS: Final = 16.0
_TOLD_LATE: Final = 1.05
_SLOTS: Final = 60


def lateness_s(per_window: float, window_s: float) -> float:
    """Seconds by which a late request may come closer to the next one than the spacing has it.

    A bucket of one second's worth holds one request where a minute holds 60 or fewer, and forgives nothing; above, a
    quarter of what it would forgive is enough to make up for a busy machine.
    """
    spacing_s = _SPARE * window_s / per_window
    forgiven_s = max(0.0, 1.0 - _SLOTS / per_window) * window_s / _SLOTS
    return min(_LATEST * window_s, 0.01 * spacing_s + _SHARE_OF_A_SECOND * forgiven_s)


class Meter:
    """One allowance: what documents, headers and refusals say of it, and when its next unit may be used.

    documented  units a window; None where nothing limits them until headers or refusals do
    burst_s     how far use may run ahead of its spacing; None for what `lateness_s` allows
    share       of what headers state, this one's
    """

    __slots__ = (
        "_burst_s",
        "_changed_at",
        "_clean_s",
        "_documented",
        "_due_at",
        "_empty_until",
        "_foreign",
        "_foreign_until",
        "_learned",
        "_raised",
        "_share",
        "_stated",
        "_window_s",
        "_zeros",
    )

    def __init__(
        self, documented: float | None, *, window_s: float, burst_s: float | None = None, share: float = 1.0
    ) -> None:
        """Nothing is used yet."""
        self._documented = documented
        self._window_s = window_s
        self._burst_s = burst_s
        self._share = share
        self._stated: float | None = None
        self._learned: float | None = None
        self._foreign = 0.0
        self._foreign_until = 0.0
        self._due_at = -math.inf
        self._changed_at = 0.0
        self._clean_s = window_s
        self._raised = False
        self._empty_until = -math.inf
        self._zeros = 0

    @property
    def limited(self) -> bool:
        """Whether anything bounds it, so far as is known."""
        return self._documented is not None or self._stated is not None or self._learned is not None

    @property
    def base(self) -> float:
        """Units a window by headers, else by documents; infinite if neither tells."""
        if self._stated is not None:
            return self._stated
        return math.inf if self._documented is None else self._documented

    def allowed(self, now: float) -> float:
        """Units that a window may hold now: less after refusals, and less while somebody else uses the key."""
        base = self.base
        if self._foreign and now < self._foreign_until:
            base = max(base - self._foreign, _LEAST_SHARE * base)
        return base if self._learned is None else min(base, self._pace_learned(now))

    def free_at(self, now: float) -> float:
        """When the spacing lets more be used: `now` or before if it does already."""
        per_window = self.allowed(now)
        if per_window == math.inf:
            return now
        burst_s = lateness_s(per_window, self._window_s) if self._burst_s is None else self._burst_s
        return self._due_at - burst_s

    def spend(self, amount: float, now: float) -> None:
        """Use so many; the next may come when they would be used up at an even pace."""
        per_window = self.allowed(now)
        if per_window < math.inf:
            due_at = max(now, self._due_at) + amount * _SPARE * self._window_s / per_window
            # Bounded, or one reply that claims a billion tokens would stop everything for good.
            self._due_at = min(due_at, now + 2 * self._window_s * max(1.0, 1 / per_window))

    def give_back(self, amount: float, now: float) -> None:
        """Take back so many that were spent, or their lack if negative."""
        if amount < 0:
            self.spend(-amount, now)
            return
        per_window = self.allowed(now)
        if per_window < math.inf:
            self._due_at -= amount * _SPARE * self._window_s / per_window

    def hear(self, header: RateHeader, now: float, *, used: float, over_s: float) -> float | None:
        """Take in what a reply's headers say, and tell until when nothing should be sent, if they say so.

        used    units of ours that the server may have counted in the window it speaks of
        over_s  seconds in which they were used, at most a window
        """
        # What takes longer than a window to return is another allowance, such as a day's: its size says nothing here.
        ours = header.reset_s is None or header.reset_s <= _TOLD_LATE * self._window_s + 1.0
        if header.limit is not None and ours and self._stated != header.limit * self._share:
            self._stated = header.limit * self._share
            # What went out before that was known is made up for, as if it had been spaced from the beginning.
            spaced_s = used * _SPARE * self._window_s / self.allowed(now)
            self._due_at = max(self._due_at, now + min(spaced_s - over_s, self._window_s))
        if header.remaining is None:
            return None
        base = self.base
        slack = max(2.0, _FOREIGN_SLACK * base) if base < math.inf else 0.0
        # A shard's share is what it may use; what other shards use of theirs is in no one's way.
        foreign = 0.0 if base == math.inf else base - header.remaining - used
        if ours and base < math.inf:
            self._foreign = foreign if foreign > slack else 0.0
            self._foreign_until = now + self._window_s
        if header.remaining > 0:
            self._zeros = 0
            return None
        if base < math.inf and foreign <= min(slack, base / 2):
            return None
        return self._hold_until(now, header.reset_s)

    def _hold_until(self, now: float, reset_s: float | None) -> float | None:
        """Until when to believe that nothing is left: a server that goes on saying so while it answers is not."""
        if now >= self._empty_until:
            self._zeros += 1
        if self._zeros > _MAX_ZEROS:
            return None
        reset_s = _UNTOLD_S if reset_s is None else min(reset_s, _LONGEST_WINDOWS * self._window_s)
        self._empty_until = max(self._empty_until, now + reset_s)
        return self._empty_until

    def cut(self, now: float, *, sent: float, accepted: float, over_s: float) -> None:
        """Halve the pace after a refusal; less than halve it where what was let in shows that more is.

        sent, accepted  units in the last window, or since the first of them
        over_s          that time, at most a window
        """
        pace = self.allowed(now)
        over_s = max(over_s, self._window_s / _SLOTS)
        if pace == math.inf or (sent >= _TELLING and over_s >= self._window_s / _SLOW_START):
            pace = min(pace, sent * self._window_s / over_s)
        learned = max(pace / 2, min(accepted, 0.9 * pace), 1.0 if self.base == math.inf else _LEAST_LEARNED * self.base)
        if self._documented is not None:
            # Where headers stated more than the documents, and it did not hold, the documents are the better guess.
            learned = min(learned, self._documented)
        if self._raised:
            self._clean_s = min(max(self._window_s, self._clean_s * 2), _MAX_CLEAN_WINDOWS * self._window_s)
        elif self._learned is None:
            self._clean_s = self._window_s / _SLOW_START if self.base == math.inf else self._window_s
        self._learned = learned
        self._raised = False
        self._changed_at = now

    def hold(self, until: float) -> None:
        """Hear that nothing goes out until then: no window before that is a clean one."""
        self._changed_at = max(self._changed_at, until)

    def _pace_learned(self, now: float) -> float:
        """What refusals taught: a tenth more after every clean window, and after ever longer when that was too much.

        A limit that nobody told of is felt for in doublings first: one refusal says little of it.
        """
        while self._learned is not None and now - self._changed_at >= self._clean_s:
            self._changed_at += self._clean_s
            self._learned *= 2 if self._clean_s < self._window_s else _RAISE
            self._raised = True
            if self._learned >= min(self.base, _AS_GOOD_AS_NONE):
                self._learned, self._raised = None, False
        return math.inf if self._learned is None else self._learned


class Tally:
    """Requests sent and turned away in the last window, to a sixtieth of it: the same size however many there are."""

    __slots__ = ("_began_at", "_slots", "_window_s", "refused", "sent", "total")

    def __init__(self, window_s: float) -> None:
        """Nothing was sent yet."""
        self._window_s = window_s
        self._slots: deque[list[int]] = deque()
        self._began_at: float | None = None
        self.sent = 0
        self.refused = 0
        self.total = 0

    def add(self, now: float, *, sent: int = 0, refused: int = 0) -> None:
        """Count requests that are sent, or that came back refused."""
        if self._began_at is None:
            self._began_at = now
        number = int(now * _SLOTS / self._window_s)
        slots = self._slots
        if not slots or slots[-1][0] != number:
            slots.append([number, 0, 0])
            while slots[0][0] < number - _SLOTS:
                _, old_sent, old_refused = slots.popleft()
                self.sent -= old_sent
                self.refused -= old_refused
        slots[-1][1] += sent
        slots[-1][2] += refused
        self.sent += sent
        self.refused += refused
        self.total += sent

    @property
    def accepted(self) -> int:
        """Requests of the last window that were not turned away."""
        return max(0, self.sent - self.refused)

    def over_s(self, now: float) -> float:
        """Seconds that the counts are about."""
        return 0.0 if self._began_at is None else min(self._window_s, now - self._began_at)


@dataclass(slots=True, eq=False, kw_only=True)
class Taken:
    """Tokens of one call: its worst case until it is settled, then what it took.

    until  when they are in no window any more; None while the call is under way
    """

    tokens: float
    until: float | None = None


class TokenLog:
    """The tokens that a server may still count: of calls under way, and of those that ended within a window.

    They count from before they are sent until a window after they ended: whenever within that the server counts them,
    what is in its window is in this log, so that its sum is never below the server's.
    """

    __slots__ = ("_past", "_under_way", "_window_s", "total", "used")

    def __init__(self, window_s: float) -> None:
        """Nothing is used yet."""
        # A clock may run a little faster than another.
        self._window_s = window_s * 1.001
        self._past: deque[Taken] = deque()
        self._under_way = 0
        self.used = 0.0
        self.total = 0.0

    def take(self, tokens: float) -> Taken:
        """Reserve the worst case of a call that is about to be sent."""
        self._under_way += 1
        self.used += tokens
        self.total += tokens
        return Taken(tokens=tokens)

    def end(self, taken: Taken, now: float) -> None:
        """The call is over, though it may not be known yet what it took."""
        self._under_way -= 1
        taken.until = now + self._window_s
        self._past.append(taken)

    def settle(self, taken: Taken, tokens: float, now: float) -> float:
        """Count what a call really took, and tell how much less that is than was reserved."""
        less = taken.tokens - tokens
        if taken.until is None or taken.until > now:
            self.used -= less
            taken.tokens = tokens
        return less

    def room_at(self, tokens: float, allowed: float, now: float) -> float:
        """When so many more fit into the window: `now` if they do; infinite if that hangs on calls under way."""
        while self._past and (self._past[0].until or 0.0) <= now:
            self.used -= self._past.popleft().tokens
        if not self._past and not self._under_way:
            self.used = 0.0
        room = allowed - tokens
        if room < 0:
            # It fits into no window by its worst case: it goes alone, into one that is at most half used.
            if self._under_way:
                return math.inf
            room = allowed / 2
        used = self.used
        if used <= room:
            return now
        for taken in self._past:
            used -= taken.tokens
            if used <= room:
                return taken.until or now
        return math.inf
