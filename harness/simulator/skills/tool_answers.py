"""Sentences made of what tools returned.

It stands apart because nothing here looks at what could be called: only results, and the question they answer.
"""

import json
from collections.abc import Mapping
from typing import Any

from harness.simulator.skills.conversation import Call
from harness.simulator.skills.patterns import find
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.tool_use import since_request
from harness.simulator.skills.values import split_name
from harness.simulator.skills.words import joined, stem, words

MOST_FACTS = 12
AKIN = 4
"""Letters from which one word may be the beginning of another, as 'rain' of 'rainy'."""

MOST_TEXT = 2000


def answer_with_results(request: Request) -> Said | None:
    """What the results since the last request say; None where there are none."""
    results = since_request(request.conversation).results
    if not results:
        return None
    told = [_told(call, text, request.text) for call, text in results[:16]]
    brief = _short(results, request.text)
    return Said(full=" ".join(told), brief=brief)


def _told(call: Call, text: str, question: str) -> str:
    held = _parsed(text)
    about = _about(call)
    if isinstance(held, Mapping):
        problem = held.get("error") or held.get("error_message")
        if problem:
            return f"The {_name(call)} tool reported an error{about}: {_value(problem)}."
        facts = [
            f"the {_spaced(str(key))} is {_value(value)}"
            for key, value in list(held.items())[:MOST_FACTS]
            if not _repeats(value, call)
        ]
        statement = joined(facts) or f"the result is {_value(held)}"
    elif isinstance(held, list):
        statement = f"the results are {joined([_value(item) for item in held[:MOST_FACTS]]) or 'none'}"
    else:
        plain = (held if isinstance(held, str) else _value(held)).strip()[:MOST_TEXT]
        if len(plain.split()) > 3:  # noqa: PLR2004 - a sentence of the tool's own
            return plain if plain[-1] in ".!?" else f"{plain}."
        statement = f"the result is {plain or 'empty'}"
    opening = _yes_or_no(question, text)
    sentence = (
        f"{about.strip().capitalize()[:1]}{about.strip()[1:]}, {statement}."
        if about
        else f"{statement[:1].upper()}{statement[1:]}."
    )
    return f"{opening}{sentence}"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if len(text) < 200_000 else text  # noqa: PLR2004 - larger results are quoted
    except (ValueError, RecursionError):
        return text


def _about(call: Call) -> str:
    """' in Oslo' or ' for 17 * 23': what the call was about, by its first plain argument."""
    for name, value in list(call.arguments.items())[:5]:
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            place = {"city", "location", "place", "town", "country", "region"} & set(split_name(str(name)))
            return f" {'in' if place else 'for'} {str(value)[:100]}"
    return ""


def _name(call: Call) -> str:
    return call.name or "called"


def _spaced(name: str) -> str:
    return " ".join(split_name(name)) or name


def _repeats(value: Any, call: Call) -> bool:
    return isinstance(value, str) and value.lower() in {str(one).lower() for one in call.arguments.values()}


def _value(value: Any, depth: int = 0) -> str:
    if isinstance(value, Mapping) and depth < 3:  # noqa: PLR2004 - deeper is told in brief
        return (
            joined(
                [f"{_spaced(str(key))} {_value(inner, depth + 1)}" for key, inner in list(value.items())[:MOST_FACTS]]
            )
            or "empty"
        )
    if isinstance(value, list) and depth < 3:  # noqa: PLR2004 - as above
        return joined([_value(inner, depth + 1) for inner in value[:MOST_FACTS]]) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "unknown" if value is None else str(value)[:MOST_TEXT].strip().rstrip(".")


def _yes_or_no(question: str, result: str) -> str:
    """'Yes. ' where a yes-or-no question's own word is in the result."""
    last = question.strip().split("\n")[-1][:300]
    if not find(r"(?:^|[.!?,]\s*)(?:is|are|will|does|do|did|has|have|should|was|can)\b[^?]{0,200}\?", last):
        return ""
    asked = {stem(word) for word in words(last) if len(word) > 3}  # noqa: PLR2004 - words that say something
    held = {stem(word) for word in words(result[:MOST_TEXT])}
    shared = {
        a
        for a in asked
        for b in held
        if a == b or (min(len(a), len(b)) >= AKIN and (a.startswith(b) or b.startswith(a)))
    }
    return (
        "Yes. " if shared - {stem(word) for word in ("weather", "temperature", "condition", "city", "location")} else ""
    )


def _short(results: tuple[tuple[Call, str], ...], question: str) -> str:
    """The one value that the question is about, where there is one."""
    asked = {stem(word) for word in words(question)}
    chosen = []
    for _, text in results[:16]:
        held = _parsed(text)
        if isinstance(held, Mapping):
            named = [
                value
                for key, value in held.items()
                if {stem(part) for part in split_name(str(key))} & asked and not isinstance(value, Mapping | list)
            ]
            plain = [
                value
                for key, value in held.items()
                if not isinstance(value, Mapping | list) and str(value).lower() not in question.lower()
            ]
            value = next(iter(named or plain), held)
            chosen.append(_value(value))
        else:
            chosen.append(_value(held))
    return ", ".join(chosen)
