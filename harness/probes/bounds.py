"""What bounds an answer: a number of tokens, and words at which it stops.

It stands apart from the effects that show only in many replies: here a pair with its control decides.
source  VERDICTS.md, "Effects"
"""

from collections.abc import Sequence
from dataclasses import replace

from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.effect import Measure, said
from harness.probes.observation import Observation, Topic

_CAP = 16
_WIDE = 160


# --- tokens


def bounding(parameter: str) -> Measure:
    """A measure of what bounds an answer's length: a text that is long enough and ends by itself, capped and uncapped.

    A story rather than an enumeration: asked to count, a small model was seen to go on until its context was full.
    """

    async def measure(desk: Desk, topic: Topic) -> Observation:
        body = chat(desk.model or "", "Tell a short story about a lighthouse, in about a hundred words.")
        control = Ask(about=f"without {parameter}", body=body, role="control")
        treatment, wider, wide = (
            Ask(about=f"{parameter} {bound}", body={**body, parameter: bound}, role="treatment")
            for bound in (_CAP, 2 * _CAP, _WIDE)
        )
        answers = await desk.ask(control, treatment, control, treatment)
        free, capped = answers[0::2], answers[1::2]
        read = _read_bounds(topic, free, capped)
        if read.outcome == "unknown" and not read.error and all(map(_is_cut, free)):
            # A bound of the server's own cuts it short: one that is asked for may be wider.
            read = _read_bounds(topic, await desk.ask(wide, wide), capped)
        if read.outcome == "broken" and not _too_many_words(capped):
            return _read_wider(read, capped, await desk.ask(wider, wider))
        return read

    return measure


def _is_cut(seen: Seen) -> bool:
    return seen.ok and seen.reply.finish_reason == "length"


def _too_many_words(capped: Sequence[Seen]) -> bool:
    """Whether there are more words than tokens were allowed, by whoever's count: no token is longer than a word."""
    return all(_words_of(each) > _CAP for each in capped)


def _words_of(seen: Seen) -> int:
    return len(seen.reply.content.split())


def _read_wider(read: Observation, capped: Sequence[Seen], wider: Sequence[Seen]) -> Observation:
    """Too many tokens by the server's count alone: twice the bound tells whether it is the bound that is off."""
    sizes, wide = [visible_tokens(each) for each in capped], [visible_tokens(each) for each in wider]
    evidence = (*read.evidence, *(each.as_evidence() for each in wider))
    words = f"{read.words}; {_shown(wide)} where {2 * _CAP} were"
    read = replace(read, words=words, evidence=evidence, n=read.n + len(wider))
    times = {size / _CAP for size in sizes} | {size / (2 * _CAP) for size in wide}
    uncut = not all(map(_is_cut, (*capped, *wider)))
    if uncut or len(set(sizes) | set(wide)) == 1 or (len(times) == 1 and times.pop().is_integer()):
        return read
    longest = max(map(_words_of, capped))
    words = f"{words}; the longest has {longest} words: whether the bound or the server's count is off cannot be told"
    return replace(read, outcome="unknown", words=words)


def _read_bounds(topic: Topic, free: Sequence[Seen], capped: Sequence[Seen]) -> Observation:
    answers = [each for pair in zip(free, capped, strict=True) for each in pair]
    evidence = tuple(each.as_evidence() for each in answers)
    if not all(each.ok for each in answers):
        failed = next(each for each in answers if not each.ok)
        return Observation(topic=topic, outcome="unknown", words=failed.words, evidence=evidence, error=True)
    sizes, controls = [visible_tokens(each) for each in capped], [visible_tokens(each) for each in free]
    figures = f"{_shown(sizes)} tokens where {_CAP} were allowed, {_shown(controls)} without"
    longest = max(len(said(each)) for each in capped)
    usual = max(len(said(each)) for each in free)
    # An answer may end early of itself, without a bound: then only one that says that it was cut tells something.
    told = all(map(_is_cut, capped))
    short = max(controls) <= 2 * _CAP or (min(controls) <= 2 * _CAP and not told)
    if short and not _too_many_words(capped):
        return Observation(
            topic=topic, outcome="unknown", words=f"{figures}: too short to tell", n=4, evidence=evidence, more=4
        )
    if max(sizes) > _CAP or longest * 2 > usual or _too_many_words(capped):
        outcome = "no-effect" if longest * 2 > usual else "broken"
        return Observation(topic=topic, outcome=outcome, words=figures, grade="E4", n=4, evidence=evidence)  # type: ignore[arg-type]
    ends = sorted({each.reply.finish_reason or "none" for each in capped})
    thought = any((each.reply.usage.reasoning or 0) > _CAP for each in capped)
    words = f"{figures}; finish_reason {', '.join(ends)}" + ("; reasoning is not bounded by it" if thought else "")
    return Observation(topic=topic, outcome="effect", words=words, grade="E4", n=4, evidence=evidence)


def _shown(sizes: Sequence[int]) -> str:
    return " and ".join(map(str, sizes))


def visible_tokens(seen: Seen) -> int:
    """Tokens of the answer that is shown, by the server's own count; its words where it does not count, or too few.

    No token is longer than a word, so that there are never fewer of them.
    """
    usage = seen.reply.usage
    return max(_words_of(seen), (usage.output or 0) - (usage.reasoning or 0))


# --- words


def stopping(as_list: bool) -> Measure:  # noqa: FBT001 - two ways of one field
    """A measure of stop: prompts whose answers surely hold a letter, with that letter as the stop, and without."""

    async def measure(desk: Desk, topic: Topic) -> Observation:
        asks = []
        for prompt, letter in STOPS:
            body = chat(desk.model or "", prompt, max_tokens=60)
            stop = [letter] if as_list else letter
            asks.append(Ask(about="without stop", body=body, role="control"))
            asks.append(Ask(about=f"stop {stop!r}", body={**body, "stop": stop}, role="treatment"))
        answers = await desk.ask(*asks)
        return _read_stops(topic, answers)

    return measure


STOPS = (
    ("Describe a summer day in three sentences.", "e"),
    ("Tell me in three sentences how bread is made.", "a"),
    ("Describe a large city in three sentences.", "t"),
)
"""Prompts, and a letter that their answers surely hold."""


def _read_stops(topic: Topic, answers: Sequence[Seen]) -> Observation:
    evidence = tuple(each.as_evidence() for each in answers)
    if not all(each.accepted for each in answers):
        failed = next(each for each in answers if not each.accepted)
        return Observation(topic=topic, outcome="unknown", words=failed.words, evidence=evidence, error=True)
    free, stopped = answers[0::2], answers[1::2]
    letters = [letter for _, letter in STOPS]
    shown = sum(letter in each.reply.content for each, letter in zip(stopped, letters, strict=True))
    could = sum(letter in each.reply.content for each, letter in zip(free, letters, strict=True))
    ended = all(
        each.reply.content.rstrip().endswith(letter) and each.reply.content.count(letter) == 1
        for each, letter in zip(stopped, letters, strict=True)
    )
    words = f"the stop shows in {shown} of {len(stopped)} answers with it, in {could} of {len(free)} without"
    outcome = "effect"
    if could < len(free):
        outcome = "unknown"
    elif shown:
        outcome = "broken" if ended else "no-effect"
        words += "; each ends with it: it is cut off there, and shown" if ended else ""
    return Observation(
        topic=topic,
        outcome=outcome,  # type: ignore[arg-type]
        words=words,
        grade="E4",
        n=len(answers),
        evidence=evidence,
        more=6 if outcome == "unknown" else 0,
    )
