"""Promises about the shape of a chat reply: its fields, why it ended, and features that are seen in any reply.

It stands apart from what counts and prices say because here a reply is looked at as a document; the probe that makes
sure there are replies to look at is here, too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from harness.core.canonical import canonical_json
from harness.core.claims import Claim
from harness.probes.chat_bodies import WORDS, chat, function, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, Watched
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Topic
from harness.probes.reply_ends import CAP, COUNT, look_at_ends, look_for_end
from harness.probes.reply_fields import (
    Place,
    base_of,
    fact_of,
    fits,
    has_thought,
    hold_against,
    is_known_type,
    misfit,
    places,
    unknown,
    unseen,
    whole_replies,
)
from harness.probes.usage import COUNTS
from harness.wire.untrusted import shown

_PUZZLE = "A farmer has 17 sheep and sells all but 9. How many are left? Answer with the number alone."
_NOTE = (
    "Here is a note that somebody left on the kitchen table. The plumber comes on Thursday at ten, so please leave the "
    "cellar open; the key hangs by the door. The neighbours will feed the cat while we are away, and the blue bin goes "
    "out on Friday. Nothing in this note matters. "
)
_WEATHER = "What is the weather in Oslo now? Use the tool."
_CALLS = "base.calls"
_SCHEMA = "response_schema"

# What no document spells out and every client of the protocol relies on, where a field is there.
_USUAL_TYPES: Mapping[str, str] = {
    "message.tool_calls": "object[]|null",
    "message.reasoning_content": "string|null",
    "usage.reasoning_tokens": "number|null",
    "system_fingerprint": "string",
}
_SPEC = {"type", "const", "min", "required", "only", "at"}
_REASONING = "reasoning models"
_FEATURES = {"fingerprint": {"type": "string", "required": True}}
"""Titles of guides whose feature is a field of replies, and what is expected of it."""
_FEATURE_FIELDS = {"fingerprint": "system_fingerprint"}


# --- probes


async def probe_base(lineup: Lineup, desk: Desk) -> None:
    """An ordinary reply, one that max_tokens cuts, and one more: thought about, where reasoning is optional.

    They are asked one after the other, so that what counts down from request to request can be followed.
    """
    model = desk.model or ""
    words = desk.random.sample(WORDS, 2)
    third: dict[str, Any] = chat(model, say(words[1]))
    if lineup.takes(model, "reasoning") and lineup.reasons(model) is None:
        effort = {"reasoning_effort": "high"} if lineup.supports(model, "reasoning_effort") else {}
        third = chat(model, _PUZZLE, **effort)
    answers = [
        await desk.one(Ask(about="an ordinary request with a longer prompt", body=chat(model, _NOTE + say(words[0])))),
        await desk.one(Ask(about=f"a long answer, cut after {CAP} tokens", body=chat(model, COUNT, max_tokens=CAP))),
        await desk.one(Ask(about="one more ordinary request", body=third)),
    ]
    topic = base_of(desk.model)
    if any(each.accepted for each in answers):
        desk.observe(fact_of(topic, "there are replies to look at", answers, n=len(answers)))
        return
    desk.observe(
        Observation(
            topic=topic,
            outcome="unknown",
            words=f"no request was answered: {answers[0].words}",
            evidence=tuple(each.as_evidence() for each in answers),
            error=True,
        )
    )


async def probe_calls(desk: Desk) -> None:
    """A reply that calls a tool: left to the model first, then forced."""
    tool = function("get_weather", "The weather of a city now.", {"city": {"type": "string"}}, ["city"])
    body = chat(desk.model or "", _WEATHER, tools=[tool])
    answer = await desk.one(Ask(about="a question for a tool", body=body))
    if answer.ok and not answer.reply.tool_calls:
        await desk.one(Ask(about="a tool that must be called", body={**body, "tool_choice": "required"}))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        yield Probe(
            name="base",
            model=model,
            topics=frozenset({base_of(model)}),
            outlay=Outlay(requests=3, input_tokens=200, output_tokens=30),
            run=partial(probe_base, lineup),
        )
    if lineup.plain is not None:
        yield Probe(
            name=_CALLS,
            model=lineup.plain,
            topics=frozenset({Topic(_CALLS, lineup.plain)}),
            outlay=Outlay(requests=1, at_most=2, input_tokens=120, output_tokens=40),
            run=probe_calls,
        )


# --- rules


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.observable != "wire" or claim.needs:
        return None
    title = str(claim.value.get("title", "")).casefold()
    if claim.kind == "doc_section" and title in _FEATURES:
        return _on_replies(_field_topic(_FEATURE_FIELDS[title], _FEATURES[title]), lineup.models)
    if claim.kind == "metadata" and "api_version" in claim.value:
        return _on_replies(_version_topic(claim), [lineup.plain] if lineup.plain else [])
    counted = claim.subject.id.removeprefix("usage.") in COUNTS
    if claim.kind == _SCHEMA and claim.subject.type == "field" and not counted:
        return _schema_rule(claim, lineup)
    return None


def _schema_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable:
    field, value = claim.subject.id, claim.value
    if field.startswith("finish_reason."):
        if "allowed" not in value and "value" not in value:
            return Undecidable(reason=f"no probe knows what is claimed of {field}")
        calls = Topic(_CALLS, lineup.plain) if value.get("value") == "tool_calls" else None
        return _on_replies(_finish_topic(value), lineup.models, calls)
    strange = sorted(set(value) - _SPEC)
    kind = value.get("type")
    if strange or not isinstance(kind, str | None) or (kind is not None and not is_known_type(kind)):
        return Undecidable(reason=f"no probe knows what is claimed of {field}: {', '.join(strange) or kind}")
    if value.get("only") not in (None, _REASONING):
        return Undecidable(reason=f"no probe knows which are '{value['only']}'")
    calls = Topic(_CALLS, lineup.plain) if field == "message.tool_calls" else None
    return _on_replies(_field_topic(field, value), lineup.models, calls)


def _on_replies(name: str, models: Iterable[str], *also: Topic | None) -> Rule:
    topics = tuple(Topic(name, model) for model in models)
    rides_on = (*(base_of(topic.model) for topic in topics), *(topic for topic in also if topic is not None))
    return Rule(topics=topics, rides_on=rides_on)


def _field_topic(field: str, spec: Mapping[str, Any]) -> str:
    return f"reply.{field} {canonical_json(dict(spec))}"


def _finish_topic(value: Mapping[str, Any]) -> str:
    return f"reply.finish_reason {canonical_json(value.get('allowed', value.get('value')))}"


def _version_topic(claim: Claim) -> str:
    return f"api.version {claim.value['api_version']}"


# --- what is seen


def _watch(watched: Watched) -> Iterable[Observation]:
    looks = dict(_looks(watched.lineup))
    for model in watched.lineup.models:
        replies = whole_replies(watched, model)
        for name, look in looks.items():
            topic = Topic(name, model)
            observed = look(topic, replies) or unseen(watched, topic)
            if observed is not None:
                yield observed


Look = Callable[[Topic, tuple[Seen, ...]], Observation | None]


def _looks(lineup: Lineup) -> Iterator[tuple[str, Look]]:
    """What the register's claims want looked at, by the name of its topic."""
    for title, spec in _FEATURES.items():
        field = _FEATURE_FIELDS[title]
        yield _field_topic(field, spec), partial(_look_at_field, field, spec)
    for claim in lineup.register.claims:
        if claim.kind == "metadata" and "api_version" in claim.value:
            yield _version_topic(claim), partial(_look_at_version, str(claim.value["api_version"]), lineup)
        if claim.kind != _SCHEMA or not isinstance(_rule(claim, lineup), Rule):
            continue
        field, value = claim.subject.id, claim.value
        if field.startswith("finish_reason."):
            wanted = value.get("allowed")
            look = partial(look_at_ends, tuple(wanted)) if isinstance(wanted, list | tuple) else None
            yield _finish_topic(value), look or partial(look_for_end, str(value.get("value")))
        elif value.get("only") == _REASONING:
            yield _field_topic(field, value), partial(_look_at_reasoning_field, field, value, lineup)
        else:
            yield _field_topic(field, value), partial(_look_at_field, field, value)


def _look_at_field(field: str, spec: Mapping[str, Any], topic: Topic, replies: tuple[Seen, ...]) -> Observation | None:
    return hold_against(topic, replies, partial(fault_of_field, field, spec), _in_words(field, spec))


def _in_words(field: str, spec: Mapping[str, Any]) -> str:
    if "const" in spec:
        return f"{field} is {shown(spec['const'])}"
    kind = spec.get("type") or (_USUAL_TYPES.get(field) if spec.get("required") is False else None)
    told = f"{field} is of type {kind}" if kind else f"{field} is there"
    return f"{told}{' where it is there' if spec.get('required') is False else ''}"


def fault_of_field(field: str, spec: Mapping[str, Any], seen: Seen) -> str | None:
    """What is wrong with a field of one reply; None if the reply has no place for it.

    spec  `type`, `const`, `min` (entries of a list), `required`, as claims have them
    """
    found = places(seen.document, field)
    faults = [_fault_at(field, spec, place, seen) for place in found]
    return next(filter(None, faults), "") if faults else None


def _fault_at(field: str, spec: Mapping[str, Any], place: Place, seen: Seen) -> str:
    value, there = place
    kind = spec.get("type") or _USUAL_TYPES.get(field)
    may_lack = spec.get("required") is False or (kind is not None and fits(None, kind, seen))
    if value is None and may_lack:
        return ""
    if not there:
        return f"{field} is missing"
    told = f"{field} is {shown(value)}"
    if "const" in spec and (value != spec["const"] or isinstance(value, bool) != isinstance(spec["const"], bool)):
        return f"{told}, not {shown(spec['const'])}"
    why_not = "" if kind is None else misfit(value, kind, seen)
    if why_not:
        return f"{told}, {why_not}"
    empty = spec.get("required") and value in (None, "")
    short = "min" in spec and (not isinstance(value, list) or len(value) < spec["min"])
    return told if empty else f"{told}: fewer than {spec['min']} entries" if short else ""


def _look_at_reasoning_field(
    field: str, spec: Mapping[str, Any], lineup: Lineup, topic: Topic, replies: tuple[Seen, ...]
) -> Observation | None:
    """A field that only models that reason have: never on others; on them, wherever they did."""
    where = str(spec.get("at") or field)
    if lineup.reasons(topic.model or "") is False:
        return hold_against(topic, replies, partial(_fault_of_presence, where), f"{where} is absent without reasoning")
    kind = spec.get("type") or _USUAL_TYPES.get(field, "string")
    odd = hold_against(topic, replies, partial(fault_of_field, where, {"type": f"{kind}|null", "required": False}), "")
    if odd is None or odd.outcome == "broken":
        return odd
    thought = [each for each in replies if has_thought(each) and places(each.document, where)]
    with_it = [each for each in thought if any(value for value, _ in places(each.document, where))]
    if not thought:
        return unknown(topic, f"no reply of {len(replies)} shows reasoning, so none shows {where}", replies[:1])
    if with_it:
        words = f"{where} stands in {len(with_it)} of {len(thought)} replies that were thought about"
        return fact_of(topic, words, with_it[:2], n=len(thought))
    words = f"{where} stands in none of {len(thought)} replies that were thought about{_elsewhere(thought[0])}"
    return fact_of(topic, words, thought[:2], n=len(thought), holds=False)


def _elsewhere(seen: Seen) -> str:
    tokens = seen.reply.usage.reasoning
    return f": usage counts {tokens} reasoning tokens elsewhere" if tokens else ""


def _fault_of_presence(where: str, seen: Seen) -> str | None:
    found = [value for value, _ in places(seen.document, where)]
    # A count of 0, or an empty text, says that there was no reasoning: that is no reasoning shown.
    return next((f"{where} is {shown(value)} on a model that is not to reason" for value in found if value), "")


def _look_at_version(version: str, lineup: Lineup, topic: Topic, replies: tuple[Seen, ...]) -> Observation | None:
    """The version is a part of the address: it is there if what answers at that address is the API."""
    if topic.model != lineup.plain or not replies:
        return None
    holds = version in lineup.provider.base_url.split("/")
    words = f"the API answers below {lineup.provider.base_url}"
    return fact_of(topic, words, replies[:1], n=len(replies), holds=holds)


FAMILY = Family(name="replies", rule=_rule, probes=_probes, watch=_watch)
