"""Parameters that show what might have been said: n, logprobs, top_logprobs, logit_bias; and user, which shows nothing.

It stands apart from the other effects because these are facts of a reply's form, and need no statistics.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.catalogue.numbers import is_number
from harness.core.verdict import Role
from harness.probes.chat_bodies import WORDS, Json, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.effect import Effect
from harness.probes.family import Outlay
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import try_it

CHOICES = 3
_FEW, _MORE = 2, 5
_SHORT = "Name three colours."
_COUNT = "Write the numbers from 1 to 20, separated by commas."
# No tokenizer is known: whichever tokens these are, a bias of 100 leaves no other a chance, so an answer repeats one.
_FORCED = (1_000, 2_000, 3_000, 5_000)
# A vocabulary may be smaller than these.
_LOW = (40, 80, 120, 200)
_ROOM = 1_000
_REPEATS = 3
_ROUNDING = 1e-4


_Side = tuple[Seen, ...]
"""The answers of one side of a comparison."""


async def _both(desk: Desk, control: Json, treatment: Json, what: str) -> tuple[_Side, _Side]:
    """Two of each, interleaved."""
    sides: tuple[tuple[Json, Role, str], ...] = (
        (control, "control", f"without {what}"),
        (treatment, "treatment", f"with {what}"),
    )
    asks = [Ask(about=about, body=body, role=role) for _ in range(2) for body, role, about in sides]
    answers = await _ask_for_words(desk, asks)
    return answers[0::2], answers[1::2]


async def _ask_for_words(desk: Desk, asks: Sequence[Ask]) -> tuple[Seen, ...]:
    """The answers; where one was cut off before its first word, as by thoughts, with room for these."""
    answers = await desk.ask(*asks)
    if not any(each.ok and not each.reply.content and each.reply.finish_reason == "length" for each in answers):
        return answers
    return await desk.ask(*(replace(each, body={**each.body, "max_tokens": _ROOM}) for each in asks))


def _observed(topic: Topic, outcome: Outcome, words: str, *sides: _Side) -> Observation:
    """The observation of what was compared; an answer that is none leaves it open, whatever the others say."""
    answers = [each for side in sides for each in side]
    failed = next((each for each in answers if not each.ok), None)
    return Observation(
        topic=topic,
        outcome=outcome if failed is None else "unknown",
        words=words if failed is None else failed.words,
        grade="E4",
        n=len(answers),
        evidence=tuple(each.as_evidence() for each in answers),
        more=len(answers) if failed is None and outcome == "unknown" else 0,
        error=failed is not None,
    )


def choices_of(seen: Seen) -> list[Mapping[str, Any]]:
    """The choices of a reply as they stand in its body; none if it has none."""
    document = seen.document
    choices = document.get("choices") if isinstance(document, Mapping) else None
    return [each for each in choices if isinstance(each, Mapping)] if isinstance(choices, list) else []


# --- n


async def measure_n(desk: Desk, topic: Topic) -> Observation:
    """Three choices with the indexes 0 to 2, and one without n."""
    body = chat(desk.model or "", _SHORT, max_tokens=12)
    control, treatment = await _both(desk, body, {**body, "n": CHOICES}, f"n {CHOICES}")
    counts = [[len(choices_of(each)) for each in side] for side in (control, treatment)]
    indexes = [[choice.get("index") for choice in choices_of(each)] for each in treatment]
    figures = f"{_spoken(counts[1])} choices where {CHOICES} were asked for, {_spoken(counts[0])} without n"
    outcome: Outcome = "broken"
    if all(set(map(repr, each)) == {"0", "1", "2"} and len(each) == CHOICES for each in indexes):
        outcome = "effect" if set(counts[0]) == {1} else "no-effect"
    elif set(counts[1]) == set(counts[0]):
        outcome = "no-effect"
    elif set(counts[1]) == {CHOICES}:
        figures += f"; their indexes are {indexes[0]!r}"[:120]
    return _observed(topic, outcome, figures, control, treatment)


def _spoken(counts: Sequence[int]) -> str:
    return " and ".join(map(str, counts))


# --- logprobs


def entries_of(seen: Seen) -> list[Any]:
    """What stands for the tokens of a reply's first choice; nothing if it has no logprobs."""
    first = next(iter(choices_of(seen)), {})
    logprobs = first.get("logprobs")
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    return content if isinstance(content, list) else []


async def measure_logprobs(desk: Desk, topic: Topic) -> Observation:
    """Entries that join to the answer, no probability above 1, and none of it unless asked for."""
    body = chat(desk.model or "", _SHORT, max_tokens=24)
    control, treatment = await _both(desk, body, {**body, "logprobs": True}, "logprobs")
    given = [len(entries_of(each)) for each in treatment]
    unasked = [len(entries_of(each)) for each in control]
    figures = f"{_spoken(given)} tokens with their logprob, {_spoken(unasked)} without logprobs"
    if not all(each.reply.content for each in treatment):
        return _observed(topic, "unknown", f"{figures}; an answer is empty", control, treatment)
    if not any(given) or all(unasked):
        return _observed(topic, "no-effect", figures, control, treatment)
    fault = next((fault for each in treatment for fault in _faults(each)), None)
    words = f"{figures}; {fault or 'joined, they give the answer, and no logprob is above 0'}"
    return _observed(topic, "effect" if fault is None else "broken", words, control, treatment)


def _faults(seen: Seen) -> Iterator[str]:
    """What is wrong with the entries of a reply."""
    entries = entries_of(seen)
    if not all(_is_entry(each) for each in entries):
        yield "an entry has no token, or its logprob is no number up to 0"
        return
    content, joined = seen.reply.content.strip(), _joined(entries).strip()
    # A last entry may be the end mark, which no answer shows.
    if content not in (joined, _joined(entries[:-1]).strip()):
        yield f"joined, their tokens give {joined[:40]!r}, and the answer is {content[:40]!r}"


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("token"), str) and _is_logprob(entry.get("logprob"))


def _is_logprob(value: Any) -> bool:
    return is_number(value) and value <= _ROUNDING and not math.isnan(value)


def _joined(entries: Sequence[Mapping[str, Any]]) -> str:
    """The text of tokens; by their bytes where all have them, as one letter may be several tokens."""
    parts = [each.get("bytes") for each in entries]
    if all(isinstance(part, list) and all(_is_byte(one) for one in part) for part in parts):
        return b"".join(bytes(part) for part in parts if part).decode("utf-8", "replace")
    return "".join(each["token"] for each in entries)


def _is_byte(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255  # noqa: PLR2004 - a byte


async def measure_top_logprobs(desk: Desk, topic: Topic) -> Observation:
    """As many alternatives for each token as are asked for, the likeliest first."""
    body = chat(desk.model or "", _SHORT, max_tokens=12, logprobs=True)
    few, more = await _both(
        desk,
        {**body, "top_logprobs": _FEW},
        {**body, "top_logprobs": _MORE},
        f"top_logprobs {_MORE} in place of {_FEW}",
    )
    sizes = [sorted({len(_tops(entry)) for each in side for entry in entries_of(each)}) for side in (few, more)]
    figures = (
        f"{_spoken(sizes[0]) or 'no'} alternatives where {_FEW} were asked for, {_spoken(sizes[1]) or 'no'} "
        f"where {_MORE} were"
    )
    if sizes == [[_FEW], [_MORE]]:
        sound = all(_is_ranked(entry) for side in (few, more) for each in side for entry in entries_of(each))
        words = figures if sound else f"{figures}; they are not in order, or a logprob is no number up to 0"
        return _observed(topic, "effect" if sound else "broken", words, few, more)
    if not all(each.reply.content for side in (few, more) for each in side):
        return _observed(topic, "unknown", f"{figures}; an answer is empty", few, more)
    return _observed(topic, "no-effect" if sizes[0] == sizes[1] else "broken", figures, few, more)


def _tops(entry: Any) -> list[Any]:
    tops = entry.get("top_logprobs") if isinstance(entry, Mapping) else None
    return tops if isinstance(tops, list) else []


def _is_ranked(entry: Any) -> bool:
    tops = _tops(entry)
    if not all(_is_entry(each) for each in tops):
        return False
    ranked = [each["logprob"] for each in tops]
    return ranked == sorted(ranked, reverse=True)


# --- logit_bias


async def measure_logit_bias(desk: Desk, topic: Topic) -> Observation:
    """A token that is forced repeats itself, whichever it is; an answer that goes on counting was not biased."""
    read = await _force(desk, topic, _FORCED)
    return await _force(desk, topic, _LOW) if read.outcome == "no-effect" else read


async def _force(desk: Desk, topic: Topic, tokens: Sequence[int]) -> Observation:
    body = chat(desk.model or "", _COUNT, max_tokens=12, temperature=0)
    control = Ask(about="without logit_bias", body=body, role="control")
    forced = [
        Ask(about=f"token {token} forced", body={**body, "logit_bias": {str(token): 100}}, role="treatment")
        for token in tokens
    ]
    answers = await _ask_for_words(desk, [control, *forced[:2], control, *forced[2:]])
    free, biased = (answers[0], answers[3]), (*answers[1:3], *answers[4:])
    plain = [each.reply.content for each in free]
    texts = [each.reply.content for each in biased]
    units = [repeated_unit(text) for text in texts]
    repeating = [unit for unit in units if unit]
    figures = f"with one token forced, {len(repeating)} of {len(texts)} answers repeat one piece of text"
    outcome: Outcome = "unknown"
    if not any(repeated_unit(text) for text in plain):
        if len(repeating) > len(texts) / 2 and len(set(repeating)) > 1:
            outcome = "effect"
        elif all(plain) and (set(texts) == set(plain) or all(_counts(text) for text in (*plain, *texts))):
            outcome = "no-effect"
            figures += ": they go on as without it"
    return _observed(topic, outcome, figures, free, biased)


def repeated_unit(text: str) -> str:
    """The shortest piece that a text is made of, three times or more; '' if there is none."""
    squeezed = text[:400]
    for size in range(1, len(squeezed) // _REPEATS + 1):
        unit = squeezed[:size]
        if (unit * (len(squeezed) // size + 1))[: len(squeezed)] == squeezed:
            return unit.strip() or unit
    return ""


def _counts(text: str) -> bool:
    return text.replace(" ", "").startswith("1,2,3")


# --- user


async def measure_user(desk: Desk, topic: Topic) -> Observation:
    """Nothing of it can be seen; but whoever reads it refuses what is no text."""
    body = chat(desk.model or "", say(desk.random.choice(WORDS)))
    wrong = Ask(about="user that is no text", body={**body, "user": {"name": 1}}, wrong=True)
    tried = await try_it(desk, wrong, Ask(about="without user", body=body))
    named = tried.answer == "rejected" and any(each.names("user") for each in tried.tries)
    how = "refused by name" if named else "refused" if tried.answer == "rejected" else "not refused"
    return Observation(
        topic=topic,
        outcome="accepted",
        words=f"a text is accepted; what is no text is {how}",
        grade="E2" if named else "E1",
        n=len(tried.tries),
        evidence=tried.evidence,
        by_name=named,
    )


def _effect(parameter: str, example: Any, measure: Callable[..., Any], requests: int, **beside: Any) -> Effect:
    outlay = Outlay(requests=requests, at_most=14, input_tokens=25 * requests, output_tokens=20 * requests)
    return Effect(parameter=parameter, example=example, measure=measure, outlay=outlay, beside=beside)


ALTERNATIVES = {
    "n": _effect("n", 2, measure_n, 6),
    "logprobs": _effect("logprobs", True, measure_logprobs, 6),  # noqa: FBT003 - the field's value
    "top_logprobs": _effect("top_logprobs", _FEW, measure_top_logprobs, 6, logprobs=True),
    "logit_bias": _effect("logit_bias", {str(_FORCED[0]): -1}, measure_logit_bias, 8),
    "user": _effect("user", "harness", measure_user, 8),
}
"""Effects by parameter."""
