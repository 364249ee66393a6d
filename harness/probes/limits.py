"""Promises about rate limits: the headers that tell them, on every reply, and whether what remains falls.

It stands apart from the probes of overload because a limit is only read here: nothing is ever sent to reach one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

from harness.core.claims import Claim
from harness.probes.desk import Seen
from harness.probes.family import Family, Rule, Undecidable, Watched
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Topic
from harness.probes.reply_fields import base_of, chat_replies, fact_of, hold_against, unknown, unseen
from harness.wire.untrusted import shown

LIMITS = {"rpm": "x-ratelimit-limit-requests", "tpm": "x-ratelimit-limit-tokens"}
"""The header that tells what is allowed in a minute, by what a claim calls it."""

_INTEGER = re.compile(r"[0-9]{1,18}")
# Servers write '480', '480.0' and '480;w=60'; what a header allows is the number that it begins with.
_NUMBER = re.compile(r"([0-9]{1,18})(?:\.0+)?(?![0-9.])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]00:00)", re.ASCII)
_TIMESTAMP = "RFC 3339 UTC timestamp"
_FORMATS = ("integer", _TIMESTAMP)


def number_of(told: str | None) -> int | None:
    """The number that a header begins with; None if there is none, or it is no whole one."""
    found = _NUMBER.match(told.strip()) if told is not None else None
    return int(found[1]) if found else None


def is_moment(told: str) -> bool:
    """Whether a text is a date and time of RFC 3339, in UTC."""
    if not _MOMENT.fullmatch(told):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", told))
    except ValueError:
        return False
    return True


# --- rules


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.observable != "wire" or claim.needs:
        return None
    if claim.kind == "rate_header" and claim.subject.type == "header":
        return _header_rule(claim, lineup)
    named = _named_limit(claim)
    if claim.kind != "rate_limit" or named is None:
        return None
    models = lineup.models if claim.subject.type != "model" else (claim.subject.id,)
    if not set(models) <= set(lineup.models):
        return Undecidable(reason="the model is not among those asked")
    return _on_replies(_limit_topic(*named), models)


def _header_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable:
    header, value = claim.subject.id.lower(), claim.value
    if "remaining" in value:
        return _on_replies(f"header.{header} falls", lineup.models)
    if value.get("format") not in (None, *_FORMATS) or not isinstance(value.get("present", True), bool):
        return Undecidable(reason=f"no probe knows the format '{value.get('format')}'")
    return _on_replies(_header_topic(claim), lineup.models)


def _on_replies(name: str, models: Iterable[str]) -> Rule:
    topics = tuple(Topic(name, model) for model in models)
    return Rule(topics=topics, rides_on=tuple(base_of(topic.model) for topic in topics))


def _header_topic(claim: Claim) -> str:
    how = claim.value.get("format", "present") if claim.value.get("present", True) else "absent"
    return f"header.{claim.subject.id.lower()} {how}"


def _named_limit(claim: Claim) -> tuple[str, int, int] | None:
    """What is limited, and the least and most that the claim allows; None if it is about something else."""
    for name in LIMITS:
        bounds = [claim.value.get(key) for key in (name, f"{name}_min", f"{name}_max")]
        exact, low, high = (each if _is_count(each) else None for each in bounds)
        if exact is not None:
            return name, exact, exact
        if low is not None and high is not None:
            return name, low, high
    return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _limit_topic(name: str, low: int, high: int) -> str:
    return f"limit.{name} {low}" if low == high else f"limit.{name} {low} to {high}"


# --- what is seen


def _watch(watched: Watched) -> Iterator[Observation]:
    for model in watched.lineup.models:
        replies = chat_replies(watched, model)
        for topic, observed in _looks(watched, model, replies):
            found = observed or unseen(watched, topic)
            if found is not None:
                yield found


def _looks(watched: Watched, model: str, replies: Sequence[Seen]) -> Iterator[tuple[Topic, Observation | None]]:
    for claim in watched.lineup.register.claims:
        named = _named_limit(claim) if claim.kind == "rate_limit" else None
        if named is not None:
            topic = Topic(_limit_topic(*named), model)
            yield topic, _observe_limit(topic, named, replies)
        if claim.kind != "rate_header" or not isinstance(_rule(claim, watched.lineup), Rule):
            continue
        header = claim.subject.id.lower()
        if "remaining" in claim.value:
            topic = Topic(f"header.{header} falls", model)
            yield topic, _observe_fall(topic, header, replies)
        else:
            topic = Topic(_header_topic(claim), model)
            yield topic, _observe_header(topic, header, claim, replies)


def _observe_header(topic: Topic, header: str, claim: Claim, replies: Sequence[Seen]) -> Observation | None:
    if not claim.value.get("present", True):
        return hold_against(topic, replies, partial(_fault_of_presence, header), f"{header} is absent")
    if replies and not any(each.attempt.header(header) is not None for each in replies):
        words = f"{header} is absent from {len(replies)} replies of {len(replies)}"
        return fact_of(topic, words, replies[:2], n=len(replies), holds=False)
    form = claim.value.get("format")
    fact = f"{header} is present" + (f", and is an {form}" if form else "")
    return hold_against(topic, replies, partial(_fault_of_form, header, form), fact)


def _fault_of_presence(header: str, seen: Seen) -> str:
    told = seen.attempt.header(header)
    return "" if told is None else f"{header} is {shown(told)}"


def _fault_of_form(header: str, form: str | None, seen: Seen) -> str:
    told = seen.attempt.header(header)
    if told is None:
        return f"{header} is absent"
    fine = {"integer": bool(_INTEGER.fullmatch(told)), _TIMESTAMP: is_moment(told)}.get(form or "", True)
    return "" if fine else f"{header} is {shown(told)}, which is no {form}"


def _observe_limit(topic: Topic, named: tuple[str, int, int], replies: Sequence[Seen]) -> Observation | None:
    name, low, high = named
    header = LIMITS[name]
    if not replies:
        return None
    if not any(number_of(each.attempt.header(header)) is not None for each in replies):
        told = next((found for each in replies if (found := each.attempt.header(header)) is not None), None)
        words = (
            f"{header} is {'absent from' if told is None else f'{shown(told)}, no number, on'} {len(replies)} replies"
        )
        return unknown(topic, f"{words}: nothing tells the limit, and none is provoked", replies[:2])
    fact = f"{header} is {low}" if low == high else f"{header} lies from {low} to {high}"
    return hold_against(topic, replies, partial(_fault_of_limit, header, low, high), fact)


def _fault_of_limit(header: str, low: int, high: int, seen: Seen) -> str | None:
    told = number_of(seen.attempt.header(header))
    if told is None:
        # That it is missing, or no number, is what the claims about the header itself are for.
        return None
    return "" if low <= told <= high else f"{header} is {told}"


# --- what remains


def _observe_fall(topic: Topic, header: str, replies: Sequence[Seen]) -> Observation | None:
    """From one request to the next of the same window, what remains falls by one at least: others may run beside.

    Windows are told apart by the header that says when they end. A rise says nothing: something was given back.
    """
    told = [each for each in _in_a_row(replies, topic) if number_of(each.attempt.header(header)) is not None]
    if not told:
        absent = [each for each in replies if each.attempt.header(header) is None]
        if not replies or len(absent) < len(replies):
            return unknown(topic, f"no two requests in a row show {header}", replies[:1], more=2) if replies else None
        words = f"{header} is absent from {len(replies)} replies of {len(replies)}"
        return fact_of(topic, words, replies[:2], n=len(replies), holds=False)
    pairs = [(first, second) for first, second in pairwise(told) if _same_window(first, second, header)]
    stuck = [pair for pair in pairs if _remains(pair[0], header) == _remains(pair[1], header)]
    falling = [pair for pair in pairs if _remains(pair[0], header) > _remains(pair[1], header)]
    row = " -> ".join(str(_remains(each, header)) for each in told)
    if stuck and (not falling or _ends(stuck[0][0], header) is not None):
        if _is_refilled(stuck[0][0], header):
            return unknown(topic, f"{header} over requests in a row: {row}; it may be refilled between them", told)
        return fact_of(
            topic, f"{header} over requests in a row: {row}; it stands still", told, n=len(told), holds=False
        )
    if falling:
        return fact_of(topic, f"{header} over requests in a row: {row}", told, n=len(told))
    return unknown(topic, f"{header} over requests in a row: {row}; no two lie in one window", told, more=2)


def _in_a_row(replies: Sequence[Seen], topic: Topic) -> list[Seen]:
    """The requests of the base probe: each was sent when the one before had been answered."""
    return [each for each in replies if each.id.startswith(f"base@{topic.model}#")]


def _remains(seen: Seen, header: str) -> int:
    return number_of(seen.attempt.header(header)) or 0


def _ends(seen: Seen, header: str) -> str | None:
    """When the window ends, where that is told as a moment; a duration changes with the request."""
    told = seen.attempt.header(header.replace("remaining", "reset"))
    return told if told is not None and is_moment(told) else None


def _same_window(first: Seen, second: Seen, header: str) -> bool:
    ends = _ends(first, header), _ends(second, header)
    return ends[0] == ends[1]


def _is_refilled(seen: Seen, header: str) -> bool:
    """One less than allowed, with no moment at which a window ends: what a bucket that fills steadily shows always."""
    allowed = number_of(seen.attempt.header(header.replace("remaining", "limit")))
    return _ends(seen, header) is None and allowed is not None and _remains(seen, header) == allowed - 1


FAMILY = Family(name="limits", rule=_rule, watch=_watch)
