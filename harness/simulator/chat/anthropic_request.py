"""A request in the shape of Anthropic's messages API, put into the shape of chat completions.

It stands apart so that one reading, with its order and its refusals, serves both: here only the shape is known.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from harness.simulator.chat.fields import (
    Body,
    one_of,
    read_flag,
    read_integer,
    read_list,
    read_object,
    read_text,
    required,
)
from harness.simulator.chat.refusal import unreadable
from harness.simulator.chat.request import as_body, find_chat_model
from harness.simulator.profile import Profile

Json = dict[str, Any]
_SAME: Final = ("model", "max_tokens", "temperature", "top_p", "stream")
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}


def as_chat_body(body: Any, profile: Profile) -> Json:
    """The request as a chat completion would have it.

    raises  Refusal, with the names that the client sent wherever the shape itself is wrong
    """
    fields = as_body(body)
    find_chat_model(fields, profile)
    required(read_integer(fields.get("max_tokens"), "max_tokens"), "max_tokens")
    chat: Json = {name: fields[name] for name in _SAME if name in fields}
    system = _joined_text(fields.get("system"), "system")
    messages: list[Json] = [{"role": "system", "content": system}] if system else []
    for number, entry in enumerate(required(read_list(fields.get("messages"), "messages"), "messages")):
        place = f"messages[{number}]"
        messages += _messages(required(read_object(entry, place), place), place)
    chat["messages"] = messages
    if fields.get("stop_sequences") is not None:
        chat["stop"] = fields["stop_sequences"]
    tools = [
        _tool(entry, f"tools[{number}]") for number, entry in enumerate(read_list(fields.get("tools"), "tools") or ())
    ]
    return chat | ({"tools": tools} if tools else {}) | _choice(fields.get("tool_choice"))


def _messages(message: Body, place: str) -> Iterator[Json]:
    """One message as one or more: results of tools are messages of their own, and come first."""
    role = required(read_text(message.get("role"), f"{place}.role"), f"{place}.role")
    one_of(role, f"{place}.role", ("user", "assistant"))
    content = message.get("content")
    if content is None:
        raise unreadable(f"missing field `{place}.content`")
    if isinstance(content, str):
        yield {"role": role, "content": content}
        return
    parts: list[Json] = []
    calls: list[Json] = []
    for number, entry in enumerate(required(read_list(content, f"{place}.content"), f"{place}.content")):
        here = f"{place}.content[{number}]"
        block = required(read_object(entry, here), here)
        kind = required(read_text(block.get("type"), f"{here}.type"), f"{here}.type")
        one_of(kind, f"{here}.type", ("text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking"))
        if kind == "tool_result":
            yield _result(block, here)
        elif kind == "tool_use":
            calls.append(_call(block, here))
        elif kind in {"text", "image"}:
            parts.append(_text(block, here) if kind == "text" else _image(block, here))
    if parts or calls:
        yield {"role": role, "content": parts or None} | ({"tool_calls": calls} if calls else {})


def _text(block: Body, place: str) -> Json:
    return {"type": "text", "text": required(read_text(block.get("text"), f"{place}.text"), f"{place}.text")}


def _image(block: Body, place: str) -> Json:
    source = required(read_object(block.get("source"), f"{place}.source"), f"{place}.source")
    kind = required(read_text(source.get("type"), f"{place}.source.type"), f"{place}.source.type")
    one_of(kind, f"{place}.source.type", ("base64", "url"))
    if kind == "url":
        url = required(read_text(source.get("url"), f"{place}.source.url"), f"{place}.source.url")
    else:
        name = f"{place}.source.media_type"
        media_type = required(read_text(source.get("media_type"), name), name)
        content = required(read_text(source.get("data"), f"{place}.source.data"), f"{place}.source.data")
        url = f"data:{media_type};base64,{content}"
    return {"type": "image_url", "image_url": {"url": url}}


def _call(block: Body, place: str) -> Json:
    arguments = read_object(block.get("input"), f"{place}.input") or {}
    name = required(read_text(block.get("name"), f"{place}.name"), f"{place}.name")
    return {
        "id": required(read_text(block.get("id"), f"{place}.id"), f"{place}.id"),
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
    }


def _result(block: Body, place: str) -> Json:
    link = required(read_text(block.get("tool_use_id"), f"{place}.tool_use_id"), f"{place}.tool_use_id")
    text = _joined_text(block.get("content"), f"{place}.content")
    return {"role": "tool", "tool_call_id": link, "content": text}


def _joined_text(value: Any, place: str) -> str:
    """A string, or the texts of a list of blocks; '' for null."""
    if value is None or isinstance(value, str):
        return value or ""
    texts = []
    for number, entry in enumerate(required(read_list(value, place), place)):
        block = required(read_object(entry, f"{place}[{number}]"), f"{place}[{number}]")
        texts.append(read_text(block.get("text"), f"{place}[{number}].text") or "")
    return "\n".join(filter(None, texts))


def _tool(value: Any, place: str) -> Json:
    entry = required(read_object(value, place), place)
    name = required(read_text(entry.get("name"), f"{place}.name"), f"{place}.name")
    schema = read_object(entry.get("input_schema"), f"{place}.input_schema")
    description = read_text(entry.get("description"), f"{place}.description") or ""
    function: Json = {"name": name, "description": description}
    if schema is not None:
        # Anthropic's schemas may leave the properties out, as for a function without arguments.
        function["parameters"] = {"properties": {}, **schema}
    return {"type": "function", "function": function}


def _choice(value: Any) -> Json:
    wanted = read_object(value, "tool_choice")
    if wanted is None:
        return {}
    kind = required(read_text(wanted.get("type"), "tool_choice.type"), "tool_choice.type")
    one_of(kind, "tool_choice.type", (*_CHOICES, "tool"))
    alone = read_flag(wanted.get("disable_parallel_tool_use"), "tool_choice.disable_parallel_tool_use")
    choice: Any = _CHOICES.get(kind)
    if kind == "tool":
        name = required(read_text(wanted.get("name"), "tool_choice.name"), "tool_choice.name")
        choice = {"type": "function", "function": {"name": name}}
    return {"tool_choice": choice} | ({"parallel_tool_calls": False} if alone else {})
