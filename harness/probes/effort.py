"""reasoning_effort: low and high on the same puzzles, paired, by the reasoning tokens that each took.

It stands apart from the other effects because it is the one that is paired: puzzles differ far more than efforts do.
"""

from statistics import fmean, stdev

from harness.core.verdict import Evidence, Role
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.ladder import LEVEL
from harness.probes.observation import Observation, Topic
from harness.stats import ladder, pairs_needed, sign_flip_p

SMALLEST_EFFORT = 0.1
"""Smallest effect worth seeing: (high - low) / (high + low) of the reasoning tokens."""

MIN_PAIRS = 10
# Of Student's t at 95 % two-sided from ten degrees of freedom on: at most this.
_T = 2.23


async def measure_effort(desk: Desk, topic: Topic) -> Observation:
    """As many pairs as the level needs, and at least ten; twice as many if they decide nothing.

    source  VERDICTS.md, "How sure"
    """
    levels = ladder(LEVEL, desk.family)
    count = max(MIN_PAIRS, pairs_needed(levels.first))
    low: list[int] = []
    high: list[int] = []
    seen: list[Seen] = []
    p: float | None = None
    for look in (1, 2):
        start = (look - 1) * count
        asks = [_ask(desk.model or "", number, effort) for number in range(start, start + count) for effort in _EFFORTS]
        answers = await desk.ask(*asks)
        seen += answers
        if not all(each.ok for each in answers):
            failed = next(each for each in answers if not each.ok)
            return _said(topic, "unknown", failed.words, seen, error=True)
        thought = [_thought(each) for each in answers]
        if any(tokens is None for tokens in thought):
            return _said(
                topic, "accepted", "accepted; the replies do not say how many reasoning tokens there were", seen
            )
        low += [tokens or 0 for tokens in thought[0::2]]
        high += [tokens or 0 for tokens in thought[1::2]]
        p = sign_flip_p([b - a for a, b in zip(low, high, strict=True)])
        if levels.decides(p, look):
            return _said(topic, "effect", _figures(low, high), seen, p=p)
    return _undecided(topic, low, high, seen, p)


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


def _thought(seen: Seen) -> int | None:
    if seen.reply.usage.reasoning is not None:
        return seen.reply.usage.reasoning
    return len(seen.reply.reasoning) if seen.reply.reasoning else None


def _figures(low: list[int], high: list[int]) -> str:
    return f"{fmean(low):.0f} reasoning tokens at low and {fmean(high):.0f} at high, over {len(low)} puzzles"


def _undecided(topic: Topic, low: list[int], high: list[int], seen: list[Seen], p: float | None) -> Observation:
    figures = _figures(low, high)
    if not any(low) and not any(high):
        return _said(topic, "no-effect", f"no reasoning tokens at either effort, over {len(low)} puzzles", seen, p=p)
    shifts = [(b - a) / (a + b) if a + b else 0.0 for a, b in zip(low, high, strict=True)]
    reach = _T * stdev(shifts) / len(shifts) ** 0.5
    bound = max(abs(fmean(shifts) - reach), abs(fmean(shifts) + reach))
    if bound < SMALLEST_EFFORT:
        return _said(topic, "no-effect", f"{figures}; at most {bound:.0%} apart", seen, p=p)
    return _said(topic, "unknown", figures, seen, p=p, more=len(seen))


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
