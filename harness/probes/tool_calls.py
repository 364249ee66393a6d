"""The tools that probes declare, the conversations about them, and what a reply calls.

It stands apart because every probe of tools asks with these, and the watchers read replies by the same reading.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from harness.checks.documents import NotJson, read_json
from harness.checks.schemas import Undecidable, first_violation, schema_fault
from harness.core.chat import ToolCall
from harness.probes.chat_bodies import Json, function, talk
from harness.probes.desk import Seen
from harness.probes.lineup import Lineup

DRAW = function(
    "draw_lot",
    "Draws a lot from an urn and returns the number that is on it.",
    {
        "urn": {"type": "string", "enum": ["red", "green", "blue"], "description": "Which urn"},
        "draws": {"type": "integer", "description": "How many lots to draw"},
    },
    ("urn", "draws"),
)
WEATHER = function(
    "get_weather",
    "The weather in a city at this moment.",
    {"city": {"type": "string", "description": "The name of the city"}},
    ("city",),
)
TOOLS = (WEATHER, DRAW)

GREETING = "Hello! How are you today?"
TEMPTING = "What is the weather in Oslo and in Lima at this moment?"
"""Two questions that only a tool can answer: also asks for two calls in one turn."""

DRAW_PROMPT = "Draw one lot from the red urn, and tell me the number that is on it."
GOOD_ARGUMENTS = '{"urn":"red","draws":1}'

_GROUPED = re.compile("(?<=[0-9])[,.' \u2019\u00a0\u202f_](?=[0-9]{3})")


def named(tool: Mapping[str, Any]) -> Json:
    """The tool_choice that forces a tool."""
    return {"type": "function", "function": {"name": tool_name(tool)}}


def tool_name(tool: Mapping[str, Any]) -> str:
    """The name that a tool is declared under."""
    return str(tool["function"]["name"])


def calls_of(seen: Seen, tool: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The calls of one tool in a reply."""
    return tuple(call for call in seen.reply.tool_calls if call.name == tool_name(tool))


def fault_of(call: ToolCall, tool: Mapping[str, Any]) -> str | None:
    """What is wrong with a call's arguments, in words; None if they are a JSON text that keeps to the tool's schema."""
    try:
        arguments = read_json(call.arguments)
    except NotJson as fault:
        return f"its arguments are no JSON text: {fault}"
    if not isinstance(arguments, dict):
        return f"its arguments are no object: {call.arguments[:80]}"
    schema = tool["function"].get("parameters")
    if not isinstance(schema, Mapping) or schema_fault(schema) is not None:
        return None
    try:
        violation = first_violation(schema, arguments)
    except Undecidable:
        return None
    return None if violation is None else f"its arguments break the schema {violation}"


def unguessable(random: Random) -> int:
    """A number of five digits, drawn afresh, that no answer holds by chance."""
    return random.randrange(10_100, 99_900)


def holds_number(text: str, number: int) -> bool:
    """Whether a text has the number, written with or without a mark between thousands."""
    plain = _GROUPED.sub("", text)
    return re.search(rf"(?<![0-9]){number}(?![0-9])", plain) is not None


def answered(
    model: str, call: ToolCall, number: int, *, tools: Sequence[Json] = (), answers: str | None = None
) -> Json:
    """The request that returns a drawn number to the model: question, call and result.

    call     as the server made it, sent back unchanged
    answers  the id that the result is for; the call's own if None
    """
    messages: list[Json] = [
        {"role": "user", "content": DRAW_PROMPT},
        {"role": "assistant", "content": None, "tool_calls": [spelled(call)]},
        {"role": "tool", "tool_call_id": call.id if answers is None else answers, "content": f'{{"number": {number}}}'},
    ]
    return talk(model, messages, **({"tools": list(tools)} if tools else {}))


def spelled(call: ToolCall) -> Json:
    """A call as it is sent back."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def raw_calls(seen: Seen) -> Iterator[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]:
    """The messages of a plain reply that call tools, each with its calls, as JSON: wrong types are left out."""
    document = seen.document
    choices = document.get("choices") if isinstance(document, dict) else None
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        if isinstance(message, dict) and isinstance(calls, list) and calls:
            yield message, [call for call in calls if isinstance(call, dict)]


def uses_tools(lineup: Lineup, model: str) -> bool:
    """Whether a model may be asked to call tools: it is not documented otherwise."""
    return not any(lineup.lacks(model, name) for name in ("tool_use", "function_calling"))


def tool_models(lineup: Lineup) -> tuple[str, ...]:
    """The models whose tool use is watched."""
    return tuple(model for model in lineup.models if uses_tools(lineup, model))


def tool_model(lineup: Lineup) -> str | None:
    """The model that stands for promises about tools: one that does not reason and has no limits, if there is one."""
    models = tool_models(lineup)
    free = [model for model in models if lineup.capability(model, "tool_use") != "limited"]
    return next((model for model in free if lineup.reasons(model) is False), next(iter(free or models), None))
