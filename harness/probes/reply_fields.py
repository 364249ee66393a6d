"""What chat replies look like: which answers of a run are replies, one field of each, and a fact held against all.

It stands apart from the claims about fields, usage, prices and limits because all four look at the same replies, and
must agree on which ones count.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from harness.probes.desk import Seen
from harness.probes.family import Watched
from harness.probes.observation import Observation, Topic
from harness.wire.untrusted import list_of, object_of

_DAY_S = 86_400
# Where a reply has no Date to compare with: from 2001 to 2286, which leaves out small numbers and milliseconds.
_EARLIEST, _LATEST = 10**9, 10**10


class Place(NamedTuple):
    """One place in a reply where a field may stand; `there` is False if it does not."""

    value: Any
    there: bool = True


Check = Callable[[Seen], str | None]
"""What is wrong with a reply, in words; '' if nothing is, None if it cannot be asked of this one."""


def chat_replies(watched: Watched, model: str) -> tuple[Seen, ...]:
    """Every answer of a model to a chat request that was taken and could be read, streamed or not.

    What is broken on its way is left out, as are promises of a deferred reply, and what answers a request that is wrong
    on purpose: none says how replies are. A reply under another name is another model's.
    """
    return tuple(each for each in _answers(watched, model) if each.ok)


def whole_replies(watched: Watched, model: str) -> tuple[Seen, ...]:
    """Every answer that came as one JSON object and means to be a reply, even if nothing can be read from it."""
    answers = (each for each in _answers(watched, model) if each.accepted and not each.ask.streams)
    return tuple(each for each in answers if {"choices", "object"} & set(object_of(each.document)))


def _answers(watched: Watched, model: str) -> Iterator[Seen]:
    provider = watched.lineup.provider
    found = provider.find_model(model)
    names = None if found is None or provider.open_models else {found.id, *found.aliases, None}
    for seen in watched.of(model):
        ask, reply = seen.ask, seen.reply
        if ask.chats and reply.deferred_id is None and not reply.pending and (names is None or reply.model in names):
            yield seen


def places(document: Any, field: str) -> tuple[Place, ...]:
    """Where a field stands, or should: `choice.x` and `message.x` once for each choice, others once.

    field  names joined by dots
    """
    first, _, rest = field.partition(".")
    if first == "choice" and rest:
        return tuple(_down(choice, rest) for choice in choices(document))
    if first == "message" and rest:
        return tuple(_down(object_of(choice).get("message"), rest) for choice in choices(document))
    return (_down(document, field),)


def choices(document: Any) -> list[Any]:
    """The choices of a reply, whatever they are; none where there is no list of them."""
    return list_of(object_of(document).get("choices"))


def _down(value: Any, path: str) -> Place:
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return Place(None, there=False)
        value = value[name]
    return Place(value)


def finish_reasons(seen: Seen) -> list[Any]:
    """Why each choice of a whole reply ended, as it says itself."""
    return [each.value for each in places(seen.document, "choice.finish_reason")]


def has_thought(seen: Seen) -> bool:
    """Whether a reply shows that the model reasoned, by its count or its text."""
    return bool(seen.reply.usage.reasoning or seen.reply.reasoning)


# --- types


def _is_number(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}
TIMESTAMP = "unix timestamp"


def is_known_type(name: str) -> bool:
    """Whether `fits` can decide a type as documents spell it, such as `string|null`, `Choice[]`, `unix timestamp`."""
    parts = [part.strip() for part in name.split("|")]
    return all(part in _TYPES or part == TIMESTAMP or part.endswith("[]") for part in parts)


def fits(value: Any, name: str, seen: Seen) -> bool:
    """Whether a value is of a type; a list of what is no plain type is one of objects.

    seen  the reply that it stands in: a time is held against the reply's own Date
    """
    return any(_is_of(value, part.strip(), seen) for part in name.split("|"))


def misfit(value: Any, name: str, seen: Seen) -> str:
    """Why a value is not of a type, as the end of a sentence; '' if it is."""
    if fits(value, name, seen):
        return ""
    if TIMESTAMP in name.split("|") and _is_integer(value) and _EARLIEST <= value < _LATEST:
        sent = date_of(seen)
        now = f"and the reply was sent on {sent:%Y-%m-%d}" if sent is not None else "and not of now"
        return f"which is a unix timestamp of {datetime.fromtimestamp(value, UTC):%Y-%m-%d}, {now}"
    return f"which is no {name}"


def _is_of(value: Any, name: str, seen: Seen) -> bool:
    if name == TIMESTAMP:
        return _is_timestamp(value, seen)
    if name.endswith("[]"):
        each = _TYPES.get(name.removesuffix("[]"), _TYPES["object"])
        return isinstance(value, list) and all(map(each, value))
    return _TYPES[name](value)


def _is_timestamp(value: Any, seen: Seen) -> bool:
    if not _is_integer(value):
        return False
    answered = date_of(seen)
    if answered is None:
        return bool(_EARLIEST <= value < _LATEST)
    return bool(abs(value - int(answered.timestamp())) <= _DAY_S)


def date_of(seen: Seen) -> datetime | None:
    """When a reply says that it was sent, by its Date header."""
    told = seen.attempt.header("date")
    if told is None:
        return None
    try:
        found = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


# --- a fact, and all replies


def hold_against(topic: Topic, replies: Sequence[Seen], check: Check, fact: str) -> Observation | None:
    """A fact that must hold of every reply: of how many it does, or the first of which it does not.

    fact     in words, as 'id is a string'
    returns  None if there is no reply to look at
    """
    if not replies:
        return None
    answers = [(each, check(each)) for each in replies]
    asked = [(each, fault) for each, fault in answers if fault is not None]
    if not asked:
        return unknown(topic, f"none of {len(replies)} replies can show whether {fact}", replies[:1])
    wrong = [(each, fault) for each, fault in asked if fault]
    right = [each for each, fault in asked if not fault]
    if not wrong:
        return fact_of(topic, f"{fact}: {_of_all(len(asked))}", right[:2], n=len(asked))
    first, fault = wrong[0]
    others = f"; {len(wrong)} of {len(asked)} replies are not as documented" if len(asked) > 1 else ""
    return fact_of(topic, f"{fault}{others}", [first, *right[:1]], n=len(asked), holds=False)


def _of_all(count: int) -> str:
    return f"{count} replies of {count}" if count > 1 else "the one reply that there is"


def fact_of(topic: Topic, words: str, shown_by: Sequence[Seen], *, n: int, holds: bool = True) -> Observation:
    """What was seen in replies.

    shown_by  the replies that are cited
    """
    return Observation(
        topic=topic,
        outcome="holds" if holds else "broken",
        words=words,
        grade="E3",
        n=n,
        evidence=tuple(each.as_evidence() for each in shown_by),
    )


def unknown(topic: Topic, words: str, shown_by: Sequence[Seen] = (), *, more: int = 0) -> Observation:
    """What replies leave open."""
    evidence = tuple(each.as_evidence() for each in shown_by)
    return Observation(topic=topic, outcome="unknown", words=words, n=len(shown_by), evidence=evidence, more=more)


def unseen(watched: Watched, topic: Topic) -> Observation | None:
    """Why a topic's model has no reply: what became of the probe that was to draw some; None if it drew some."""
    drawn = watched.observations.get(base_of(topic.model))
    if drawn is None or drawn.outcome == "holds":
        return None
    return replace(drawn, topic=topic)


def base_of(model: str | None) -> Topic:
    """The topic of the probe that draws an ordinary reply, one that is cut, and one that was thought about."""
    return Topic("base", model)
