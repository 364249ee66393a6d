"""The two-look ladder: interleaved samples of two settings, an exact test declared beforehand, and no peeking.

It stands apart because every statistical effect climbs the same ladder, and the level must not depend on which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.core.verdict import Evidence
from harness.probes.desk import Ask, Desk, Seen
from harness.stats import ladder

PER_LOOK = 8
LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbed:
    """What the ladder came to.

    low, high  measurable answers of both settings, in order
    asked      every answer, interleaved as they were asked
    p          of the last look, one-sided; None if there was too little to test
    shown      True if the effect is shown at the catalogue's level
    inverted   True if the opposite is
    failed     answers that were none, by errors or refusals
    """

    low: tuple[Seen, ...]
    high: tuple[Seen, ...]
    asked: tuple[Seen, ...]
    p: float | None
    shown: bool
    inverted: bool = False
    failed: tuple[Seen, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every answer: what failed is why nothing could be measured."""
        return tuple(each.as_evidence() for each in self.asked)

    @property
    def n(self) -> int:
        """Answers that were tested."""
        return len(self.low) + len(self.high)


@dataclass(kw_only=True)
class Climb:
    """Two settings to be told apart.

    low, high  makes the request of the i-th trial: its body and what it is about
    usable     whether an answer can be measured
    test       one-sided exact p that `high` is larger, of the answers of both
    """

    low: Callable[[int], Ask]
    high: Callable[[int], Ask]
    test: Callable[[Sequence[Seen], Sequence[Seen]], float]
    usable: Callable[[Seen], bool]
    _asked: list[Seen] = field(default_factory=list)
    _low: list[Seen] = field(default_factory=list)
    _high: list[Seen] = field(default_factory=list)
    _failed: list[Seen] = field(default_factory=list)

    async def climb(self, desk: Desk) -> Climbed:
        """Take the first look; and the second only if the first decided nothing."""
        levels = ladder(LEVEL, desk.family)
        p: float | None = None
        for look in (1, 2):
            await self._sample(desk, (look - 1) * PER_LOOK)
            p = self.test(self._low, self._high) if self._low and self._high else None
            if p is not None and levels.decides(p, look):
                return self._climbed(p, shown=True)
            if len(self._failed) > PER_LOOK:
                break
        opposite = self.test(self._high, self._low) if self._low and self._high else None
        inverted = opposite is not None and levels.decides(opposite, 2)
        return self._climbed(p, shown=False, inverted=inverted)

    async def _sample(self, desk: Desk, start: int) -> None:
        asks = [ask(index) for index in range(start, start + PER_LOOK) for ask in (self.low, self.high)]
        for number, seen in enumerate(await desk.ask(*asks)):
            place = self._failed if not self.usable(seen) else self._high if number % 2 else self._low
            place.append(seen)
            self._asked.append(seen)

    def _climbed(self, p: float | None, *, shown: bool, inverted: bool = False) -> Climbed:
        low, high, asked, failed = map(tuple, (self._low, self._high, self._asked, self._failed))
        return Climbed(low=low, high=high, asked=asked, p=p, shown=shown, inverted=inverted, failed=failed)
