"""A chat request in the words of the Messages API: content blocks, tools, choices of tools.

It stands apart from the reading of replies: what is said in a request and what is understood in a reply share no rule.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from harness.core.canonical import canonical_json
from harness.core.chat import ChatRequest, Message, Part
from harness.wire.untrusted import Notes, NotJson, read_json

DEFAULT_MAX_TOKENS = 1024
"""Sent where the request names no `max_tokens`: the API requires one, and has no default of its own."""

# A request nests its arguments some levels down, so that what can just be read could not be written.
_MAX_DEPTH = 100
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


def fields_of(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON object.

    Left out is what has no counterpart: a message's `name`, a part's `detail`. Sent as it is, for the server to judge:
    `response_format`, `deferred`, and every parameter but `stop` and `tool_choice`, which have other words here.
    """
    fields: dict[str, Any] = {"max_tokens": DEFAULT_MAX_TOKENS}
    if request.stream:
        fields["stream"] = True
    if request.tools:
        fields["tools"] = [_tool(tool) for tool in request.tools]
    if request.response_format:
        fields["response_format"] = request.response_format
    if request.deferred:
        fields["deferred"] = True
    fields |= _params(request.params)
    system = "\n\n".join(message.plain for message in request.messages if message.role == "system")
    if system:
        fields["system"] = system
    return fields | {"model": request.model, "messages": _messages(request.messages)}


def _params(params: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(params)
    if "stop" in fields and "stop_sequences" not in fields:
        stop = fields.pop("stop")
        fields["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if "tool_choice" in fields:
        fields["tool_choice"] = _tool_choice(fields["tool_choice"])
    return fields


def _tool_choice(choice: Any) -> Any:
    """OpenAI's words in Anthropic's; anything else as it is."""
    if isinstance(choice, str):
        return {"type": _CHOICES[choice]} if choice in _CHOICES else choice
    if isinstance(choice, Mapping) and choice.get("type") == "function":
        function = choice.get("function")
        return {"type": "tool", "name": function.get("name") if isinstance(function, Mapping) else choice.get("name")}
    return choice


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function in Anthropic's form; a tool that is already in it, or that the server runs, as it is."""
    function = tool.get("function")
    if not isinstance(function, Mapping):
        return dict(tool)
    spelled = {"input_schema" if key == "parameters" else key: value for key, value in function.items()}
    return {"input_schema": {"type": "object", "properties": {}}} | spelled


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation without its system messages; results of one round of calls make one message of the user's."""
    spelled: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            if not results:
                spelled.append({"role": "user", "content": results})
            results.append(_tool_result(message))
            continue
        if message.role != "system":
            spelled.append({"role": message.role, "content": _content(message)})
            results = []
    return spelled


def _tool_result(message: Message) -> dict[str, Any]:
    content = [_part(part) for part in message.parts] if message.text is None else message.text
    return {"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": content}


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.tool_calls and (message.text is not None or not message.parts):
        return message.text or ""
    blocks = [_part(part) for part in message.parts] if message.text is None else []
    if message.text:
        blocks.append({"type": "text", "text": message.text})
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)}
        for call in message.tool_calls
    ]
    return blocks


def _part(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    if part.image[:5].lower() != "data:":
        return {"type": "image", "source": {"type": "url", "url": part.image}}
    head, _, content = part.image[5:].partition(",")
    media_type, *options = head.split(";")
    if "base64" not in options:
        content = b64encode(unquote_to_bytes(content.encode("utf-8", "surrogatepass"))).decode()
    source = {"type": "base64", "media_type": media_type or "text/plain", "data": content}
    return {"type": "image", "source": source}


def _input(arguments: str) -> object:
    """The arguments of a call as the JSON value that they are; as a text where they are none, for the server to judge.

    None is what canonical JSON cannot hold, such as NaN or an absurd number, or what is nested too deeply.
    """
    notes = Notes()
    try:
        value = read_json(arguments, notes)
        canonical_json(value)
    except (NotJson, ValueError, RecursionError):
        return arguments
    return arguments if notes.all() or _depth(value) > _MAX_DEPTH else value


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [item for items in inner for item in items]
    return depth
