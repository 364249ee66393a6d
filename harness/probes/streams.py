"""Claims about streaming, and the requests that show whether they hold.

It stands apart from the rules, which judge one stream, and from the watch, which looks at all that came.
source  VERDICTS.md, "Effects", streaming
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from harness.core.claims import Claim
from harness.probes.chat_bodies import chat, function
from harness.probes.desk import Ask, Desk
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, unselected
from harness.probes.lineup import Lineup, denies, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import TRIES, observe_refusal, try_it
from harness.probes.stream_watch import (
    STREAMING,
    USAGE,
    WHOLE,
    Streamed,
    find_lost_calls,
    pairs_of,
    settles,
    watch_streams,
    why_not,
)

FIELD = "field.stream"
CALL = "stream.call"
USAGE_ASKED = "stream.usage-asked"

PROMPT = "A shelf holds 17 books and 26 more are put on it. How many is that? Then write the numbers from 1 to 9."
_WEATHER = function(
    "get_weather", "The current weather in a city", {"city": {"type": "string", "description": "Its name"}}, ["city"]
)
_USAGE_OPTIONS = {"include_usage": True}
_STEADY: Mapping[str, Any] = {"temperature": 0, "seed": 7}
"""What makes a reply repeatable where it is taken."""

_EVERY: tuple[tuple[Mapping[str, Any], str], ...] = (
    ({"content_type": "text/event-stream"}, "content-type"),
    ({"line_prefix": "data: "}, "data-prefix"),
    ({"events_separated_by": "blank line"}, "blank-line"),
    ({"events": "JSON objects"}, "json"),
    ({"const": "chat.completion.chunk"}, "object"),
    ({"same_across_chunks": True}, "id"),
    ({"field": "id", "same_across_chunks": True}, "id"),
    ({"type": "unix timestamp", "same_across_chunks": True}, "created"),
    ({"equals": "requested model"}, "model"),
    ({"field": "model", "same_across_chunks": True}, "one-model"),
    ({"const": 0}, "index"),
    ({"delta.role": "assistant"}, "role-first"),
    ({"delta.role": "assistant", "delta.content": ""}, "first"),
    ({"delta": "content only"}, "middle"),
    ({"finish_reason": None}, "finish-null"),
    ({"delta": {}}, "last-empty"),
    ({"finish_reason": "stop"}, "finish"),
    ({"finish_reason": "once"}, "finish"),
    ({"terminator": "data: [DONE]"}, "done"),
    ({"usage_in_stream": "not shown"}, "no-usage"),
    ({"usage_in_stream": "where asked"}, "usage-asked"),
    ({"deltas": "join to the unstreamed reply"}, "whole"),
)
"""What a claim of kind `stream` says of every model's streams -> the promise."""

_SOME: tuple[tuple[Mapping[str, Any], str, tuple[bool | None, ...]], ...] = (
    ({"field": "delta.reasoning_content", "only": "reasoning models"}, "reasoning", (True,)),
    ({"order": "reasoning_content deltas precede content deltas"}, "reasoning-first", (True, None)),
    ({"non_reasoning_models": "no reasoning_content"}, "no-reasoning", (False,)),
)
"""What one says of the streams of models by what is documented of their reasoning, as `Lineup.reasons` has it."""

_CALL_NAME = {"path": "choices[0].delta.tool_calls[0].function.name"}


# --- rules


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    model, value = model_of(claim), claim.value
    if claim.kind == "capability" and value.get("capability") == "streaming" and model is not None:
        if denies(value.get("value")):
            return Rule(topics=(Topic(STREAMING, model),), stance="unsupported")
        return Rule(topics=(Topic(STREAMING, model), Topic(WHOLE, model)), stance="supported", parameter="stream")
    if claim.kind == "request_schema" and claim.subject.type == "field" and claim.subject.id == "stream":
        return _of_one(lineup, FIELD)
    if claim.kind == "doc_section" and value.get("title") == "Stream Response" and value.get("implied_feature"):
        return _of_one(lineup, STREAMING, WHOLE)
    if claim.kind == "stream" and "chat/completions" in claim.subject.id:
        return _stream_rule({key: each for key, each in value.items() if key != "example"}, lineup)
    return None


def _of_one(lineup: Lineup, *names: str) -> Rule | Undecidable:
    """A promise about the whole API, asked of one model."""
    if lineup.plain is None:
        return unselected("no model that chats is asked")
    asked = tuple(Topic(name, lineup.plain) for name in names)
    return Rule(topics=asked, stance="supported", rides_on=(Topic(STREAMING, lineup.plain),), parameter="stream")


def _stream_rule(value: Mapping[str, Any], lineup: Lineup) -> Rule | Undecidable | None:
    if value == {"field": "stream", "value": True}:
        every = (STREAMING, "stream.content-type", WHOLE)
        topics = tuple(Topic(name, model) for model in lineup.models for name in every)
        return Rule(topics=topics, stance="supported", rides_on=_asked(lineup.models), parameter="stream")
    if value == _CALL_NAME:
        caller = caller_of(lineup)
        if caller is None:
            return unselected("none of the models asked is documented to call functions")
        return Rule(topics=(Topic("stream.call-named", caller),), rides_on=(Topic(CALL, caller),))
    promises = (*_SOME, *((said, name, (True, None, False)) for said, name in _EVERY))
    found = next(((name, reasons) for said, name, reasons in promises if said == value), None)
    if found is None:
        return None
    models = tuple(model for model in lineup.models if lineup.reasons(model) in found[1])
    if not models:
        return unselected("none of the models asked is of the kind that it is about")
    # Usage that comes must also be that of the reply: what an unstreamed one of the same request says.
    names = (USAGE_ASKED, USAGE) if found[0] == "usage-asked" else (f"stream.{found[0]}",)
    return Rule(topics=tuple(Topic(name, model) for model in models for name in names), rides_on=_asked(models))


def _asked(models: Iterable[str]) -> tuple[Topic, ...]:
    return tuple(Topic(STREAMING, model) for model in models)


def caller_of(lineup: Lineup) -> str | None:
    """The model that stands for promises about tool calls in a stream: the first not documented to lack them."""
    able = [model for model in lineup.models if not lineup.lacks(model, "tool_use")]
    return lineup.plain if lineup.plain in able else next(iter(able), None)


# --- requests


async def probe_streams(steady: Mapping[str, Any], desk: Desk) -> None:
    """A plain stream; then one that asks for usage beside the same request unstreamed, both as repeatable as can be.

    steady  parameters that make replies repeatable, and that the model is not documented to refuse
    """
    body = chat(desk.model or "", PROMPT)
    ask = Ask(about="a stream", body={**body, "stream": True}, role="treatment")
    control = Ask(about="the same, not streamed", body=body)
    tries = await _ask_until_whole(desk, ask)
    if _turned_away(tries[-1]):
        tried = await try_it(desk, ask, control)
        if tried.answer != "accepted":
            desk.observe(observe_refusal(desk.topic(STREAMING), tried, "stream"))
            _observe_field(desk)
            return
        tries = await _ask_until_whole(desk, ask)
    desk.observe(_read_streaming(desk.topic(STREAMING), tries))
    if any(each.usable for each in tries) and desk.wants(WHOLE, USAGE, USAGE_ASKED, FIELD):
        await _ask_both(desk, {**body, **steady}, body)
        if desk.wants(FIELD):
            await _ask_until_sound(desk, Ask(about="stream false", body={**body, "stream": False}, role="control"))
    _observe_field(desk)


async def _ask_until_whole(desk: Desk, ask: Ask) -> list[Streamed]:
    """The same request until a stream has come whole, three times at most: a cut one, or a failure, is no answer."""
    tries: list[Streamed] = []
    while len(tries) < TRIES and not any(each.done for each in tries):
        tries.append(Streamed(seen=await desk.one(ask)))
        if _turned_away(tries[-1]):
            break
    return tries


async def _ask_until_sound(desk: Desk, ask: Ask) -> None:
    """The same request until a body has come, three times at most."""
    for _ in range(TRIES):
        if (await desk.one(ask)).ok:
            return


def _turned_away(streamed: Streamed) -> bool:
    """Refused, or met with a 5xx; an error within a stream that had begun is neither."""
    return (streamed.seen.refused or streamed.seen.crashed) and not streamed.reading.worded


def _read_streaming(topic: Topic, tries: list[Streamed]) -> Observation:
    usable = [each for each in tries if each.usable]
    bodies = [each for each in tries if each.seen.ok and each.reading.shape == "body"]
    wordless = [each for each in tries if each.arrived and each.reading.shape == "events" and not each.reading.error]
    evidence = tuple(each.seen.as_evidence() for each in tries)
    seen = Observation(topic=topic, outcome="holds", words="", grade="E3", n=len(tries), evidence=evidence)
    if usable:
        reading = usable[-1].reading
        words = f"a stream of {len(reading.chunks)} chunks, {'[DONE] last' if reading.done else 'without [DONE]'}"
        return replace(seen, words=words, flags=("flaky",) if bodies else ())
    if len(bodies) == len(tries) == TRIES:
        return replace(seen, outcome="no-effect", words=f"one JSON body comes, on {TRIES} of {TRIES} tries")
    if len(wordless) == len(tries) == TRIES:
        words = f"{why_not(tries[-1])}, on {TRIES} of {TRIES} tries"
        return replace(seen, outcome="broken", words=words)
    return replace(seen, outcome="unknown", words=why_not(tries[-1]), grade="E1", error=True)


async def _ask_both(desk: Desk, body: Mapping[str, Any], fallback: Mapping[str, Any]) -> None:
    """One request streamed and not; more of both where they differ. What it comes to is the watch's to say.

    fallback  the request that is known to be taken, should this one be refused for more than its `stream_options`
    """
    bare = Ask(about="a stream", body={**body, "stream": True}, role="treatment")
    ask = Ask(
        about="a stream that asks for usage", body={**bare.body, "stream_options": _USAGE_OPTIONS}, role="treatment"
    )
    tries = await _ask_until_whole(desk, ask)
    if _turned_away(tries[-1]):
        tried = await try_it(desk, ask, bare)
        if tried.answer == "spoilt" and body != fallback:
            # What should make replies repeatable is refused; what is asked here does without it.
            await _ask_both(desk, fallback, fallback)
            return
        if tried.answer != "accepted":
            ask = bare
            for name in (USAGE, USAGE_ASKED):
                desk.observe(observe_refusal(desk.topic(name), tried, "stream_options"))
    plain = Ask(about="the same, not streamed", body=dict(body), role="control")
    await _ask_until_sound(desk, plain)
    if not any(pair.differs for pair in pairs_of(desk.seen)):
        return
    for _ in range(TRIES - 1):
        # Said outright, so that a server which hashes the whole body gives itself away.
        await desk.ask(ask, replace(plain, body={**body, "stream": False}))


def _observe_field(desk: Desk) -> None:
    """What `stream` does: true draws a stream, false and nothing at all draw a body."""
    if not desk.wants(FIELD):
        return
    topic, streaming = desk.topic(FIELD), desk.observations[desk.topic(STREAMING)]
    plain = [each for each in desk.seen if not each.ask.streams and each.attempt.error is None]
    if streaming.outcome != "holds" or not plain:
        desk.observe(replace(streaming, topic=topic))
        return
    evidence = (*(each.as_evidence() for each in plain), *streaming.evidence)
    seen = replace(streaming, topic=topic, evidence=evidence, n=streaming.n + len(plain))
    unasked = [each for each in plain if Streamed(seen=each).usable]
    spelt = {"stream" in each.ask.body for each in plain if each.ok}
    if unasked:
        desk.observe(replace(seen, outcome="broken", words=f"a stream comes unasked: {unasked[0].ask.about}"))
    elif len(spelt) > 1:
        desk.observe(replace(seen, words=f"true: {streaming.words}; false, and left out: one JSON body"))
    else:
        failed = next((each for each in plain if not each.ok), plain[0])
        desk.observe(replace(seen, outcome="unknown", words=failed.words, grade="E1", error=True))


async def probe_call(desk: Desk) -> None:
    """A stream with a tool call: forced by name, and merely tempting where forcing draws none.

    Where neither draws one, the forced call is asked unstreamed: is it the stream that has none?
    """
    body = chat(desk.model or "", "What is the weather in Oslo?", tools=[_WEATHER], stream=True)
    forced = {**body, "tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
    ask = Ask(about="a stream with a tool call", body=forced, role="treatment")
    tries = await _ask_until_whole(desk, ask)
    refused = _turned_away(tries[-1])
    if not _called(tries):
        tempting = Ask(about="a stream with a tool call, not forced", body=body, role="treatment")
        tries += await _ask_until_whole(desk, tempting)
    # Said before more is asked: an old recording has no answer to that.
    desk.observe(_read_call(desk.topic(CALL), tries))
    if not _called(tries) and not refused and any(settles(each) for each in tries):
        await _ask_unstreamed(desk, ask)
        lost = find_lost_calls(desk.seen)
        tries = [Streamed(seen=each) for each in desk.seen if each.ask.streams]
        seen = _read_call(desk.topic(CALL), tries)
        desk.observe(seen if lost is None else lost.observe(desk.topic(CALL)))


async def _ask_unstreamed(desk: Desk, ask: Ask) -> None:
    """The same unstreamed, and streamed again, until each was asked as often as refusing takes, or it is no matter."""
    body = {key: value for key, value in ask.body.items() if key != "stream"}
    plain = Ask(about="the same, not streamed", body=body, role="control")
    streamed = sum(each.ask.body == ask.body for each in desk.seen)
    for number in range(TRIES):
        control = await desk.one(plain)
        if not (control.ok and control.reply.tool_calls):
            return
        if number >= streamed and _called([Streamed(seen=await desk.one(ask))]):
            return


def _read_call(topic: Topic, tries: Sequence[Streamed]) -> Observation:
    called = _called(tries)
    words = "a tool is called in a stream" if called else f"no tool is called in {len(tries)} tries"
    outcome: Outcome = "holds" if called else "unknown"
    spoilt = not called and not any(each.done for each in tries)
    evidence = tuple(each.seen.as_evidence() for each in tries)
    return Observation(
        topic=topic, outcome=outcome, words=words, n=len(tries), more=TRIES, evidence=evidence, error=spoilt
    )


def _called(tries: Iterable[Streamed]) -> bool:
    return any(each.usable and each.stream.calls for each in tries)


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        steady = {key: value for key, value in _STEADY.items() if lineup.supports(model, key) is not False}
        names = (STREAMING, FIELD) if model == lineup.plain else (STREAMING,)
        yield Probe(
            name="streams",
            model=model,
            topics=frozenset(Topic(name, model) for name in names),
            outlay=Outlay(requests=3 if len(names) == 1 else 5, at_most=20, input_tokens=150, output_tokens=180),
            run=partial(probe_streams, steady),
        )
    caller = caller_of(lineup)
    if caller is not None:
        yield Probe(
            name="stream.call",
            model=caller,
            topics=frozenset({Topic(CALL, caller)}),
            outlay=Outlay(requests=1, at_most=4 * TRIES, input_tokens=120, output_tokens=30),
            run=probe_call,
        )


FAMILY = Family(name="streams", rule=_rule, probes=_probes, watch=watch_streams)

__all__ = ["FAMILY", "caller_of", "probe_call", "probe_streams"]
