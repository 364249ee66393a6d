"""When to call a tool, which, and with what: by the words of the request and the tool's own description.

It stands apart from answering with a result, which comes a turn later and reads the result, not the request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.simulator.skills.conversation import Call, Conversation, Tool, Turn
from harness.simulator.skills.instances import arguments_for
from harness.simulator.skills.patterns import find, find_all
from harness.simulator.skills.request import Request
from harness.simulator.skills.schemas import resolved, type_of
from harness.simulator.skills.slots import found_values, kind_of
from harness.simulator.skills.values import split_name
from harness.simulator.skills.words import stem, stems, vocabulary, words

MOST_TOOLS = 200
LONGEST_NAME = 80
MOST_CALLS = 16
_WORTH_CALLING = 1.0
"""Score from which a tool is called unasked: its own name's word, or a couple of words of its description."""

_FIRM = 1.2
"""Score of a request that has a word of the tool's own name."""

_IDLE = frozenset(
    stem(word)
    for word in vocabulary(
        """get fetch find call make do run tool function api given return returns current current specified
        provided value string number name input output use used user for the data information info result
        results perform performs operation request new set list based like e.g eg optional required such two
        one city example text query place location people person object parameter parameters will this
        way thing good today day can system service simple basic all any available please help question
        answer"""
    )
)
# Everyday words that ask for the same thing; each row is one family.
_FAMILIES = tuple(
    frozenset(stem(word) for word in row.split())
    for row in (
        (
            "weather rain raining rainy sunny snow snowing temperature forecast umbrella warm "
            "cold hot windy degrees cloudy humid"
        ),
        "calculate calculator compute arithmetic math sum add multiply plus minus divide evaluate expression product",
        "search google lookup browse web internet find news latest",
        "email mail message send",
        "time clock timezone hour o'clock",
        "stock share price ticker quote trading market",
        "convert exchange currency rate usd eur dollars euros",
        "book reserve reservation booking table",
        "flight fly flights airline plane",
        "hotel room stay accommodation",
        "calendar meeting schedule event appointment",
        "remind reminder alarm timer",
        "translate translation",
        "order purchase buy package shipment delivery tracking track",
        "light lights lamp switch",
        "distance far route directions drive navigate map",
        "play song music",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What was called since the last request, and what came of it."""

    calls: tuple[Call, ...]
    results: tuple[tuple[Call, str], ...]


def wanted_calls(request: Request) -> tuple[Call, ...]:
    """The calls to make now; () where none is called for."""
    conversation = request.conversation
    choice = conversation.tool_choice or "auto"
    tools = conversation.tools[:MOST_TOOLS]
    if not tools or choice == "none":
        return ()
    named = next((tool for tool in tools if choice.startswith("name:") and tool.name == choice[5:]), None)
    text = request.text
    if named is not None:
        wanted = _calls_of(named, text, conversation)
    elif choice == "required":
        wanted = _matching(text, tools, conversation) or _calls_of(
            max(tools, key=lambda tool: match_score(tool, text)), text, conversation
        )
    else:
        wanted = _matching(text, tools, conversation)
    made = {_fingerprint(call) for call in since_request(conversation).calls}
    left = [call for call in wanted if _fingerprint(call) not in made]
    if not left and choice != "auto":
        left = wanted
    return tuple(left[: MOST_CALLS if conversation.parallel else 1])


def since_request(conversation: Conversation) -> _Past:
    """Calls and their results after the last user message."""
    turns: list[Turn] = []
    for turn in reversed(conversation.messages):
        if turn.role not in {"assistant", "tool", "system", "developer"}:
            break
        turns.insert(0, turn)
    calls = [call for turn in turns for call in turn.tool_calls]
    by_id = {call.id: call for call in calls if call.id}
    unlinked = iter(calls)
    results = []
    for turn in turns:
        if turn.role == "tool":
            call = by_id.get(turn.tool_call_id or "") or next(unlinked, Call(name="tool"))
            results.append((call, turn.text))
    return _Past(calls=tuple(calls), results=tuple(results))


def _fingerprint(call: Call) -> str:
    return f"{call.name} {json.dumps(call.arguments, sort_keys=True, default=str).lower()}"


def _matching(text: str, tools: tuple[Tool, ...], conversation: Conversation) -> list[Call]:
    """Calls for each part of the request that a tool fits, in the order of the request."""
    if find(
        (
            r"\b(?:without (?:using |calling )?(?:any |the |a )?(?:tools?|functions?)|(?:don't|"
            r"do not|never) (?:use|call)(?: any| the| a)? (?:tools?|functions?))\b"
        ),
        text,
    ):
        return []
    found: list[Call] = []
    previous: Tool | None = None
    for clause in _clauses(text):
        best = max(tools, key=lambda tool: match_score(tool, clause))
        if not _worth(best, clause, conversation):
            # "... and in Bergen?" goes on with the tool of the part before.
            best_or_none = previous if previous is not None and _continues(clause, previous) else None
            if best_or_none is None:
                continue
            best = best_or_none
        if any(call.name == best.name for call in found) and not _has_values(best, clause):
            continue
        found += _calls_of(best, clause, conversation)
        previous = best
    if not found:
        best = max(tools, key=lambda tool: match_score(tool, text))
        if _worth(best, text, conversation):
            found = _calls_of(best, text, conversation)
    unique = {_fingerprint(call): call for call in found}
    return list(unique.values())


def _worth(tool: Tool, text: str, conversation: Conversation) -> bool:
    """Whether the request, unasked, is for this tool: its words fit, and it has something for the tool to work on."""
    score = match_score(tool, text)
    if score < _WORTH_CALLING:
        return False
    needed, schema = _required(tool), _properties(tool)
    spoken = f"{text}\n{_earlier(conversation)}"
    held = [bool(found_values(name, _rule(schema.get(name), tool), spoken)) for name in needed]
    # A fit in name is firm, so one value will do; a word of the same family also stands in poems and small talk.
    return not held or (any(held) if score >= _FIRM else all(held))


def _clauses(text: str) -> list[str]:
    """Sentences, cut again where a second question or order begins."""
    parts: list[str] = []
    cut = (
        r"[.!?;\n]+\s+|,?\s+(?:and|then|also)\s+(?=(?:also |then |please )*(?:what|how|is|are|"
        r"when|where|who|get|find|check|tell|send|book|search|calculate|convert|add|multiply|"
        r"look|show|give|play|set|turn|compute|fetch|schedule|remind|create|translate|"
        r"order)\b)"
    )
    at = 0
    for match in find_all(cut, text):
        parts.append(text[at : match.end()])
        at = match.end()
    parts.append(text[at:])
    return [part.strip() for part in parts if part.strip()]


def _continues(clause: str, tool: Tool) -> bool:
    """Whether a clause names a value for the tool and nothing else of note."""
    names = _required(tool)
    schema = _properties(tool)
    spoken = any(found_values(name, resolved(schema.get(name), tool.parameters), clause) for name in names)
    return spoken and len(stems(clause)) <= 4 and bool(find(r"^(?:and|also|what about|how about|then|in)\b", clause))  # noqa: PLR2004 - a value, no request


def match_score(tool: Tool, text: str) -> float:
    """How well the request's words fit the tool: its name counts most, its description less."""
    held = set(stems(text)) | {
        stem(word) for word in words(text) if word.lower() in {"time", "date", "find", "search", "list", "tell"}
    }
    if find(rf"(?<!\w){_escaped(tool.name)}(?!\w)", text) and len(tool.name) > 2:  # noqa: PLR2004 - too short to mean it
        return 5.0
    name = {stem(part) for part in split_name(tool.name)} - _IDLE
    described = set(stems(tool.description[:1500])) - _IDLE - name
    family = [row for row in _FAMILIES if row & (name | described)]
    score = 1.2 * len(held & name) + 0.45 * len(held & described)
    score += sum(1.0 if row & name else 0.5 for row in family if row & held and not row & held & name)
    if score and find(r"\b(?:use|call|using|via) (?:the |a |your )?(?:\w+ )?(?:tool|function)\b", text):
        score += 0.6
    if _computes(name | described) and find(r"\d\s*[-+*/×÷^]\s*\d", text):  # noqa: RUF001 - marks that people write
        score += 1.0
    return score


def _computes(about: set[str]) -> bool:
    return bool(
        about
        & {
            stem(word)
            for word in ("calculate", "calculator", "compute", "arithmetic", "math", "expression", "evaluate")
        }
    )


def _escaped(name: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else f"\\{c}" for c in name[:LONGEST_NAME] if c.isprintable())


def _properties(tool: Tool) -> Mapping[str, Any]:
    rules = resolved(tool.parameters, tool.parameters)
    properties = rules.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _required(tool: Tool) -> list[str]:
    listed = tool.parameters.get("required")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _calls_of(tool: Tool, text: str, conversation: Conversation) -> list[Call]:
    """One call, or one for each value where the request lists several for the argument that matters."""
    matter = text if _has_values(tool, text) else f"{text}\n{_earlier(conversation)}"
    arguments = arguments_for(tool.parameters, matter)
    spread = _spread(tool, text)
    if spread is None:
        return [Call(name=tool.name, arguments=arguments)]
    name, values = spread
    return [Call(name=tool.name, arguments={**arguments, name: value}) for value in values[:MOST_CALLS]]


def _has_values(tool: Tool, text: str) -> bool:
    schema = _properties(tool)
    needed = _required(tool) or list(schema)[:1]
    return all(found_values(name, _rule(schema.get(name), tool), text) for name in needed)


def _rule(schema: Any, tool: Tool) -> dict[str, Any]:
    rules = resolved(schema, tool.parameters)
    return {**rules, "type": type_of(rules)}


def _earlier(conversation: Conversation) -> str:
    """What users said before, the latest first: 'and what about tomorrow?' leaves the city unsaid."""
    turns = [
        turn.text[:1500]
        for turn in conversation.messages
        if turn.role not in {"system", "developer", "assistant", "tool"}
    ]
    return "\n".join(turns[:-1][::-1][:5])


def _spread(tool: Tool, text: str) -> tuple[str, list[Any]] | None:
    """The first argument for which the request lists several values of a kind that comes one at a time."""
    schema = _properties(tool)
    for name in [*_required(tool), *schema]:
        rule = _rule(schema.get(name), tool)
        if (
            rule["type"] == "string"
            and kind_of(name, rule) in {"place", "symbol", "code", "email"}
            and "enum" not in rule
        ):
            values = found_values(name, rule, text)
            if len(values) > 1:
                return name, values
    return None
