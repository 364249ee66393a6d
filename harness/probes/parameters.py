"""Claims about request parameters: is each taken, does it do what it should, are bounds and companions as documented.

It stands apart from the effects, which measure; here stand the protocol that all parameters share, and the rules.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from harness.catalogue.numbers import is_number
from harness.core.claims import Claim
from harness.core.verdict import Evidence
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import Ask, Desk
from harness.probes.effect import Effect
from harness.probes.effects import EFFECTS
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, unselected
from harness.probes.lineup import Lineup, model_of, set_params
from harness.probes.observation import Observation, Topic
from harness.probes.refusal import observe_refusal, try_it

Params = Mapping[str, Any]
_STOP_STRING = "stop.string"
_RECOMMENDED = "recommended"


async def probe_parameter(name: str, effect: Effect, desk: Desk) -> None:
    """Is it taken; if so, does it do anything.

    name    of the effect: a parameter, or one form of it, as 'stop.string'

    source  VERDICTS.md, "Rejected" and "Effects"
    """
    model = desk.model or ""
    topic = desk.topic(f"parameter.{name}")
    word = desk.random.choice(WORDS)
    body = chat(model, say(word))
    value = effect.example
    tried = await try_it(
        desk,
        Ask(about=f"with {effect.parameter} {value!r}", body={**body, **effect.beside, effect.parameter: value}),
        Ask(about=f"without {effect.parameter}", body=body),
    )
    if tried.answer != "accepted":
        seen = observe_refusal(topic, tried, effect.parameter)
        # Another form of the value may be taken, and is asked about by itself.
        words = f"{effect.parameter} {value!r}: {seen.words}" if isinstance(value, list) else seen.words
        desk.observe(replace(seen, words=words))
        return
    desk.observe(
        Observation(
            topic=topic,
            outcome="accepted",
            words=f"{effect.parameter} {value!r} is accepted",
            n=1,
            evidence=tried.evidence,
        )
    )
    desk.observe(await effect.measure(desk, topic))


async def probe_set(name: str, params: Params, desk: Desk) -> None:
    """Are several parameters taken together."""
    body = chat(desk.model or "", say(desk.random.choice(WORDS)))
    shown = ", ".join(f"{key} {value!r}" for key, value in params.items())
    tried = await try_it(
        desk, Ask(about=f"with {shown}", body={**body, **params}), Ask(about="without them", body=body)
    )
    desk.observe(observe_refusal(desk.topic(f"set.{name}"), tried))


async def probe_range(parameter: str, inside: tuple[Any, ...], outside: tuple[Any, ...], desk: Desk) -> None:
    """Both ends are taken, and one step outside is refused.

    inside, outside  values that are documented, and values just beyond
    """
    body = chat(desk.model or "", say(desk.random.choice(WORDS)))
    beside = EFFECTS[parameter].beside
    control = Ask(about=f"without {parameter}", body=body)
    wrong: list[str] = []
    evidence: list[Evidence] = []
    n, named, open_question, crashed = 0, True, "", False
    for value in (*inside, *outside):
        asked = {**body, **beside, parameter: value}
        treatment = Ask(about=f"with {parameter} {value!r}", body=asked, wrong=value in outside)
        tried = await try_it(desk, treatment, control)
        evidence += tried.evidence
        n += len(tried.tries)
        wanted = "accepted" if value in inside else "rejected"
        crashed = crashed or tried.answer == "server-error"
        # A crash confirms nothing: a server that answers every mistake so may well have read the value.
        if tried.answer in ("mixed", "spoilt") or (tried.answer == "server-error" and wanted == "rejected"):
            open_question = open_question or f"{value!r}: {tried.words}"
        elif tried.answer != wanted:
            wrong.append(f"{value!r} is {_spoken(tried.answer)}")
        if wanted == "rejected":
            named = named and any(each.names(parameter) for each in tried.tries)
    shown = f"{', '.join(map(repr, inside))} accepted; {', '.join(map(repr, outside))} refused"
    outcome = "broken" if wrong else "unknown" if open_question else "holds"
    desk.observe(
        Observation(
            topic=desk.topic(f"range.{parameter}"),
            outcome=outcome,  # type: ignore[arg-type]
            words="; ".join(wrong) or open_question or shown,
            grade="E4" if outcome == "holds" else "E1",
            n=n,
            evidence=tuple(evidence),
            by_name=named and outcome == "holds",
            flags=("server-error",) if crashed else (),
            error=bool(open_question),
        )
    )


def _spoken(answer: str) -> str:
    return {"accepted": "accepted", "rejected": "refused", "server-error": "answered with a 5xx"}.get(answer, answer)


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    model = model_of(claim)
    if claim.kind == "parameter" and model is not None:
        return _support(str(claim.value.get("param")), model, str(claim.value.get("support")))
    if claim.kind == "constraint" and model is not None:
        if isinstance(claim.value.get("params"), Mapping):
            stance = "error" if claim.value.get("effect") == "error" else "accepted"
            return Rule(topics=(Topic(f"set.{_set_name(claim)}", model),), stance=stance)  # type: ignore[arg-type]
        support = str(claim.value.get("support") or claim.value.get("effect"))
        return _support(str(claim.value.get("param")), model, support)
    if claim.kind == "request_schema":
        return _field_rule(claim, lineup)
    if _recommended(claim) is not None:
        return Rule(topics=(Topic(f"set.{_RECOMMENDED}", claim.subject.id),), stance="accepted")
    return None


def _recommended(claim: Claim) -> int | None:
    """The bound on a reply that a piece of advice about a model names."""
    if claim.kind != "guidance" or claim.subject.type != "model":
        return None
    figures = re.findall(r"(?<!\d)\d{1,7}(?!\d)", str(claim.value.get("max_tokens", "")))
    return int(figures[0]) if len(figures) == 1 else None


def _support(parameter: str, model: str, support: str) -> Rule | None:
    if parameter not in EFFECTS:
        return None
    stance = {"supported": "supported", "unsupported": "unsupported", "error": "error"}.get(support, "supported")
    topic = Topic(f"parameter.{parameter}", model)
    return Rule(topics=(topic,), stance=stance, parameter=parameter)  # type: ignore[arg-type]


def _field_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    field, _, detail = claim.subject.id.partition(".")
    if claim.subject.type != "field" or field not in EFFECTS or detail not in ("", "range", "values", "string", "list"):
        return None
    asked = representative(lineup, field)
    if asked is None:
        return unselected(f"none of the models asked is documented to take {field}")
    if detail in ("range", "values"):
        return Rule(topics=(Topic(f"range.{field}", asked),))
    name = f"parameter.{field}" if detail in ("", "list") else f"parameter.{field}.{detail}"
    return Rule(topics=(Topic(name, asked),), stance="supported", parameter=field)


def representative(lineup: Lineup, parameter: str) -> str | None:
    """The model that stands for a promise about a parameter: the first that is documented to take it."""
    taking = [model for model in lineup.models if lineup.supports(model, parameter) is not False]
    return next((model for model in taking if lineup.reasons(model) is False), taking[0] if taking else None)


def _set_name(claim: Claim) -> str:
    return claim.id.rsplit(".", 1)[-1]


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        for name, effect in EFFECTS.items():
            if name != effect.parameter:
                continue
            yield _probe(
                f"parameter.{name}", model, partial(probe_parameter, name, effect), _outlay(effect, model, lineup)
            )
    for claim in lineup.register.claims:
        about = model_of(claim)
        params = set_params(claim, lineup.register) if claim.kind == "constraint" else None
        if params is not None and about in lineup.models:
            is_error = claim.value.get("effect") == "error"
            outlay = Outlay(requests=6 if is_error else 2, at_most=6, input_tokens=90, output_tokens=50)
            name = f"set.{_set_name(claim)}"
            yield _probe(name, about, partial(probe_set, _set_name(claim), params), outlay)
        bound = _recommended(claim)
        if bound is not None and claim.subject.id in lineup.models:
            run = partial(probe_set, _RECOMMENDED, {"max_tokens": bound})
            outlay = Outlay(requests=2, at_most=6, input_tokens=60, output_tokens=10)
            yield _probe(f"set.{_RECOMMENDED}", claim.subject.id, run, outlay)
    yield from _ranges(lineup)
    stopping = representative(lineup, "stop")
    if stopping is not None and any(claim.subject.id == _STOP_STRING for claim in lineup.register.claims):
        effect = EFFECTS[_STOP_STRING]
        run = partial(probe_parameter, _STOP_STRING, effect)
        yield _probe(f"parameter.{_STOP_STRING}", stopping, run, effect.outlay)


def _outlay(effect: Effect, model: str, lineup: Lineup) -> Outlay:
    refused = Outlay(requests=6, at_most=effect.outlay.requests, input_tokens=120, output_tokens=30)
    return refused if lineup.supports(model, effect.parameter) is False else effect.outlay


def _ranges(lineup: Lineup) -> Iterable[Probe]:
    for claim in lineup.register.claims:
        field, _, detail = claim.subject.id.partition(".")
        if claim.kind != "request_schema" or detail not in ("range", "values") or field not in EFFECTS:
            continue
        asked = representative(lineup, field)
        if asked is None:
            continue
        inside, outside = _bounds(claim)
        if not inside:
            continue
        count = 4 + 6 * len(outside)
        outlay = Outlay(requests=count, at_most=6 * len((*inside, *outside)), input_tokens=400, output_tokens=100)
        yield _probe(f"range.{field}", asked, partial(probe_range, field, inside, outside), outlay)


def _bounds(claim: Claim) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Values that a claim allows, and some just outside; a range may have one end."""
    if "allowed" in claim.value:
        return tuple(claim.value["allowed"]), ("harness-no-such-value",)
    ends = {key: claim.value[key] for key in ("min", "max") if is_number(claim.value.get(key))}
    step = 0.1 if any(isinstance(end, float) for end in ends.values()) else 1
    beyond = (round(end - step if key == "min" else end + step, 6) for key, end in ends.items())
    return tuple(ends.values()), tuple(beyond)


def _probe(name: str, model: str | None, run: Any, outlay: Outlay) -> Probe:
    return Probe(name=name, model=model, topics=frozenset({Topic(name, model)}), outlay=outlay, run=run)


FAMILY = Family(name="parameters", rule=_rule, probes=_probes)
