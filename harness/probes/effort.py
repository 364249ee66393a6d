"""reasoning_effort: low and high on the same puzzles, paired, by the reasoning tokens that each took.

It stands apart from the other effects because it is the one that is paired: puzzles differ far more than efforts do.
"""

from dataclasses import dataclass, field
from statistics import fmean, stdev

from harness.core.verdict import Evidence, Role
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.ladder import LEVEL
from harness.probes.observation import Observation, Topic
from harness.stats import ladder, pairs_needed, sign_flip_p

SMALLEST_EFFORT = 0.2
"""Smallest effect worth seeing: (high - low) / (high + low) of the reasoning tokens; half as many again."""

MIN_PAIRS = 10
_BATCHES = 4
# Of Student's t at 95 % two-sided from ten degrees of freedom on: at most this.
_T = 2.23


@dataclass(kw_only=True)
class _Pairs:
    """How long was thought about the same puzzles at both efforts, and the answers that told it.

    counted  in reasoning tokens; False in characters of what is shown of the thoughts
    """

    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    counted: bool = True

    @property
    def figures(self) -> str:
        """Both means, in words."""
        unit = "reasoning tokens" if self.counted else "characters of reasoning"
        means = f"{fmean(self.low):.0f} {unit} at low and {fmean(self.high):.0f} at high"
        return f"{means}, over {len(self.low)} puzzles"

    @property
    def bound(self) -> float:
        """How far apart the efforts may be at most, as SMALLEST_EFFORT has it, at 95 %."""
        shifts = [(b - a) / (a + b) if a + b else 0.0 for a, b in zip(self.low, self.high, strict=True)]
        reach: float = _T * stdev(shifts) / len(shifts) ** 0.5
        return max(abs(fmean(shifts) - reach), abs(fmean(shifts) + reach))


async def measure_effort(desk: Desk, topic: Topic) -> Observation:
    """As many pairs as the level needs, and at least ten; twice as many if they decide nothing.

    If the second look shows no effect either, some more say how small one must be if there is one.

    source  VERDICTS.md, "How sure"
    """
    levels = ladder(LEVEL, desk.family)
    count = max(MIN_PAIRS, pairs_needed(levels.first))
    pairs = _Pairs()
    for look in (1, 2):
        fault = await _think(desk, topic, pairs, count)
        if fault is not None:
            return fault
        p = sign_flip_p([b - a for a, b in zip(pairs.low, pairs.high, strict=True)])
        if levels.decides(p, look):
            return _said(topic, "effect", pairs.figures, pairs.seen, p=p)
    # What follows narrows the interval alone: an effect that two looks did not show is not looked for again.
    for _ in range(_BATCHES):
        if pairs.bound < SMALLEST_EFFORT:
            break
        fault = await _think(desk, topic, pairs, count)
        if fault is not None:
            return fault
    return _undecided(topic, pairs, p)


_EFFORTS = ("low", "high")


def _ask(model: str, number: int, effort: str) -> Ask:
    people, leave, stops = 17 + 13 * number, (5 + 3 * number) % 11 + 2, 3 + number % 7
    text = (
        f"A train carries {people} people. At each of {stops} stops {leave} get off and {number % 5 + 1} get on. "
        "How many people are on it in the end? Answer with the number alone."
    )
    role: Role = "treatment" if effort == "high" else "control"
    body = chat(model, text, reasoning_effort=effort)
    return Ask(about=f"puzzle {number + 1}, effort {effort}", body=body, role=role)


async def _think(desk: Desk, topic: Topic, pairs: _Pairs, count: int) -> Observation | None:
    """Some more pairs; or why there are none."""
    start = len(pairs.low)
    asks = [_ask(desk.model or "", number, effort) for number in range(start, start + count) for effort in _EFFORTS]
    answers = await desk.ask(*asks)
    pairs.seen += answers
    failed = next((each for each in answers if not each.ok), None)
    if failed is not None:
        return _said(topic, "unknown", failed.words, pairs.seen, error=True)
    counted = [each.reply.usage.reasoning for each in answers]
    shown = [len(each.reply.reasoning or "") for each in answers]
    are_counted = None not in counted
    if (start and are_counted is not pairs.counted) or not (are_counted or all(shown)):
        words = "accepted; the replies do not say how many reasoning tokens there were"
        return _said(topic, "accepted", words, pairs.seen)
    pairs.counted = are_counted
    thought = [tokens or 0 for tokens in counted] if are_counted else shown
    pairs.low += thought[0::2]
    pairs.high += thought[1::2]
    return None


def _undecided(topic: Topic, pairs: _Pairs, p: float) -> Observation:
    if not pairs.counted:
        # What is shown may be a summary, as long as any other.
        words = f"{pairs.figures}: no difference, but tokens are not counted here"
        return _said(topic, "unknown", words, pairs.seen, p=p)
    if not any(pairs.low) and not any(pairs.high):
        words = f"no reasoning tokens at either effort, over {len(pairs.low)} puzzles"
        return _said(topic, "no-effect", words, pairs.seen, p=p)
    bound = pairs.bound
    if bound < SMALLEST_EFFORT:
        return _said(topic, "no-effect", f"{pairs.figures}; at most {bound:.0%} apart", pairs.seen, p=p)
    return _said(topic, "unknown", pairs.figures, pairs.seen, p=p, more=len(pairs.seen))


def _said(
    topic: Topic,
    outcome: str,
    words: str,
    seen: list[Seen],
    *,
    p: float | None = None,
    more: int = 0,
    error: bool = False,
) -> Observation:
    evidence: tuple[Evidence, ...] = tuple(each.as_evidence() for each in seen)
    return Observation(
        topic=topic,
        outcome=outcome,  # type: ignore[arg-type]
        words=words,
        grade="E4",
        n=len(seen),
        p=p,
        evidence=evidence,
        more=more,
        error=error,
    )
