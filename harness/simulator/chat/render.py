"""A completion written out as the vendor's chat dialect has it: one body, or the chunks of a stream.

It stands apart from composing so that a stream and a body are two spellings of one thing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from harness.simulator.chat.completion import Choice, Completion, MadeCall
from harness.simulator.language.sampling import Draw
from harness.simulator.profile import WireStyle

DONE: Final = "[DONE]"
_LONG: Final = 256
_GROUP: Final = 4
_OBSERVED_SECONDS: Final = 3

Json = dict[str, Any]


def render_body(completion: Completion, wire: WireStyle) -> Json:
    """The unstreamed reply."""
    body: Json = {
        "id": completion.id,
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [_choice(choice, number, completion, wire) for number, choice in enumerate(completion.choices)],
        "usage": render_usage(completion, wire),
        "system_fingerprint": completion.fingerprint,
    }
    if completion.citations:
        body["citations"] = list(completion.citations)
    return body


def _choice(choice: Choice, number: int, completion: Completion, wire: WireStyle) -> Json:
    message: Json = {"role": "assistant", "content": wire.content_of_calls if choice.calls else choice.text}
    if choice.thought:
        message["reasoning_content"] = "".join(choice.thought)
    if choice.calls:
        message["tool_calls"] = [_call(call) for call in choice.calls]
    if wire.refusal_null:
        message["refusal"] = None
    rendered: Json = {"index": number, "message": message, "finish_reason": choice.finish_reason}
    if completion.logprobs:
        rendered["logprobs"] = {"content": [_logprob(draw, draw.token) for draw in _shown(choice)]}
    return rendered


def _call(call: MadeCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _shown(choice: Choice) -> list[Draw]:
    """The draws that show; those of a stop sequence do not."""
    return [draw for draw, piece in zip(choice.draws, choice.pieces, strict=True) if piece]


def _logprob(draw: Draw, token: str) -> Json:
    top = [{"token": each, "logprob": value, "bytes": list(each.encode())} for each, value in draw.top]
    return {"token": token, "logprob": draw.logprob, "bytes": list(token.encode()), "top_logprobs": top}


def render_usage(completion: Completion, wire: WireStyle) -> Json:
    """The token counts: completion tokens are those that show, and the total has the reasoning ones beside them."""
    figures = completion.figures
    usage: Json = {
        "prompt_tokens": figures.prompt,
        "completion_tokens": figures.visible,
        "total_tokens": figures.total,
        "prompt_tokens_details": {
            "text_tokens": figures.prompt - figures.images,
            "audio_tokens": 0,
            "image_tokens": figures.images,
            "cached_tokens": figures.cached,
        },
        "completion_tokens_details": {
            "reasoning_tokens": figures.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": figures.sources,
        "cost_in_usd_ticks": figures.ticks,
    }
    if completion.reasons and wire.reasoning_at_top:
        usage["reasoning_tokens"] = figures.reasoning
    if figures.searches:
        usage["num_server_side_tools_used"] = sum(count for _, count in figures.searches)
        usage["server_side_tool_usage_details"] = {f"{tool}_calls": count for tool, count in figures.searches}
    return usage


def render_chunks(completion: Completion, wire: WireStyle) -> list[Any]:
    """The stream: chunks in order, the terminator last."""
    deltas = [
        (number, *step) for number, choice in enumerate(completion.choices) for step in _steps(choice, completion, wire)
    ]
    chunks = []
    for place, (number, delta, finish, logprobs) in enumerate(deltas):
        entry: Json = {"index": number, "delta": delta}
        if finish is not None or wire.finish_null:
            entry["finish_reason"] = finish
        if logprobs is not None:
            entry["logprobs"] = {"content": logprobs}
        chunks.append(_chunk(completion, _created(completion, wire, place, len(deltas)), [entry]))
    if completion.citations:
        chunks[-1]["citations"] = list(completion.citations)
    if completion.include_usage:
        last = _chunk(completion, chunks[-1]["created"], [])
        chunks.append(last | {"usage": render_usage(completion, wire)})
    return [*chunks, DONE]


def _created(completion: Completion, wire: WireStyle, place: int, length: int) -> int:
    return completion.created + (0 if wire.created_constant else _OBSERVED_SECONDS * place // max(length - 1, 1))


def _chunk(completion: Completion, created: int, choices: list[Json]) -> Json:
    return {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": completion.model,
        "choices": choices,
        "system_fingerprint": completion.fingerprint,
    }


_Step = tuple[Json, str | None, list[Json] | None]


def _steps(choice: Choice, completion: Completion, wire: WireStyle) -> Iterator[_Step]:
    """Delta, finish reason and logprobs of each chunk of one choice."""
    thoughts = _grouped(choice.thought)
    if wire.role_alone or not thoughts:
        yield {"role": "assistant", "content": ""}, None, None
    for number, thought in enumerate(thoughts):
        opener = {"role": "assistant"} if number == 0 and not wire.role_alone else {}
        yield {"reasoning_content": "".join(thought), **opener}, None, None
    if completion.logprobs:
        # Token by token, because each has its own.
        for draw, piece in zip(choice.draws, choice.pieces, strict=True):
            if piece:
                yield {"content": piece}, None, [_logprob(draw, draw.token)]
    else:
        for group in _grouped(choice.pieces):
            yield {"content": "".join(group)}, None, None
    for number, call in enumerate(choice.calls):
        yield {"tool_calls": [{"index": number, **_call(call)}]}, None, None
    yield {}, choice.finish_reason, None


def _grouped(pieces: Sequence[str]) -> list[Sequence[str]]:
    """One token a chunk, a few where there are many; pieces that show nothing make no chunk."""
    shown = [piece for piece in pieces if piece]
    size = 1 if len(shown) < _LONG else _GROUP
    return [shown[start : start + size] for start in range(0, len(shown), size)]
