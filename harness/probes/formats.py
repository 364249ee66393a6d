"""Claims about response_format: does JSON come where prose would, does a schema bind, is an unknown format refused.

It stands apart from the parameters that are measured over many replies: one reply parses or does not, and its control
is the same prompt without the format.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from harness.checks.documents import NotJson, read_json
from harness.core.claims import Claim
from harness.core.verdict import Grade
from harness.probes.chat_bodies import Json, chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Stance, Undecidable, unselected
from harness.probes.lineup import Lineup, denies, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import Tried
from harness.probes.tries import balks, cap_of, pursue, spoilt, try_each

JSON_OBJECT, JSON_SCHEMA, TEXT, CLOSED = (
    f"response_format.{name}" for name in ("json_object", "json_schema", "text", "closed-set")
)
STRUCTURED = "structured-outputs"

# It must speak of JSON, because some servers take json_object only of prompts that do; and it asks for prose.
_PROSE = "What is JSON? Explain it in two plain sentences."
_QUESTION = "Which colour has a clear sky at noon?"
_COLOURS = ("maroon", "khaki")
_UNKNOWN = "harness_no_such_format"
_OBJECT: Mapping[str, Any] = {"type": "json_object"}
_SCHEMA: Mapping[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "sky",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"colour": {"type": "string", "enum": list(_COLOURS)}},
            "required": ["colour"],
            "additionalProperties": False,
        },
    },
}


def parsed(seen: Seen) -> Any:
    """The answer as JSON; None if it is none, or null."""
    try:
        return read_json(seen.reply.content)
    except NotJson:
        return None


def _is_object(seen: Seen) -> bool:
    return isinstance(parsed(seen), dict)


def _keeps_schema(seen: Seen) -> bool:
    value = parsed(seen)
    return isinstance(value, dict) and value.keys() == {"colour"} and value["colour"] in _COLOURS


async def probe_json_object(cap: Json, desk: Desk) -> None:
    """A prompt that asks for prose, with json_object and without.

    cap  what bounds an answer
    """
    body = chat(desk.model or "", _PROSE, **cap)
    desk.observe(await _measure(desk, desk.topic(JSON_OBJECT), body, _OBJECT, _is_object))


async def probe_json_schema(cap: Json, desk: Desk) -> None:
    """A schema that the true answer would break; where schemas are refused, whether any structure can be had.

    cap  what bounds an answer
    """
    sky, prose = (chat(desk.model or "", prompt, **cap) for prompt in (_QUESTION, _PROSE))
    schema = await _measure(desk, desk.topic(JSON_SCHEMA), sky, _SCHEMA, _keeps_schema)
    desk.observe(schema)
    if not desk.wants(STRUCTURED):
        return
    topic = desk.topic(STRUCTURED)
    if schema.outcome == "effect":
        desk.observe(_say(topic, "effect", schema.words, (), grade=schema.grade, of=schema))
        return
    simple = await _measure(desk, topic, prose, _OBJECT, _is_object)
    words = f"json_object: {simple.words}; json_schema: {schema.words}"
    desk.observe(_say(topic, simple.outcome, words, (), grade=simple.grade, of=simple))


async def _measure(
    desk: Desk, topic: Topic, body: Json, wanted: Mapping[str, Any], keeps: Callable[[Seen], bool]
) -> Observation:
    """With a format and without; once more if the first reply does not keep to it."""
    kind = wanted["type"]
    control = Ask(about=f"without {kind}", body=body, role="control")
    treatment = Ask(about=f"with {kind}", body={**body, "response_format": dict(wanted)}, role="treatment")
    seen = list(await desk.ask(control, treatment))
    if balks(seen[0]) and "max_tokens" in body:
        bare = {key: value for key, value in body.items() if key != "max_tokens"}
        return await _measure(desk, topic, bare, wanted, keeps)
    if seen[0].ok and not seen[1].ok:
        return await pursue(desk, topic, seen[1], control, "response_format")
    if all(each.ok for each in seen) and not keeps(seen[1]):
        seen += await desk.ask(control, treatment)
    if not all(each.ok for each in seen):
        return spoilt(topic, *seen)
    return _read(topic, kind, seen[0::2], seen[1::2], keeps)


def _read(
    topic: Topic, kind: str, free: Sequence[Seen], bound: Sequence[Seen], keeps: Callable[[Seen], bool]
) -> Observation:
    """What replies without a format and with it come to."""
    seen = (*free, *bound)
    kept, by_itself = sum(map(keeps, bound)), sum(map(keeps, free))
    words = f"with {kind} {kept} of {len(bound)} replies keep to it, without {by_itself} of {len(free)}"
    if by_itself:
        return _say(topic, "unknown", f"{words}: this prompt does not tell", seen, more=2)
    if kept:
        return _say(topic, "effect" if kept == len(bound) else "broken", words, seen)
    if any(each.reply.finish_reason == "length" for each in bound):
        return _say(topic, "unknown", f"{words}: cut off before its end", seen, more=2)
    braces = [sum("{" in each.reply.content for each in side) for side in (free, bound)]
    tried = braces[1] > braces[0]
    shown = f"{words}: {bound[0].reply.content[:60]!r}" if tried else words
    return _say(topic, "broken" if tried else "no-effect", shown, seen)


def _say(
    topic: Topic,
    outcome: Outcome,
    words: str,
    seen: Sequence[Seen],
    *,
    grade: Grade = "E3",
    more: int = 0,
    of: Observation | None = None,
) -> Observation:
    evidence = tuple(each.as_evidence() for each in seen) if of is None else of.evidence
    n = len(seen) if of is None else of.n
    error = of is not None and of.error
    return Observation(
        topic=topic, outcome=outcome, words=words, grade=grade, n=n, evidence=evidence, more=more, error=error
    )


async def probe_set(others: tuple[str, ...], cap: Json, desk: Desk) -> None:
    """Is `text` taken for prose, and is every format beyond the documented ones refused.

    others  documented nowhere: each must be refused
    cap     what bounds an answer
    """
    body = chat(desk.model or "", _PROSE, **cap)
    control = Ask(about="without response_format", body=body)
    kinds: list[Mapping[str, Any]] = [{"type": "text"}, _OBJECT]
    kinds += [_SCHEMA if name == "json_schema" else {"type": name} for name in others]
    asks = [
        Ask(
            about=f"response_format {kind['type']}",
            body={**body, "response_format": dict(kind)},
            wrong=kind["type"] in others,
        )
        for kind in kinds
    ]
    text, objects, *refusals = await try_each(desk, control, asks)
    if cap and balks(text.controls[0]):
        await probe_set(others, {}, desk)
        return
    desk.observe(_read_text(desk.topic(TEXT), text, objects, refusals))
    closed = _read_closed(desk.topic(CLOSED), dict(zip(others, refusals, strict=True)))
    if closed.outcome == "holds" and "accepted" not in (text.answer, objects.answer):
        # A server that knows no response_format refuses every value, and draws no line between them.
        closed = replace(closed, outcome="unknown", words=f"{closed.words}; but so are text and json_object")
    desk.observe(closed)


def _read_text(topic: Topic, text: Tried, objects: Tried, refusals: Sequence[Tried]) -> Observation:
    """Text leaves prose as it is; that it is read shows where another value makes JSON, or is refused."""
    if text.answer != "accepted":
        outcomes: dict[str, Outcome] = {"rejected": "rejected", "server-error": "server-error"}
        outcome = outcomes.get(text.answer, "unknown")
        error = text.answer == "spoilt"
        return Observation(
            topic=topic, outcome=outcome, words=text.words, n=len(text.tries), evidence=text.evidence, error=error
        )
    bound = objects.answer == "accepted" and _is_object(objects.tries[0])
    refused = any(each.answer == "rejected" for each in refusals)
    evidence = (*text.evidence, *objects.evidence)
    if _is_object(text.tries[0]):
        outcome, words = "unknown", "accepted, and JSON came for a prompt that asks for prose"
    elif bound or refused:
        other = "json_object makes JSON of it" if bound else "an unknown format is refused"
        outcome, words = "effect" if bound else "holds", f"prose stays prose with text, and {other}"
    else:
        outcome, words = "accepted", "accepted, and no value of response_format does anything"
    return Observation(topic=topic, outcome=outcome, words=words, grade="E3", n=2, evidence=evidence)


def _read_closed(topic: Topic, refusals: Mapping[str, Tried]) -> Observation:
    taken = [name for name, each in refusals.items() if each.answer in ("accepted", "mixed")]
    crashed = [name for name, each in refusals.items() if each.answer == "server-error"]
    evidence = tuple(item for each in refusals.values() for item in each.evidence)
    n = sum(len(each.tries) for each in refusals.values())
    spoilt_ = next((each for each in refusals.values() if each.answer == "spoilt"), None)
    by_name = all(any(seen.names("format") for seen in each.tries) for each in refusals.values())
    if taken:
        words = "; ".join(f"{name} is accepted" for name in taken)
        return Observation(topic=topic, outcome="broken", words=words, n=n, evidence=evidence)
    if crashed:
        # A crash confirms nothing: what is refused and what breaks the server are not the same.
        words = f"{', '.join(crashed)}: {refusals[crashed[0]].words}"
        return Observation(topic=topic, outcome="unknown", words=words, n=n, evidence=evidence, flags=("server-error",))
    if spoilt_ is not None:
        return Observation(topic=topic, outcome="unknown", words=spoilt_.words, n=n, evidence=evidence, error=True)
    words = f"{', '.join(refusals)} are refused: {next(iter(refusals.values())).words}"
    grade: Grade = "E2" if by_name else "E1"
    return Observation(topic=topic, outcome="holds", words=words, grade=grade, n=n, evidence=evidence, by_name=by_name)


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "capability":
        name = {"json_output": JSON_OBJECT, "structured_outputs": STRUCTURED}.get(str(claim.value.get("capability")))
        model = model_of(claim)
        denied = denies(claim.value.get("value"))
        stance: Stance = "unsupported" if denied else "supported"
        return None if name is None or model is None else Rule(topics=(Topic(name, model),), stance=stance)
    if claim.kind == "doc_section" and str(claim.value.get("title")).lower() == "structured outputs":
        return _of_one(STRUCTURED, _structured_model(lineup))
    field, _, name = claim.subject.id.partition(".")
    if claim.kind == "request_schema" and field == "response_format" and name in _FIELDS:
        return _of_one(_FIELDS[name], _format_model(lineup))
    return None


_FIELDS = {"": JSON_OBJECT, "json_object": JSON_OBJECT, "json_schema": JSON_SCHEMA, "text": TEXT, "closed-set": CLOSED}


def _of_one(name: str, model: str | None) -> Rule | Undecidable:
    if model is None:
        return unselected("no model that chats was selected")
    return Rule(topics=(Topic(name, model),), stance="fact" if name == CLOSED else "supported")


def _format_model(lineup: Lineup) -> str | None:
    """The model that stands for promises about formats: it is not documented to lack JSON."""
    taking = [model for model in lineup.models if not lineup.lacks(model, "json_output")]
    return next((model for model in taking if lineup.reasons(model) is False), next(iter(taking), None))


def _structured_model(lineup: Lineup) -> str | None:
    named = lineup.first(lambda model: lineup.takes(model, "structured_outputs"))
    return named or _format_model(lineup)


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        cap = cap_of(lineup, model)
        outlay = Outlay(requests=2, at_most=6, input_tokens=50, output_tokens=160)
        yield _probe("formats.json_object", model, (JSON_OBJECT,), partial(probe_json_object, cap), outlay)
        outlay = Outlay(requests=2, at_most=13, input_tokens=160, output_tokens=60)
        yield _probe("formats.json_schema", model, (JSON_SCHEMA, STRUCTURED), partial(probe_json_schema, cap), outlay)
    model_or_none = _format_model(lineup)
    if model_or_none is not None:
        others = _others(lineup)
        requests = 5 + 3 * len(others)
        outlay = Outlay(requests=requests, at_most=15, input_tokens=60 * requests, output_tokens=400)
        yield _probe(
            "formats.set",
            model_or_none,
            (TEXT, CLOSED),
            partial(probe_set, others, cap_of(lineup, model_or_none)),
            outlay,
        )


def _others(lineup: Lineup) -> tuple[str, ...]:
    """Formats that the register leaves out: an unknown one, and json_schema where it is nowhere promised."""
    promised = {
        str(name)
        for claim in lineup.register.claims
        if claim.kind == "request_schema" and claim.subject.id.startswith("response_format")
        for name in (claim.subject.id.partition(".")[2], *_listed(claim.value.get("allowed")))
    }
    return (_UNKNOWN,) if "json_schema" in promised else (_UNKNOWN, "json_schema")


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _probe(name: str, model: str, topics: tuple[str, ...], run: Any, outlay: Outlay) -> Probe:
    return Probe(
        name=name, model=model, topics=frozenset(Topic(each, model) for each in topics), outlay=outlay, run=run
    )


FAMILY = Family(name="formats", rule=_rule, probes=_probes)
