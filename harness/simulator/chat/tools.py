"""The tools of a request: declarations and the choice among them, and which of them the server runs itself.

It stands apart because the documents declare a managed tool exactly like a client's function: the one difference, a
declaration without parameters, is decided here and nowhere else.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from harness.simulator.chat.fields import (
    Body,
    one_of,
    read_flag,
    read_list,
    read_object,
    read_text,
    required,
)
from harness.simulator.chat.refusal import invalid, unreadable
from harness.simulator.profile import ModelBehaviour, WireStyle
from harness.simulator.skills.conversation import Tool

MOST_TOOLS: Final = 128
SEARCHES: Final = ("web_search", "x_search")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_QUERY: Final[Body] = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    """What a request says of tools.

    tools    all on offer, those that the server runs included
    managed  names of those that the server runs
    choice   None, 'auto', 'none', 'required' or 'name:<tool>'
    """

    tools: tuple[Tool, ...] = ()
    managed: frozenset[str] = frozenset()
    choice: str | None = None
    parallel: bool = True


def read_tools(
    body: Body, behaviour: ModelBehaviour, wire: WireStyle, lax: frozenset[str] = frozenset()
) -> ToolRequest:
    """The tools, the choice and whether calls may be parallel.

    lax     names of deviations in force: which checks are left out
    raises  Refusal 422 for wrong types and missing fields, 400 for values that cannot be served
    """
    declared = read_list(body.get("tools"), "tools") or ()
    if len(declared) > MOST_TOOLS:
        raise invalid(f"Invalid value for tools: at most {MOST_TOOLS} tools may be declared.")
    if "tools-unchecked" in lax:
        declared = [entry for entry in declared if isinstance(entry, dict) and entry.get("type") == "function"]
    tools = tuple(_read_tool(entry, f"tools[{number}]") for number, entry in enumerate(declared))
    choice = _read_choice(body.get("tool_choice"), tools)
    parallel = read_flag(body.get("parallel_tool_calls"), "parallel_tool_calls")
    runs = wire.managed_search and behaviour.web_search
    managed = frozenset(tool.name for tool in tools if runs and tool.name in SEARCHES and not tool.parameters)
    offered = tuple(
        Tool(name=tool.name, description="Search for current information.", parameters=_QUERY)
        if tool.name in managed
        else tool
        for tool in tools
    )
    return ToolRequest(
        tools=offered,
        managed=managed,
        choice=choice,
        parallel=parallel is not False and behaviour.tools != "limited",
    )


def _read_tool(value: Any, place: str) -> Tool:
    entry = required(read_object(value, place), place)
    kind = required(read_text(entry.get("type"), f"{place}.type"), f"{place}.type")
    one_of(kind, f"{place}.type", ("function",))
    function = required(read_object(entry.get("function"), f"{place}.function"), f"{place}.function")
    name = required(read_text(function.get("name"), f"{place}.function.name"), f"{place}.function.name")
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid value for {place}.function.name: letters, digits, - and _ only, 64 at most.")
    description = read_text(function.get("description"), f"{place}.function.description")
    parameters = read_object(function.get("parameters"), f"{place}.function.parameters")
    if parameters is None and name in SEARCHES:
        return Tool(name=name, description=description or "")
    return Tool(
        name=name,
        description=required(description, f"{place}.function.description"),
        parameters=_checked(required(parameters, f"{place}.function.parameters"), f"{place}.function.parameters"),
    )


def _checked(parameters: Body, place: str) -> Body:
    """The schema, its outermost level checked; what stands deeper is the client's affair."""
    kind = required(read_text(parameters.get("type"), f"{place}.type"), f"{place}.type")
    one_of(kind, f"{place}.type", ("object",))
    required(read_object(parameters.get("properties"), f"{place}.properties"), f"{place}.properties")
    for number, name in enumerate(read_list(parameters.get("required"), f"{place}.required") or ()):
        read_text(name, f"{place}.required[{number}]")
    return parameters


def _read_choice(value: Any, tools: tuple[Tool, ...]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        one_of(value, "tool_choice", ("auto", "none", "required"))
        if value == "required" and not tools:
            raise invalid("Invalid value for tool_choice: 'required' needs tools.")
        return value
    if not isinstance(value, dict):
        raise unreadable("tool_choice: expected a string or an object")
    kind = required(read_text(value.get("type"), "tool_choice.type"), "tool_choice.type")
    one_of(kind, "tool_choice.type", ("function",))
    function = required(read_object(value.get("function"), "tool_choice.function"), "tool_choice.function")
    name = required(read_text(function.get("name"), "tool_choice.function.name"), "tool_choice.function.name")
    if name not in {tool.name for tool in tools}:
        raise invalid(f"Invalid value for tool_choice: no tool is named {name[:80]!r}.")
    return f"name:{name}"
