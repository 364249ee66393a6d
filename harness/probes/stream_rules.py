"""The promises about a stream of chat chunks, one pure function each: kept, broken in words, or nothing to judge.

It stands apart from the requests, so that every stream of a run is judged alike, whoever asked for it and why.
source  VERDICTS.md, "Effects", streaming
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.probes.stream_bytes import StreamReading
from harness.wire.untrusted import list_of, object_of, shown

FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
"""Fields of a delta that hold reasoning; documents that name one mean the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One choice of one chunk.

    finish        its finish_reason; None if it is null or left out
    finish_given  whether it is there at all
    """

    delta: Mapping[str, Any]
    finish: Any = None
    finish_given: bool = False
    index: Any = None


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream and what was asked for.

    names       what its model may call itself
    asks_usage  usage was asked for
    whole       it ended as streams of this model end, so that what did not come was not sent
    reasoned    reasoning tokens that went into it, where that is known; 0 if not
    """

    reading: StreamReading
    names: frozenset[str] = frozenset()
    asks_usage: bool = False
    whole: bool = True
    reasoned: int = 0

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its choices in order."""
        return tuple(
            Step(
                delta=object_of(choice.get("delta")),
                finish=choice.get("finish_reason"),
                finish_given="finish_reason" in choice,
                index=choice.get("index"),
            )
            for chunk in self.reading.chunks
            for choice in map(object_of, list_of(chunk.get("choices")))
        )

    @cached_property
    def finished(self) -> int | None:
        """The place of the first step that says why the answer ended, or None."""
        return next((place for place, step in enumerate(self.steps) if step.finish), None)

    @cached_property
    def text(self) -> str:
        """Its deltas, joined."""
        contents = (step.delta.get("content") for step in self.steps)
        return "".join(content for content in contents if isinstance(content, str))

    @cached_property
    def calls(self) -> tuple[Mapping[str, Any], ...]:
        """Its fragments of tool calls."""
        return tuple(object_of(call) for step in self.steps for call in list_of(step.delta.get("tool_calls")))

    @cached_property
    def usage(self) -> Mapping[str, Any] | None:
        """The last usage that a chunk tells, or None."""
        told = [chunk["usage"] for chunk in self.reading.chunks if chunk.get("usage") is not None]
        return object_of(told[-1]) if told else None


Judge = Callable[[Stream], str | None]
"""'' if the promise is kept, what was seen instead if it is not, None if this stream cannot show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise about streams.

    kept   what is seen where it is kept
    judge  looks at one stream
    """

    kept: str
    judge: Judge


def judge_content_type(stream: Stream) -> str | None:
    """The header says text/event-stream."""
    seen = stream.reading.content_type
    return "" if seen == "text/event-stream" else f"content-type is {shown(seen)}" if seen else "no content-type"


def judge_data_prefix(stream: Stream) -> str | None:
    """Each event's line begins with 'data: '; comments and other fields of the standard are no events."""
    odd = [event for event in stream.reading.events if event.label != "data: "]
    if not odd:
        return ""
    spaceless = odd[0].label == "data:"
    seen = "'data:' without the space, which the standard allows" if spaceless else "nothing"
    return f"{_of(odd, stream.reading.events)} events begin with {seen}: {shown(odd[0].text)}"


def judge_blank_line(stream: Stream) -> str | None:
    """A blank line parts each event from the one before."""
    events = stream.reading.events
    if len(events) < 2:  # noqa: PLR2004 - one event is parted from nothing
        return None
    joined = [event for event in events if not event.parted]
    return f"{_of(joined, events[1:])} events follow the one before without a blank line" if joined else ""


def judge_json(stream: Stream) -> str | None:
    """Each event before the end mark is a JSON object."""
    events = stream.reading.until_end
    odd = [event for event in events if not isinstance(event.value, dict)]
    return f"{_of(odd, events)} events are no JSON object: {shown(odd[0].text)}" if odd else ""


def judge_object(stream: Stream) -> str | None:
    """Each chunk calls itself one."""
    return _constant(stream, "object", lambda value: value == "chat.completion.chunk")


def judge_id(stream: Stream) -> str | None:
    """Each chunk has the same id."""
    return _constant(stream, "id", _is_text)


def judge_created(stream: Stream) -> str | None:
    """Each chunk has the same time, a whole number of seconds."""
    return _constant(stream, "created", _is_time)


def judge_model(stream: Stream) -> str | None:
    """Each chunk names the model that was asked for, by one of its names and always by the same."""
    return _constant(stream, "model", lambda value: _is_text(value) and value in stream.names)


def judge_one_model(stream: Stream) -> str | None:
    """Each chunk names the same model, whichever."""
    return _constant(stream, "model", _is_text)


def judge_index(stream: Stream) -> str | None:
    """The one choice has index 0."""
    odd = [step for step in stream.steps if isinstance(step.index, bool) or step.index != 0]
    return f"index is {_value(odd[0].index)} in {_of(odd, stream.steps)} chunks" if odd else ""


def judge_role_first(stream: Stream) -> str | None:
    """The first delta has the role."""
    first = stream.steps[0].delta
    return "" if first.get("role") == "assistant" else f"the first delta is {shown(first)}"


def judge_first(stream: Stream) -> str | None:
    """The first delta has the role and empty content; where a tool is called, content may be null."""
    first = stream.steps[0].delta
    content = first.get("content")
    empty = content == "" or (content is None and bool(stream.calls))
    return "" if first.get("role") == "assistant" and empty else f"the first delta is {shown(first)}"


def judge_middle(stream: Stream) -> str | None:
    """Between the first delta and the last, one with content has nothing else, and none tells the role again.

    A field that is null says nothing, and counts as absent.
    """
    middle = [_said(step.delta) for step in stream.steps[1:-1]]
    if not any("content" in delta for delta in middle):
        return None
    odd = [delta for delta in middle if "role" in delta or ("content" in delta and len(delta) > 1)]
    return f"{_of(odd, middle)} deltas between first and last hold more, as {shown(odd[0])}" if odd else ""


def judge_finish_null(stream: Stream) -> str | None:
    """Until the last, finish_reason is there and null: to leave it out is another thing.

    One that more words follow stands amid the stream; an end that is told twice is an end all the same.
    """
    ahead = stream.steps[: max((place for place, step in enumerate(stream.steps) if _speaks(step)), default=0)]
    early = [step for step in ahead if step.finish]
    if early:
        return f"finish_reason is {shown(early[0].finish)} in {_of(early, ahead)} chunks that more words follow"
    until = stream.steps[: len(stream.steps) if stream.finished is None else stream.finished]
    if not until:
        return None
    absent = [step for step in until if not step.finish_given]
    odd = [step for step in until if step.finish is not None]
    if odd:
        return f"finish_reason is {shown(odd[0].finish)} in {_of(odd, until)} chunks before the last"
    return f"finish_reason is left out of {_of(absent, until)} chunks before the last" if absent else ""


def judge_last_empty(stream: Stream) -> str | None:
    """The last delta is empty; a field that is null says nothing."""
    if stream.finished is None and not stream.whole:
        return None
    last = stream.steps[-1].delta
    return f"the last delta is {shown(last)}" if _said(last) else ""


def judge_finish(stream: Stream) -> str | None:
    """One finish_reason, of those that are known."""
    reasons = [step.finish for step in stream.steps if step.finish]
    if not reasons:
        return "no chunk has a finish_reason" if stream.whole else None
    if len(reasons) > 1:
        return f"{len(reasons)} chunks have a finish_reason: {', '.join(map(shown, reasons[:3]))}"
    known = isinstance(reasons[0], str) and reasons[0] in FINISH_REASONS
    return "" if known else f"finish_reason is {shown(reasons[0])}"


def judge_done(stream: Stream) -> str | None:
    """The end mark comes, and last."""
    after = stream.reading.after_end
    if after:
        return f"{len(after)} events follow [DONE], as {shown(after[0].text)}"
    if stream.reading.done:
        return ""
    return f"it closes after {len(stream.reading.events)} events without [DONE]" if stream.whole else None


def judge_no_usage(stream: Stream) -> str | None:
    """Where usage is not asked for, none comes."""
    if stream.asks_usage:
        return None
    return "" if stream.usage is None else f"usage comes unasked: {shown(stream.usage)}"


def judge_usage(stream: Stream) -> str | None:
    """Where usage is asked for, it comes."""
    if not stream.asks_usage:
        return None
    if stream.usage is not None:
        return "" if is_count(stream.usage.get("total_tokens")) else f"usage is {shown(stream.usage)}"
    return "usage is asked for and does not come" if stream.whole else None


def judge_reasoning(stream: Stream) -> str | None:
    """Where the model reasoned, deltas of reasoning_content come."""
    fields = [field for field in THOUGHTS if _places(stream, field)]
    if THOUGHTS[0] in fields:
        return ""
    if fields:
        return f"reasoning comes as delta.{fields[0]}"
    return f"no reasoning comes, though {stream.reasoned} tokens of it are counted" if stream.reasoned else None


def judge_reasoning_first(stream: Stream) -> str | None:
    """All reasoning comes before the first words."""
    thoughts = [place for field in THOUGHTS for place in _places(stream, field)]
    words = _places(stream, "content")
    if not thoughts or not words:
        return None
    late = [place for place in thoughts if place > words[0]]
    return f"{_of(late, thoughts)} deltas of reasoning come after the first words" if late else ""


def judge_no_reasoning(stream: Stream) -> str | None:
    """No reasoning comes."""
    found = [(field, _places(stream, field)) for field in THOUGHTS if _places(stream, field)]
    return f"{len(found[0][1])} deltas have {found[0][0]}" if found else ""


def judge_call_named(stream: Stream) -> str | None:
    """The first fragment of each tool call has the function's name."""
    firsts: dict[str, Mapping[str, Any]] = {}
    for place, call in enumerate(stream.calls):
        # Without an index nothing tells calls apart but an id, and without that each fragment stands for itself.
        firsts.setdefault(shown(call.get("index", call.get("id", place))), call)
    unnamed = [call for call in firsts.values() if not _is_text(object_of(call.get("function")).get("name"))]
    if not firsts:
        return None
    return f"{_of(unnamed, list(firsts))} calls begin without a name: {shown(unnamed[0])}" if unnamed else ""


PROMISES: Mapping[str, Promise] = {
    "content-type": Promise(kept="text/event-stream", judge=judge_content_type),
    "data-prefix": Promise(kept="each event begins with 'data: '", judge=judge_data_prefix),
    "blank-line": Promise(kept="a blank line between events", judge=judge_blank_line),
    "json": Promise(kept="each event is a JSON object", judge=judge_json),
    "object": Promise(kept="object is chat.completion.chunk in each chunk", judge=judge_object),
    "id": Promise(kept="one id in all chunks", judge=judge_id),
    "created": Promise(kept="one whole number as created in all chunks", judge=judge_created),
    "model": Promise(kept="each chunk names the model that was asked for", judge=judge_model),
    "one-model": Promise(kept="one model in all chunks", judge=judge_one_model),
    "index": Promise(kept="index is 0 in each chunk", judge=judge_index),
    "role-first": Promise(kept="the first delta has the role", judge=judge_role_first),
    "first": Promise(kept="the first delta has the role and empty content", judge=judge_first),
    "middle": Promise(kept="deltas between first and last hold content alone", judge=judge_middle),
    "finish-null": Promise(kept="finish_reason is null until the last", judge=judge_finish_null),
    "last-empty": Promise(kept="the last delta is empty", judge=judge_last_empty),
    "finish": Promise(kept="one finish_reason, and a known one", judge=judge_finish),
    "done": Promise(kept="data: [DONE] comes last", judge=judge_done),
    "no-usage": Promise(kept="no usage where none was asked for", judge=judge_no_usage),
    "usage-asked": Promise(kept="usage where it was asked for", judge=judge_usage),
    "reasoning": Promise(kept="reasoning comes as delta.reasoning_content", judge=judge_reasoning),
    "reasoning-first": Promise(kept="reasoning comes before the words", judge=judge_reasoning_first),
    "no-reasoning": Promise(kept="no delta has reasoning", judge=judge_no_reasoning),
    "call-named": Promise(kept="a tool call's delta has the function's name", judge=judge_call_named),
}
"""By name, in the order of a stream."""


def is_count(value: object) -> bool:
    """Whether a value is a number of tokens."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _constant(stream: Stream, field: str, is_sound: Callable[[Any], bool]) -> str | None:
    """Whether a field of all chunks is sound and the same."""
    values = [chunk.get(field) for chunk in stream.reading.chunks]
    odd = [value for value in values if not is_sound(value)]
    if odd:
        return f"{field} is {_value(odd[0])} in {_of(odd, values)} chunks"
    changed = [value for value in values if value != values[0]]
    return f"{field} is {shown(values[0])}, and {shown(changed[0])} later" if changed else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_time(value: object) -> bool:
    return is_count(value) and value != 0


def _said(delta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in delta.items() if value is not None}


def _speaks(step: Step) -> bool:
    """Whether a delta holds words, thoughts or a part of a call."""
    texts = any(_is_text(step.delta.get(field)) for field in ("content", *THOUGHTS))
    return texts or bool(list_of(step.delta.get("tool_calls")))


def _places(stream: Stream, field: str) -> list[int]:
    """Where deltas hold a text under this field."""
    return [place for place, step in enumerate(stream.steps) if _is_text(step.delta.get(field))]


def _value(value: object) -> str:
    return "missing" if value is None else shown(value)


def _of(part: Sequence[object], whole: Iterable[object]) -> str:
    return f"{len(part)} of {len(list(whole))}"
