"""What every reply that calls tools must look like, observed of all replies that others paid for.

It stands apart from the probes because it asks nothing, and looks at each model's replies alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.checks.documents import NotJson, read_json
from harness.probes.desk import Seen
from harness.probes.family import Watched
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.tool_calls import fault_of, raw_calls, tool_models, tool_name
from harness.probes.tool_use import USE

CALLS, CONTENT, ID, TYPE, ARGUMENTS, SCHEMA = (
    f"tools.wire.{name}" for name in ("calls", "content", "id", "type", "arguments", "schema")
)

Faults = Callable[[Seen], str | None]
"""What is wrong with a reply that calls tools, in words; None if nothing."""

_SHOWN = 4


def watch_tools(watched: Watched) -> Iterator[Observation]:
    """One observation per model and promise; none where no reply shows it."""
    for model in tool_models(watched.lineup):
        seen = [each for each in watched.of(model) if _declares(each) and each.ok]
        yield from _observe_calls(model, seen, watched.observations.get(Topic(USE, model)))
        called = [each for each in seen if each.reply.tool_calls]
        plain = [each for each in called if not each.ask.streams]
        for name, faults, of, promise in (
            (CONTENT, _content_fault, plain, "content is null beside tool calls"),
            (ID, _id_fault, plain, "every call has an id of its own"),
            (TYPE, _type_fault, plain, "every call has the type function"),
            (ARGUMENTS, _arguments_fault, plain, "the arguments of every call are a JSON text of an object"),
            (SCHEMA, _schema_fault, called, "the arguments of every call keep to the tool's schema"),
        ):
            if of:
                yield _together(Topic(name, model), of, faults, promise)


def _declares(seen: Seen) -> bool:
    return seen.ask.chats and isinstance(seen.ask.body.get("tools"), list)


def _observe_calls(model: str, seen: Sequence[Seen], use: Observation | None) -> Iterator[Observation]:
    """Tool calls are returned to the client: in some reply to a request that asks for them."""
    called = [each for each in seen if each.reply.tool_calls]
    forced = [each for each in seen if isinstance(each.ask.body.get("tool_choice"), Mapping)]
    if called:
        words = f"{len(called)} replies return tool_calls for the client to run"
        yield _say(Topic(CALLS, model), "holds", words, called)
    elif len(forced) > 1:
        words = f"no reply of {len(forced)} returns tool_calls, though each forces a tool"
        yield _say(Topic(CALLS, model), "broken", words, forced)
    elif not seen and use is not None and use.outcome in ("rejected", "server-error"):
        yield replace(use, topic=Topic(CALLS, model))


def _together(topic: Topic, seen: Sequence[Seen], faults: Faults, promise: str) -> Observation:
    wrong = [(each, fault) for each in seen if (fault := faults(each)) is not None]
    if not wrong:
        return _say(topic, "holds", f"{promise} ({len(seen)} replies)", seen)
    outcome: Outcome = "broken" if len(wrong) == len(seen) else "partly"
    words = f"{wrong[0][1]}, in {len(wrong)} of {len(seen)} replies"
    return _say(topic, outcome, words, [each for each, _ in wrong], n=len(seen))


def _say(topic: Topic, outcome: Outcome, words: str, seen: Sequence[Seen], n: int = 0) -> Observation:
    evidence = tuple(each.as_evidence() for each in seen[:_SHOWN])
    return Observation(topic=topic, outcome=outcome, words=words, grade="E3", n=n or len(seen), evidence=evidence)


def _content_fault(seen: Seen) -> str | None:
    said = [message.get("content") for message, _ in raw_calls(seen) if message.get("content") is not None]
    return None if not said else f"content is {str(said[0])[:60]!r} beside tool calls"


def _id_fault(seen: Seen) -> str | None:
    ids = [call.get("id") for call in _raw(seen)]
    if not all(isinstance(each, str) and each for each in ids):
        return f"a call's id is {next(each for each in ids if not (isinstance(each, str) and each))!r:.60}"
    if len(set(ids)) < len(ids):
        return f"{len(ids)} calls of one reply share the id {ids[0]!r:.60}"
    return None


def _type_fault(seen: Seen) -> str | None:
    types = [call.get("type") for call in _raw(seen)]
    return next((f"a call's type is {each!r:.60}" for each in types if each != "function"), None)


def _arguments_fault(seen: Seen) -> str | None:
    if seen.reply.finish_reason == "length":
        return None
    for call in _raw(seen):
        inner = call.get("function")
        text = inner.get("arguments") if isinstance(inner, dict) else None
        if not isinstance(text, str):
            return f"a call's arguments are {_kind(text)}, no text"
        try:
            value = read_json(text)
        except NotJson as fault:
            return f"a call's arguments are no JSON: {fault}"
        if not isinstance(value, dict):
            return f"a call's arguments are {text[:60]!r}, no object"
    return None


def _schema_fault(seen: Seen) -> str | None:
    if seen.reply.finish_reason == "length":
        return None
    tools = {tool_name(tool): tool for tool in _declared(seen.ask.body["tools"])}
    # What is no JSON is a fault of its own, and says nothing of the schema.
    calls = [call for call in seen.reply.tool_calls if call.name in tools and _is_json(call.arguments)]
    faults = (fault_of(call, tools[call.name]) for call in calls)
    return next((fault for fault in faults if fault is not None), None)


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except NotJson:
        return False
    return True


def _declared(tools: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for tool in tools:
        inner = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(inner, Mapping) and isinstance(inner.get("name"), str):
            yield tool


def _raw(seen: Seen) -> Iterator[Mapping[str, Any]]:
    for _, calls in raw_calls(seen):
        yield from calls


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", type(None): "missing"}.get(type(value), f"a {type(value).__name__}")
