"""Claims about how many requests may be under way at once: one more than that, together, and one of them is refused.

It stands apart because it must be opted into, and because its requests alone are sent without waiting for a turn.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from http import HTTPStatus

from harness.core.claims import Claim
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule
from harness.probes.lineup import Lineup, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.routes import whole_number

MANY = "many-requests"
"""What must be opted into for hundreds of requests at once."""

_BURSTS = 3
_TOKENS = 160
_PROMPT = "Write the numbers from 1 to 200, separated by spaces."
# When each began is not known. They were under way together if none could end before the last had begun: if the
# shortest lasted half of the longest, or longer than connections take to be made.
_LONG_ENOUGH_MS = 400.0
_LONG_MS = 2_000.0


async def probe_concurrency(limit: int, topic: Topic, refusal: Topic, desk: Desk) -> None:
    """One more than are allowed, at once: up to three times, for what else is under way counts, too.

    refusal  the topic of what comes of a request that was one too many
    """
    body = chat(desk.model or "", _PROMPT, max_tokens=_TOKENS)
    ask = Ask(about=f"one of {limit + 1} at once", body=body, together=True)
    seen: Sequence[Seen] = ()
    for _ in range(_BURSTS):
        seen = await desk.ask(*[ask] * (limit + 1))
        _observe_refusal(desk, refusal, seen)
        observation = read_burst(topic, limit, seen)
        desk.observe(observation)
        if observation.outcome != "unknown":
            return


def read_burst(topic: Topic, limit: int, seen: Sequence[Seen]) -> Observation:
    """What requests that were sent at once say of how many may be."""
    refused = [each for each in seen if _first_status(each) == HTTPStatus.TOO_MANY_REQUESTS]
    let_in = [each for each in seen if HTTPStatus.OK <= (_first_status(each) or 0) < HTTPStatus.MULTIPLE_CHOICES]
    figures = f"{len(seen)} at once: {len(let_in)} let in, {len(refused)} refused with 429"
    outcome: Outcome
    more = len(seen)
    if len(let_in) + len(refused) < len(seen):
        other = next(each for each in seen if each not in let_in and each not in refused)
        outcome, words = "unknown", f"{figures}, others failed: {other.words}"
    elif not refused and any(each.exchange.recorded_at is not None for each in seen):
        outcome, words = "unknown", "a cassette keeps no refusal that another try mended: this is seen live alone"
    elif len(let_in) == limit or (refused and len(let_in) < limit and any(_tells(each, limit) for each in refused)):
        outcome, words, more = "holds", figures, 0
    elif not refused and _overlapped(seen):
        outcome, words, more = "broken", figures, 0
    elif not refused:
        lasted = f"{min(_lasted(seen)):.0f} to {max(_lasted(seen)):.0f} ms"
        outcome, words = "unknown", f"{figures}; they took {lasted}, and need not have been under way together"
    else:
        outcome, words = "unknown", f"{figures}: other limits, or other requests, may be why"
    evidence = tuple(each.as_evidence() for each in (*let_in[:2], *refused[:2]))
    grade = "E1" if outcome == "unknown" else "E3"
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade=grade,  # type: ignore[arg-type]
        n=len(seen),
        evidence=evidence,
        more=more,
        error=outcome == "unknown" and not refused,
    )


def _first_status(seen: Seen) -> int | None:
    """The status of the first attempt: a refusal may have been mended by another try."""
    return seen.exchange.attempts[0].status


def _tells(seen: Seen, limit: int) -> bool:
    """Whether a refusal says itself that this many may be under way."""
    words = seen.exchange.attempts[0].body.decode("utf-8", "replace")
    return "concurren" in words.lower() and re.search(rf"(?<![0-9]){limit}(?![0-9])", words) is not None


def _overlapped(seen: Sequence[Seen]) -> bool:
    lasted = _lasted(seen)
    return min(lasted) >= min(_LONG_MS, max(_LONG_ENOUGH_MS, max(lasted) / 2))


def _lasted(seen: Sequence[Seen]) -> list[float]:
    return [each.exchange.attempts[0].total_ms or 0.0 for each in seen]


def _observe_refusal(desk: Desk, topic: Topic, seen: Sequence[Seen]) -> None:
    mended = next((each for each in seen if _first_status(each) == HTTPStatus.TOO_MANY_REQUESTS), None)
    if mended is None:
        return
    helped = mended.accepted
    words = "and the same request is answered at a further try" if helped else "and further tries fail, too"
    desk.observe(
        Observation(
            topic=topic,
            outcome="holds" if helped else "unknown",
            words=f"HTTP 429 for one too many, {words}",
            grade="E3" if helped else "E1",
            n=len(mended.exchange.attempts),
            evidence=(mended.as_evidence(),),
        )
    )


# --- the family


def _claims(lineup: Lineup) -> Iterator[tuple[Claim, str, int]]:
    """Claims about requests at once, with their models and limits, of models that are asked."""
    for claim in lineup.register.of_kind("rate_limit"):
        limit = _limit(claim, lineup)
        if limit is not None:
            yield claim, model_of(claim) or "", limit


def _limit(claim: Claim, lineup: Lineup) -> int | None:
    """How many at once a claim allows; None if it speaks of something else, or of a model that is not asked."""
    if claim.kind != "rate_limit" or model_of(claim) not in lineup.models:
        return None
    limit = whole_number(claim.value.get("concurrent"))
    return limit if limit is not None and limit > 0 else None


def refusal_topic(lineup: Lineup) -> Topic | None:
    """The topic of a request that is one too many at once; None if no claim says how many may be."""
    model = next((model for _, model, _ in _claims(lineup)), None)
    return None if model is None else Topic("load.refusal", model)


def _rule(claim: Claim, lineup: Lineup) -> Rule | None:
    limit = _limit(claim, lineup)
    return None if limit is None else Rule(topics=(_topic(model_of(claim) or "", limit),))


def _topic(model: str, limit: int) -> Topic:
    return Topic(f"load.{limit}-at-once", model)


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for _, model, limit in _claims(lineup):
        topic, refusal = _topic(model, limit), Topic("load.refusal", model)
        count = limit + 1
        yield Probe(
            name=topic.name,
            model=model,
            topics=frozenset({topic, refusal}),
            outlay=Outlay(
                requests=count, at_most=_BURSTS * count, input_tokens=30 * count, output_tokens=_TOKENS * count
            ),
            needs=(MANY,),
            run=partial(probe_concurrency, limit, topic, refusal),
        )


FAMILY = Family(name="load", rule=_rule, probes=_probes)
