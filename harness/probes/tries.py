"""Trying many things against the same controls, going after one request that failed, and bounding idle talk.

It stands apart from `refusal`, which tries one thing: here controls are shared, so that refusals cost few requests.
"""

from collections.abc import Sequence
from dataclasses import replace

from harness.probes.chat_bodies import Json
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Topic
from harness.probes.refusal import TRIES, Tried, observe_refusal, read_tries

# Several times what a short answer needs, and an end for one that would never end: a small model that was held to JSON
# wrote blanks for five minutes.
_ENOUGH_TOKENS = 600


def cap_of(lineup: Lineup, model: str) -> Json:
    """A bound for answers whose length does not matter; none where it could cut off thoughts, or is not taken."""
    taken = lineup.reasons(model) is False and lineup.supports(model, "max_tokens") is not False
    unknown = lineup.capability(model, "reasoning") is None and lineup.supports(model, "max_tokens")
    return {"max_tokens": _ENOUGH_TOKENS} if taken or unknown else {}


def balks(seen: Seen) -> bool:
    """Whether an ordinary request is refused or crashes: worth another try without the bound that it was given."""
    return seen.refused or seen.crashed


async def try_each(desk: Desk, control: Ask, treatments: Sequence[Ask]) -> list[Tried]:
    """What comes of each: once if it is accepted, else three times, with the control sent before each round.

    source  VERDICTS.md, "Rejected"
    """
    control = replace(control, role="control")
    asked = [replace(each, role="treatment") for each in treatments]
    tries: list[list[Seen]] = [[] for _ in asked]
    controls: list[Seen] = []
    open_ = list(range(len(asked)))
    for _ in range(TRIES):
        controls.append(await desk.one(control))
        if not (controls[-1].accepted or controls[-1].crashed):
            break
        answers = await desk.ask(*(asked[place] for place in open_))
        for place, answer in zip(open_, answers, strict=True):
            tries[place].append(answer)
        open_ = [place for place in open_ if not tries[place][0].accepted]
        if not open_:
            break
    return [_read(each, controls) for each in tries]


def _read(tries: Sequence[Seen], controls: Sequence[Seen]) -> Tried:
    if not tries:
        words = f"the request without it failed, too: {controls[-1].words}"
        return Tried(answer="spoilt", tries=(), controls=tuple(controls), words=words)
    # What was accepted at once needs no more controls than it has tries.
    return read_tries(tries, controls[: len(tries)] if tries[0].accepted else controls)


async def pursue(desk: Desk, topic: Topic, failed: Seen, control: Ask, parameter: str = "") -> Observation:
    """What to say of a topic whose request failed: refused on three tries, the control passing between, or not known.

    failed     its first answer, which is not ok
    control    the same request without what is probed
    parameter  whose name in the error makes it a refusal by name
    """
    if not (failed.refused or failed.crashed):
        return spoilt(topic, failed)
    control = replace(control, role="control")
    again = replace(failed.ask, role="treatment")
    tries, controls = [failed], [await desk.one(control)]
    while len(tries) < TRIES and (controls[-1].accepted or controls[-1].crashed):
        tries.append(await desk.one(again))
        controls.append(await desk.one(control))
    return observe_refusal(topic, read_tries(tries, controls), parameter)


def spoilt(topic: Topic, *failed: Seen) -> Observation:
    """The observation where errors that say nothing of the topic leave it open."""
    bad = next((each for each in failed if not each.ok), failed[0])
    return Observation(
        topic=topic,
        outcome="unknown",
        words=f"no answer that decides it: {bad.words}",
        n=len(failed),
        evidence=tuple(each.as_evidence() for each in failed),
        error=True,
    )


def renamed(observation: Observation, *topics: Topic) -> tuple[Observation, ...]:
    """The same observation of other topics."""
    return tuple(replace(observation, topic=topic) for topic in topics)
