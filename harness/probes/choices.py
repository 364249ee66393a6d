"""Promises about how many: stop sequences in one request.

It stands apart from the range of a number, because here each of several must work, not only be taken.
"""

from collections.abc import Iterable
from functools import partial

from harness.catalogue.numbers import is_number
from harness.core.claims import Claim
from harness.core.verdict import Evidence, Flag
from harness.probes.bounds import STOPS
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, unselected
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.parameters import representative
from harness.probes.refusal import try_it

_FIELD = "stop.count"
_MOST = 64


async def probe_stops(most: int, desk: Desk) -> None:
    """The last of as many sequences as may be given stops an answer, and one more is refused.

    most  how many may be given
    """
    asks = []
    for prompt, letter in STOPS[:2]:
        body = chat(desk.model or "", prompt, max_tokens=60)
        idle = [f"zq{number}xj" for number in range(most - 1)]
        without: dict[str, list[str]] = {"stop": idle} if idle else {}
        asks.append(Ask(about=f"{len(idle)} stop sequences", body={**body, **without}, role="control"))
        asks.append(Ask(about=f"and a last one, {letter!r}", body={**body, "stop": [*idle, letter]}, role="treatment"))
    answers = await desk.ask(*asks)
    evidence = [each.as_evidence() for each in answers]
    if all(each.refused for each in answers[1::2]):
        return _say(desk, "broken", f"{most} are refused: {answers[1].words}", len(answers), evidence)
    failed = next((each for each in answers if not each.ok), None)
    if failed is not None:
        return _say(desk, "unknown", failed.words, len(answers), evidence, error=True)
    letters = [letter for _, letter in STOPS[:2]]
    free = sum(letter in each.reply.content for each, letter in zip(answers[0::2], letters, strict=True))
    late = sum(letter in each.reply.content for each, letter in zip(answers[1::2], letters, strict=True))
    words = f"the last of {most} shows in {late} of {len(letters)} answers, in {free} without it"
    if free < len(letters):
        return _say(desk, "unknown", words, len(answers), evidence)
    if late:
        return _say(desk, "broken", words, len(answers), evidence)
    beyond = {**chat(desk.model or "", STOPS[0][0], max_tokens=16), "stop": [f"zq{number}xj" for number in range(most)]}
    more = Ask(about=f"{most + 1} stop sequences", body={**beyond, "stop": [*beyond["stop"], "zqxj"]}, wrong=True)
    tried = await try_it(desk, more, Ask(about=f"{most} stop sequences", body=beyond))
    outcome: Outcome = "holds" if tried.answer == "rejected" else "unknown"
    how = "are refused" if tried.answer == "rejected" else f"are left open: {tried.words}"
    if tried.answer == "accepted":
        outcome, how = "broken", "are accepted"
    n = len(answers) + len(tried.tries)
    spoilt = outcome == "unknown"
    # A crash confirms nothing, and is no acceptance either.
    flags: tuple[Flag, ...] = ("server-error",) if tried.answer == "server-error" else ()
    return _say(desk, outcome, f"{words}; {most + 1} {how}", n, [*evidence, *tried.evidence], error=spoilt, flags=flags)


def _say(
    desk: Desk,
    outcome: Outcome,
    words: str,
    n: int,
    evidence: Iterable[Evidence],
    *,
    error: bool = False,
    flags: tuple[Flag, ...] = (),
) -> None:
    topic = desk.topic(f"count.{_FIELD}")
    observation = Observation(
        topic=topic, outcome=outcome, words=words, grade="E4", n=n, evidence=tuple(evidence), error=error, flags=flags
    )
    desk.observe(observation)


def _most(claim: Claim) -> int | None:
    """How many a claim allows; None if it is not about that."""
    most = claim.value.get("max")
    is_about = claim.kind == "request_schema" and claim.subject.type == "field" and claim.subject.id == _FIELD
    return int(most) if is_about and is_number(most) and 1 <= most <= _MOST else None


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if _most(claim) is None:
        return None
    asked = representative(lineup, "stop")
    if asked is None:
        return unselected("none of the models asked is documented to take stop")
    return Rule(topics=(Topic(f"count.{_FIELD}", asked),))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    asked = representative(lineup, "stop")
    most = next((found for claim in lineup.register.claims if (found := _most(claim)) is not None), None)
    if asked is None or most is None:
        return
    name = f"count.{_FIELD}"
    outlay = Outlay(requests=10, input_tokens=300, output_tokens=250)
    yield Probe(
        name=name, model=asked, topics=frozenset({Topic(name, asked)}), outlay=outlay, run=partial(probe_stops, most)
    )


FAMILY = Family(name="choices", rule=_rule, probes=_probes)
