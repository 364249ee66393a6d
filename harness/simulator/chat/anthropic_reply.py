"""A completion written out as Anthropic's messages API has it: one message, or the events of a stream.

It stands apart because its stream is a grammar of its own: named events that open, fill and close blocks.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from harness.simulator.chat.completion import Choice, Completion

Json = dict[str, Any]
Event = tuple[str, Json]
_STOPS: Final = {"length": "max_tokens", "tool_calls": "tool_use"}


def render_message(completion: Completion) -> Json:
    """The unstreamed reply."""
    choice = completion.choices[0]
    return _envelope(completion) | {
        "content": list(_blocks(choice)),
        "stop_reason": _stop_reason(choice),
        "stop_sequence": choice.stopped_by,
        "usage": _usage(completion),
    }


def render_events(completion: Completion) -> list[Event]:
    """The stream: pairs of an event's name and its payload."""
    choice = completion.choices[0]
    empty: Json = {"content": [], "stop_reason": None, "stop_sequence": None}
    opening = _envelope(completion) | empty | {"usage": _usage(completion) | {"output_tokens": 0}}
    events: list[Event] = [_event("message_start", message=opening)]
    for number, block in enumerate(_blocks(choice)):
        start, deltas = _opened(block, choice)
        events.append(_event("content_block_start", index=number, content_block=start))
        events += [_event("content_block_delta", index=number, delta=delta) for delta in deltas]
        events.append(_event("content_block_stop", index=number))
    closing = {"stop_reason": _stop_reason(choice), "stop_sequence": choice.stopped_by}
    usage = {"output_tokens": _usage(completion)["output_tokens"]}
    return [*events, _event("message_delta", delta=closing, usage=usage), _event("message_stop")]


def _event(kind: str, **fields: Any) -> Event:
    return kind, {"type": kind, **fields}


def _envelope(completion: Completion) -> Json:
    return {"id": completion.id, "type": "message", "role": "assistant", "model": completion.model}


def _usage(completion: Completion) -> Json:
    """Cached tokens stand beside the input, and thoughts are output, as this API counts."""
    figures = completion.figures
    return {
        "input_tokens": figures.prompt - figures.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": figures.cached,
        "output_tokens": figures.visible + figures.reasoning,
    }


def _stop_reason(choice: Choice) -> str:
    return "stop_sequence" if choice.stopped_by is not None else _STOPS.get(choice.finish_reason, "end_turn")


def _blocks(choice: Choice) -> Iterator[Json]:
    if choice.thought:
        yield {"type": "thinking", "thinking": "".join(choice.thought), "signature": ""}
    if choice.text or not choice.calls:
        yield {"type": "text", "text": choice.text}
    for call in choice.calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)}


def _input(arguments: str) -> Any:
    """The arguments as an object; a deviation may have spoilt their text, which this dialect cannot send."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _opened(block: Json, choice: Choice) -> tuple[Json, list[Json]]:
    """A block as it is opened, empty, and the deltas that fill it."""
    if block["type"] == "thinking":
        start = {"type": "thinking", "thinking": "", "signature": ""}
        return start, [{"type": "thinking_delta", "thinking": piece} for piece in choice.thought]
    if block["type"] == "text":
        pieces = [piece for piece in choice.pieces if piece]
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    text = json.dumps(block["input"], ensure_ascii=False, separators=(",", ":"))
    return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": text}]
