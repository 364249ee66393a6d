"""What each parameter does, and the cheapest requests that show it.

It stands apart from the statistics, which are exact tests, and from the rules: here stand prompts, settings, measures.
source  VERDICTS.md, "Effects"
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.probes.bounds import STOPS, bounding, stopping
from harness.probes.chat_bodies import Json, chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.effect import Effect, Measure, said
from harness.probes.family import Outlay
from harness.probes.ladder import LEVEL, Climb, Climbed
from harness.probes.observation import Observation, Topic
from harness.stats import difference_of_repeats, distinct_p, rank_sum_p

OPEN_PROMPT = "Invent a small island and describe it in two sentences."
SMALLEST_VARIETY = 0.5
"""Smallest effect on variety worth seeing: by how much the chance that two replies differ must change."""

SMALLEST_REPETITION = 0.1
"""Smallest effect of a penalty worth seeing: by how much the share of text that came before must change."""

_TALE = 40
_TRIES = 8
_BEGUN = 40
"""Letters by which two replies are known to be one, where the one may be longer."""


# --- variety: temperature, top_p, seed


def variety(parameter: str, low: Mapping[str, Any], high: Mapping[str, Any]) -> Measure:
    """A measure of how much replies to one open prompt differ under two settings; `high` is the freer one."""

    async def measure(desk: Desk, topic: Topic) -> Observation:
        climbed = await _vary(desk, low, high)
        if climbed.failed and all(each.refused for each in climbed.failed):
            # A server may refuse what is documented; whether the parameter does anything shows within what it takes.
            climbed = await _vary(desk, _calmer(low), _calmer(high))
        return _read_variety(parameter, topic, climbed)

    return measure


def _calmer(setting: Mapping[str, Any]) -> dict[str, Any]:
    return {**setting, "temperature": min(1, setting["temperature"])}


async def _vary(desk: Desk, low: Mapping[str, Any], high: Mapping[str, Any]) -> Climbed:
    def ask(setting: Mapping[str, Any], role: str) -> Callable[[int], Ask]:
        shown = ", ".join(f"{key} {value}" for key, value in setting.items())
        body = chat(desk.model or "", OPEN_PROMPT, max_tokens=_TALE, **setting)
        return lambda index: Ask(about=shown, body=_seeded(body, index), role=role)  # type: ignore[arg-type]

    return await Climb(low=ask(low, "control"), high=ask(high, "treatment"), usable=_has_text, test=_distinct).climb(
        desk
    )


async def measure_seed(desk: Desk, topic: Topic) -> Observation:
    """One seed against many; neither a cache nor a server that leaves nothing to chance shows what a seed does."""
    one: dict[str, Any] = {"temperature": 1, "seed": 7}
    climbed = await _vary(desk, one, {"temperature": 1, "seed": "{index}"})
    read = _read_variety("seed", topic, climbed)
    if read.outcome == "no-effect" and len({said(each) for each in (*climbed.low, *climbed.high)}) == 1:
        return await _is_there_chance(desk, read, said(climbed.low[0]))
    if read.outcome != "effect":
        return read
    free = chat(desk.model or "", OPEN_PROMPT, max_tokens=_TALE, temperature=1)
    unseeded = await desk.ask(*[Ask(about="without a seed", body=free, role="control")] * 2)
    if len({said(each) for each in unseeded if _has_text(each)}) != 1:
        return read
    # Equal bodies draw equal replies even so: is it the seed that does it, or that the bodies are equal?
    longer = [
        Ask(about=f"seed 7, {tokens} tokens", body=chat(desk.model or "", OPEN_PROMPT, max_tokens=tokens, **one))
        for tokens in (_TALE + 4, _TALE + 8)
    ]
    again = [each for each in await desk.ask(*longer) if _has_text(each)]
    begun = said(climbed.low[0])[:_BEGUN]
    if again and all(said(each).startswith(begun) for each in again):
        return read
    words = f"{read.words}; but equal requests draw equal replies without it, too, as a cache would answer them"
    evidence = tuple(each.as_evidence() for each in (*unseeded, *again))
    return replace(read, outcome="unknown", words=words, evidence=(*read.evidence, *evidence))


async def _is_there_chance(desk: Desk, read: Observation, text: str) -> Observation:
    """Every reply is the same: no seed moves anything, or there is nothing that one could move."""
    cold = [
        Ask(
            about=f"temperature 0, seed {seed}",
            body=chat(desk.model or "", OPEN_PROMPT, max_tokens=_TALE, temperature=0, seed=seed),
        )
        for seed in (7, 8)
    ]
    answers = await desk.ask(*cold)
    evidence = (*read.evidence, *(each.as_evidence() for each in answers))
    if all(_has_text(each) for each in answers) and text not in {said(each) for each in answers}:
        words = f"{read.words}; every reply is the same, and another at temperature 0: what is drawn, no seed moves"
        return replace(read, words=words, evidence=evidence)
    words = f"{read.words}; every reply is the same, so there is no chance here that a seed could fix"
    return replace(read, outcome="unknown", words=words, evidence=evidence)


def _seeded(body: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The body, with a seed of its own where the setting asks for one."""
    return {key: index + 1 if value == "{index}" else value for key, value in body.items()}


def _has_text(seen: Seen) -> bool:
    return seen.ok and bool(said(seen))


def _distinct(low: Sequence[Seen], high: Sequence[Seen]) -> float:
    return distinct_p([said(each) for each in low], [said(each) for each in high])


def _read_variety(parameter: str, topic: Topic, climbed: Climbed) -> Observation:
    low, high = ([said(each) for each in side] for side in (climbed.low, climbed.high))
    figures = f"{len(set(low))} different replies of {len(low)} and {len(set(high))} of {len(high)}"
    if climbed.shown:
        return _statistical(topic, "effect", f"{figures}: {parameter} changes how much replies differ", climbed)
    if climbed.failed:
        return _statistical(
            topic, "unknown", f"{len(climbed.failed)} requests failed: {climbed.failed[0].words}", climbed
        )
    if climbed.inverted:
        return _statistical(topic, "broken", f"{figures}: it works the other way round", climbed)
    bound = difference_of_repeats(low, high)
    why_open = _why_open(parameter, low, high, climbed)
    if not why_open and bound.high < SMALLEST_VARIETY:
        words = f"{figures}; the chance that two differ changes by at most {bound.high:.2f}"
        return _statistical(topic, "no-effect", words, climbed)
    return _statistical(topic, "unknown", figures + why_open, climbed, more=0 if why_open else 2 * len(low))


def _why_open(parameter: str, low: Sequence[str], high: Sequence[str], climbed: Climbed) -> str:
    """Why replies that vary no more than others say nothing of a parameter; '' if they do."""
    if _thoughts_alone(climbed):
        return f"; {_THOUGHTS}"
    if len(set(low)) == len(set(high)) == 1:
        if low[0] != high[0]:
            return ", and the two differ: each may come from a cache"
        if parameter == "top_p":
            return ", and there is no chance to narrow"
    return ""


# What is thought may be drawn at settings of its own: an effect on it is one, and no effect says nothing.
_THOUGHTS = "thoughts alone are shown within so few tokens"


def _thoughts_alone(climbed: Climbed) -> bool:
    return not all(each.reply.content.strip() for each in (*climbed.low, *climbed.high))


def _statistical(topic: Topic, outcome: str, words: str, climbed: Climbed, more: int = 0) -> Observation:
    return Observation(
        topic=topic,
        outcome=outcome,  # type: ignore[arg-type]
        words=words,
        grade="E4",
        n=climbed.n,
        p=climbed.p,
        evidence=climbed.evidence,
        more=more,
        error=bool(climbed.failed) and outcome == "unknown",
    )


# --- repetition: the penalties

_REPEAT = "Write the word tree forty times in a row, with spaces between."
_VARY = "Write forty different words in a row, with spaces between."
_LONG = 100
_PIECE = 6
"""Letters of a piece of text. Pieces, not words: line breaks may be what is repeated, or a part of one long word."""


def repeated_share(seen: Seen) -> float:
    """The share of six-letter pieces of an answer, each beginning at a letter of its own, that came before in it."""
    text = _text_of(seen)
    pieces = [text[start : start + _PIECE] for start in range(len(text) - _PIECE + 1)]
    return 1 - len(set(pieces)) / len(pieces) if pieces else 0.0


def _text_of(seen: Seen) -> str:
    """What is shown, or thought where nothing is; blanks count, for they are repeated too."""
    return seen.reply.content or seen.reply.reasoning or ""


def repetition(parameter: str) -> Measure:
    """A measure of how much an answer repeats itself at the parameter's two documented ends."""

    async def measure(desk: Desk, topic: Topic) -> Observation:
        def ask(value: float, role: str) -> Callable[[int], Ask]:
            body = chat(desk.model or "", OPEN_PROMPT, max_tokens=_LONG, **{parameter: value})
            return lambda _: Ask(about=f"{parameter} {value}", body=body, role=role)  # type: ignore[arg-type]

        climbed = await Climb(
            low=ask(2.0, "treatment"), high=ask(-2.0, "control"), usable=_is_measurable, test=_more_repeated
        ).climb(desk)
        shares = [sum(map(repeated_share, side)) / len(side) if side else 0.0 for side in (climbed.low, climbed.high)]
        figures = f"{shares[0]:.0%} of the text came before at 2, {shares[1]:.0%} at -2"
        if climbed.shown:
            return _statistical(topic, "effect", figures, climbed)
        if climbed.failed:
            return _statistical(topic, "unknown", f"requests failed: {climbed.failed[0].words}", climbed)
        if climbed.inverted:
            return _statistical(topic, "broken", f"{figures}: it works the other way round", climbed)
        if _thoughts_alone(climbed):
            return _statistical(topic, "unknown", f"{figures}; {_THOUGHTS}", climbed)
        if climbed.p is not None and climbed.p <= LEVEL and shares[1] - shares[0] >= SMALLEST_REPETITION:
            return _statistical(topic, "unknown", figures, climbed, more=2 * len(climbed.low))
        return await _against_a_positive_control(desk, _statistical(topic, "no-effect", figures, climbed))

    return measure


def _is_measurable(seen: Seen) -> bool:
    return seen.ok and len(_text_of(seen)) > _PIECE


def _more_repeated(low: Sequence[Seen], high: Sequence[Seen]) -> float:
    return rank_sum_p([repeated_share(each) for each in low], [repeated_share(each) for each in high])


async def _against_a_positive_control(desk: Desk, read: Observation) -> Observation:
    """No effect, if the measure moves here with something that is known to move it; else it is not known."""
    model = desk.model or ""
    varied, repeated = (chat(model, prompt, max_tokens=_LONG) for prompt in (_VARY, _REPEAT))
    hot, cold = (chat(model, OPEN_PROMPT, max_tokens=_LONG, temperature=value) for value in (2, 0))
    for what, less, more in (("temperature", hot, cold), ("the prompt", varied, repeated)):
        p, seen = await _try_control(desk, what, less, more)
        read = replace(read, evidence=(*read.evidence, *(each.as_evidence() for each in seen)))
        if p is not None and p <= LEVEL:
            return replace(read, words=f"{read.words}; the same measure moves with {what} (p {p:.3f})")
    return replace(read, outcome="unknown", words=f"{read.words}; nothing else moves it here either")


async def _try_control(desk: Desk, what: str, less: Json, more: Json) -> tuple[float | None, Sequence[Seen]]:
    """One-sided p that the second body's answers repeat themselves more, and the answers; None if too few came."""
    asks = [
        Ask(about=f"positive control: {what}", body=body, role="control")
        for _ in range(_TRIES)
        for body in (less, more)
    ]
    seen = await desk.ask(*asks)
    few, many = ([each for each in seen[start::2] if _is_measurable(each)] for start in (0, 1))
    return (_more_repeated(few, many) if min(len(few), len(many)) == _TRIES else None), seen


def _table() -> dict[str, Effect]:
    from harness.probes.alternatives import ALTERNATIVES
    from harness.probes.effort import measure_effort

    varied = Outlay(requests=18, at_most=66, input_tokens=450, output_tokens=650)
    repeated = Outlay(requests=18, at_most=66, input_tokens=450, output_tokens=1_600)
    bounded = Outlay(requests=6, at_most=10, input_tokens=150, output_tokens=400)
    stop = Outlay(requests=8, input_tokens=200, output_tokens=250)
    counts = Counter(prompt for prompt, _ in STOPS)
    assert len(counts) == len(STOPS)  # noqa: S101 - three different prompts, or a cache could answer
    return {
        **{
            name: Effect(parameter=name, example=64, measure=bounding(name), outlay=bounded)
            for name in ("max_tokens", "max_completion_tokens")
        },
        "temperature": Effect(
            parameter="temperature",
            example=0.7,
            measure=variety("temperature", {"temperature": 0}, {"temperature": 2}),
            outlay=varied,
        ),
        "top_p": Effect(
            parameter="top_p",
            example=0.9,
            measure=variety("top_p", {"temperature": 1.5, "top_p": 0.001}, {"temperature": 1.5, "top_p": 1}),
            outlay=varied,
        ),
        "seed": Effect(
            parameter="seed",
            example=7,
            measure=measure_seed,
            outlay=Outlay(requests=20, at_most=40, input_tokens=500, output_tokens=730),
        ),
        "stop": Effect(parameter="stop", example=["zq"], measure=stopping(as_list=True), outlay=stop),
        "stop.string": Effect(parameter="stop", example="zq", measure=stopping(as_list=False), outlay=stop),
        "frequency_penalty": Effect(
            parameter="frequency_penalty",
            example=0.5,
            measure=repetition("frequency_penalty"),
            outlay=repeated,
        ),
        "presence_penalty": Effect(
            parameter="presence_penalty",
            example=0.5,
            measure=repetition("presence_penalty"),
            outlay=repeated,
        ),
        "reasoning_effort": Effect(
            parameter="reasoning_effort",
            example="high",
            measure=measure_effort,
            outlay=Outlay(requests=24, at_most=134, input_tokens=900, output_tokens=600),
        ),
        **ALTERNATIVES,
    }


EFFECTS = _table()
