"""Drafts of requests: fields that were chosen, and at most one that lies outside; and their spelling as bodies.

It stands apart from the drawing so that what is sent is a plain function of what was chosen.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.core.canonical import canonical_json
from harness.probes.domain_values import COMPANIONS, IMAGE_PART, MISSING, QUESTION, TOOL, Domain, Field, Values

_PLAIN = "Say OK."
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What lies outside: a field, and its value there.

    kind  of `Beyond`
    """

    field: Field
    kind: str
    value: Any

    @property
    def words(self) -> str:
        """`temperature 2.01`."""
        if self.kind == "json":
            return f"a body that is no JSON ({self.value})"
        if self.value == MISSING:
            return f"{self.field.name} left out"
        if self.kind == "refused" and len(self.field.path) > 1:
            return self.field.name
        return f"{self.field.name} {shown(self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request as it was drawn.

    chosen  field or form -> value; a form's name has a space in it, and its value is True
    fault   what lies outside; None for a request inside the domain
    """

    model: str
    chosen: Mapping[str, Any]
    fault: Fault | None = None

    @property
    def words(self) -> str:
        """What is in it, in a few words."""
        inside = ", ".join(name if " " in name else f"{name} {shown(value)}" for name, value in self.chosen.items())
        if self.fault is None:
            return f"inside: {inside}" if inside else "a plain request"
        return f"outside: {self.fault.words}" + (f"; beside {inside}" if inside else "")


def shown(value: Any) -> str:
    """A value as it would stand in JSON, cut to what a line holds."""
    text = canonical_json(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def spell(draft: Draft) -> Any:
    """The body: a JSON object, or, where that is the fault, a text that is none."""
    body: dict[str, Any] = {"model": draft.model, "messages": _messages(draft.chosen)}
    body |= {name: value for name, value in draft.chosen.items() if "[" not in name}
    named = draft.fault.field.path[:1] if draft.fault is not None else ()
    for name in (*draft.chosen, *named):
        body |= COMPANIONS.get(str(name), {})
    body = copy.deepcopy(body)
    if draft.fault is None:
        return body
    if draft.fault.kind == "json":
        return _broken(body, draft.fault.value)
    _put(body, draft.fault)
    return body


def _messages(chosen: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if "messages[].role system" in chosen:
        messages.append({"role": "system", "content": "You are terse."})
    if "messages[].role assistant" in chosen:
        messages += [{"role": "user", "content": "Say one."}, {"role": "assistant", "content": "One."}]
    text = chosen.get("messages[].content", _PLAIN)
    # Where a reply is to be JSON, some vendors want the word in the conversation.
    if chosen.get("response_format", {}).get("type") == "json_object":
        text += " Answer in JSON."
    question: dict[str, Any] = {"role": "user", "content": text}
    if "messages[].content image" in chosen:
        question["content"] = [{"type": "text", "text": text}, IMAGE_PART]
    elif "messages[].content parts" in chosen:
        question["content"] = [{"type": "text", "text": text}]
    if "messages[].name" in chosen:
        question["name"] = chosen["messages[].name"]
    messages.append(question)
    if "messages[].role tool" in chosen:
        function = {"name": TOOL["function"]["name"], "arguments": json.dumps({"city": "Oslo"})}
        call = {"id": "call_1", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": "call_1", "content": "12:00"})
    return messages


def _put(body: dict[str, Any], fault: Fault) -> None:
    """Put the value to its place, or take out what is there."""
    place: Any = body
    *steps, last = fault.field.path
    for step in steps:
        if step == QUESTION:
            place = next(message for message in reversed(place) if message["role"] == "user")
        elif isinstance(place, list):
            place = place[int(step)]
        else:
            place = place.setdefault(step, [copy.deepcopy(TOOL)] if step == "tools" else {})
    if fault.value == MISSING:
        place.pop(last, None)
    else:
        place[last] = copy.deepcopy(fault.value)


def _broken(body: Mapping[str, Any], how: str) -> str:
    text = canonical_json(body)
    return {"cut short": text[:-1], "a brace too many": f"{text}}}"}.get(how, text.replace('"', "'"))


def is_free(field: Field, fault: Field | None) -> bool:
    """Whether a field may be drawn beside one that is to lie outside: what is outside must be one thing."""
    if fault is None or not fault.path or not field.path:
        return True
    about = str(fault.path[0])
    return (about == "messages" or field.path[0] != about) and about not in COMPANIONS.get(field.name, {})


def find_alike(draft: Draft, domain: Domain) -> Draft | None:
    """The draft for another model; None if its documents do not say the same of every field in it."""
    for name, value in draft.chosen.items():
        field = domain.find(name)
        if field is None or not any(value in _all(values) for values in field.inside):
            return None
    if any(each <= draft.chosen.keys() for each in domain.never):
        return None
    if draft.fault is None:
        return replace(draft, model=domain.model)
    field = domain.find(draft.fault.field.name)
    if field is None or not any(draft.fault.value in _all(each.values) for each in field.outside):
        return None
    return replace(draft, model=domain.model, fault=replace(draft.fault, field=field))


def _all(values: Values) -> list[Any]:
    return [values.at(index) for index in range(values.count)]
