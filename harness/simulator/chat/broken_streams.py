"""Broken promises about streams: what each chunk must hold, in which order, and how the stream ends.

It stands apart because these are seen in a stream alone; an unstreamed reply of the same request keeps its promises.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from harness.simulator.chat.deviation import Deviation
from harness.simulator.chat.render import DONE

Chunks = list[Any]


def _written(chunk: Any) -> bool:
    """A chunk with a choice in it; neither usage nor the terminator."""
    return isinstance(chunk, dict) and bool(chunk["choices"])


def _delta(chunk: Any) -> dict[str, Any]:
    delta: dict[str, Any] = chunk["choices"][0]["delta"]
    return delta


def _each(change: Callable[[dict[str, Any], int], None]) -> Callable[[Chunks], Chunks]:
    """A hook that changes each chunk with a choice, by its place."""

    def chunks(stream: Chunks) -> Chunks:
        for place, chunk in enumerate(filter(_written, stream)):
            change(chunk, place)
        return stream

    return chunks


def _role_dropped(chunk: dict[str, Any], _place: int) -> None:
    _delta(chunk).pop("role", None)


def _role_repeated(chunk: dict[str, Any], _place: int) -> None:
    if "content" in _delta(chunk):
        _delta(chunk)["role"] = "assistant"


def _id_changed(chunk: dict[str, Any], place: int) -> None:
    chunk["id"] += f"-{place}"


def _created_changed(chunk: dict[str, Any], place: int) -> None:
    chunk["created"] += place


def _model_changed(chunk: dict[str, Any], place: int) -> None:
    if place:
        chunk["model"] += "-fallback"


def _object_wrong(chunk: dict[str, Any], _place: int) -> None:
    chunk["object"] = "chat.completion"


def _index_dropped(chunk: dict[str, Any], _place: int) -> None:
    chunk["choices"][0].pop("index")


def _finish_dropped(chunk: dict[str, Any], _place: int) -> None:
    if chunk["choices"][0].get("finish_reason"):
        chunk["choices"][0]["finish_reason"] = None


def _finish_empty(chunk: dict[str, Any], _place: int) -> None:
    if chunk["choices"][0].get("finish_reason") is None:
        chunk["choices"][0]["finish_reason"] = ""


def _unnamed(chunk: dict[str, Any], _place: int) -> None:
    for call in _delta(chunk).get("tool_calls", ()):
        call["function"].pop("name")


def _done_dropped(stream: Chunks) -> Chunks:
    return [chunk for chunk in stream if chunk != DONE]


def _finish_twice(stream: Chunks) -> Chunks:
    return [
        again
        for chunk in stream
        for again in ([chunk, chunk] if _written(chunk) and chunk["choices"][0].get("finish_reason") else [chunk])
    ]


def _finish_on_content(stream: Chunks) -> Chunks:
    """The last delta holds the last words."""
    kept: Chunks = []
    for chunk in stream:
        last: Any = kept[-1] if kept else None
        if _written(chunk) and chunk["choices"][0].get("finish_reason") and _written(last) and _delta(last):
            last["choices"][0]["finish_reason"] = chunk["choices"][0]["finish_reason"]
        else:
            kept.append(chunk)
    return kept


def _thoughts_last(stream: Chunks) -> Chunks:
    """Thoughts come after the words; the opening, the end and all else stay where they are."""
    thoughts = [chunk for chunk in stream if _written(chunk) and "reasoning_content" in _delta(chunk)]
    rest = [chunk for chunk in stream if not any(chunk is thought for thought in thoughts)]
    end = next(
        (place for place, chunk in enumerate(rest) if _written(chunk) and chunk["choices"][0].get("finish_reason")),
        len(rest),
    )
    return [*rest[:end], *thoughts, *rest[end:]]


def _words_lost(stream: Chunks) -> Chunks:
    """The second chunk with words is never sent."""
    worded = [chunk for chunk in stream if _written(chunk) and _delta(chunk).get("content")]
    return [chunk for chunk in stream if chunk is not (worded[1:2] or worded[:1] or [None])[0]]


def _usage_uninvited(stream: Chunks) -> Chunks:
    if any(isinstance(chunk, dict) and "usage" in chunk for chunk in stream):
        return stream
    last = next(chunk for chunk in reversed(stream) if isinstance(chunk, dict))
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return [*stream[:-1], {**last, "choices": [], "usage": usage}, stream[-1]]


def _usage_dropped(stream: Chunks) -> Chunks:
    return [chunk for chunk in stream if not (isinstance(chunk, dict) and "usage" in chunk)]


STREAMS: Final[tuple[Deviation, ...]] = (
    Deviation(
        name="stream-unsupported",
        about="stream: true is refused",
        applies=lambda behaviour: behaviour.streaming,
        behave=lambda behaviour: replace(behaviour, streaming=False),
    ),
    Deviation(name="stream-ignored", about="stream: true draws a plain body", chunks=lambda _stream: []),
    Deviation(name="stream-no-done", about="the stream ends without [DONE]", chunks=_done_dropped),
    Deviation(name="stream-no-role", about="no chunk says the role", chunks=_each(_role_dropped)),
    Deviation(name="stream-role-repeated", about="every chunk says the role", chunks=_each(_role_repeated)),
    Deviation(name="stream-finish-twice", about="the last delta comes twice", chunks=_finish_twice),
    Deviation(name="stream-finish-missing", about="no chunk says why it ended", chunks=_each(_finish_dropped)),
    Deviation(name="stream-finish-empty", about="finish_reason is '' until the last", chunks=_each(_finish_empty)),
    Deviation(name="stream-finish-on-content", about="the last delta is not empty", chunks=_finish_on_content),
    Deviation(name="stream-created-changes", about="created differs between chunks", chunks=_each(_created_changed)),
    Deviation(name="stream-id-changes", about="the id differs between chunks", chunks=_each(_id_changed)),
    Deviation(name="stream-model-changes", about="the model differs between chunks", chunks=_each(_model_changed)),
    Deviation(name="stream-object-wrong", about="a chunk's object is a body's", chunks=_each(_object_wrong)),
    Deviation(name="stream-index-missing", about="a chunk's choice has no index", chunks=_each(_index_dropped)),
    Deviation(
        name="stream-reasoning-last",
        about="reasoning comes after the words",
        applies=lambda behaviour: behaviour.shows_reasoning,
        chunks=_thoughts_last,
    ),
    Deviation(name="stream-words-lost", about="a chunk of the words is lost", chunks=_words_lost),
    Deviation(name="stream-usage-uninvited", about="usage comes unasked, and is wrong", chunks=_usage_uninvited),
    Deviation(name="stream-usage-missing", about="usage does not come though asked", chunks=_usage_dropped),
    Deviation(name="stream-call-unnamed", about="a tool call's delta has no name", chunks=_each(_unnamed)),
)
