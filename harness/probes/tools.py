"""Claims about tools: which observations decide them, and which probes make those.

It stands apart from the probes so that every promise about tools, in whatever register, is read in one place.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from harness.core.claims import Claim
from harness.probes.family import Family, Outlay, Probe, Rule, Stance, Undecidable, unselected
from harness.probes.lineup import Lineup, denies, model_of
from harness.probes.observation import Topic
from harness.probes.tool_calls import tool_model, tool_models
from harness.probes.tool_choice import (
    AUTO,
    CHOICES,
    DECLARED,
    LINKS,
    NAMED,
    NONE,
    PARALLEL,
    REQUIRED,
    RESULTS,
    SECOND,
    WITHOUT_TOOLS,
    probe_choice,
    probe_parallel,
    probe_results,
)
from harness.probes.tool_schema import members, probe_schema, schema_topic
from harness.probes.tool_use import ECHO, FINAL, RESULT, USE, USE_TOPICS, probe_use
from harness.probes.tool_wire import ARGUMENTS, CALLS, CONTENT, ID, SCHEMA, TYPE, watch_tools
from harness.probes.tries import cap_of

_NOBODY = unselected("none of the models asked is documented to use tools")

_CHOICES: Mapping[str, str] = {
    "auto": AUTO,
    "none": NONE,
    "required": REQUIRED,
    "object": NAMED,
    "named": NAMED,
    "function": NAMED,
}
_FIELDS: Mapping[str, str] = {
    "tools": DECLARED,
    "parallel_tool_calls": PARALLEL,
    "messages[].role.tool": RESULT,
    "messages[].tool_calls": ECHO,
    "messages[].tool_call_id": LINKS,
}


# What is declared of a function's parameters must show in the arguments of its calls, too.
_SHOWN_IN_ARGUMENTS = ("function.parameters.properties", "function.parameters.required")


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "capability" and claim.value.get("capability") in ("tool_use", "function_calling"):
        model = model_of(claim)
        stance: Stance = "unsupported" if denies(claim.value.get("value")) else "supported"
        return None if model is None else Rule(topics=(Topic(USE, model),), stance=stance)
    if claim.kind == "doc_section" and str(claim.value.get("title")).lower() == "function calling":
        return _of_one(USE, lineup)
    if claim.kind == "tool_flow":
        return _flow_rule(claim.value, lineup)
    if claim.kind in ("tool_schema", "request_schema") and claim.subject.type == "field":
        return _field_rule(claim, lineup)
    return None


def _of_one(name: str, lineup: Lineup, *more: str, stance: Stance = "supported") -> Rule | Undecidable:
    """A promise about the whole API, asked of the model that stands for it."""
    model = tool_model(lineup)
    if model is None:
        return _NOBODY
    return Rule(topics=tuple(Topic(each, model) for each in (name, *more)), stance=stance)


def _of_all(name: str, lineup: Lineup) -> Rule | Undecidable:
    """A promise that every model's replies show."""
    models = tool_models(lineup)
    if not models:
        return _NOBODY
    rides = [Topic(USE, model) for model in models]
    if name == ID:
        # A prompt that asks for two calls in one turn: only there could two have the same id.
        rides += [Topic(AUTO, model) for model in (tool_model(lineup),) if model is not None]
    return Rule(topics=tuple(Topic(name, model) for model in models), rides_on=tuple(rides))


def _flow_rule(value: Mapping[str, Any], lineup: Lineup) -> Rule | Undecidable | None:
    message = value.get("message")
    if isinstance(message, Mapping):
        return _of_all({"assistant": ECHO, "tool": RESULT}.get(str(message.get("role")), ""), lineup)
    if "separate_tool_endpoint" in value:
        return _of_one(DECLARED, lineup)
    if "second_request_needs_tools" in value:
        return _of_one(WITHOUT_TOOLS, lineup, stance="error" if value["second_request_needs_tools"] else "accepted")
    if "response" in value:
        return _of_all(FINAL, lineup)
    for key, name in (
        ("response_has", CALLS),
        ("executor", CALLS),
        ("content", CONTENT),
        ("tool_calls[].id", ID),
        ("tool_calls[].type", TYPE),
        ("tool_calls[].function.arguments", ARGUMENTS),
    ):
        if key in value:
            return _of_all(name, lineup)
    return None


def _field_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    field, _, value = claim.subject.id.partition(".")
    if field == "tool_choice" and value in _CHOICES:
        return _of_one(_CHOICES[value], lineup)
    if claim.subject.id == "messages[].role.tool":
        return _of_one(RESULT, lineup, SECOND)
    if claim.subject.id in _FIELDS:
        return _of_one(_FIELDS[claim.subject.id], lineup)
    path = next((path for path, other in members(lineup) if other.id == claim.id), None)
    if path is None:
        return None
    rule = _of_one(schema_topic(path), lineup)
    if not isinstance(rule, Rule) or path not in _SHOWN_IN_ARGUMENTS:
        return rule
    shown = tuple(Topic(SCHEMA, model) for model in tool_models(lineup))
    return Rule(topics=(*rule.topics, *shown), rides_on=tuple(Topic(USE, topic.model) for topic in shown))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in tool_models(lineup):
        outlay = Outlay(requests=2, at_most=12, input_tokens=500, output_tokens=60)
        yield _probe("tools.use", model, USE_TOPICS, probe_use, outlay)
    one = tool_model(lineup)
    if one is not None:
        yield from _of_the_one(one, lineup)


def _of_the_one(model: str, lineup: Lineup) -> Iterable[Probe]:
    outlay = Outlay(requests=10, at_most=33, input_tokens=2_200, output_tokens=700)
    yield _probe("tools.choice", model, CHOICES, partial(probe_choice, cap_of(lineup, model)), outlay)
    outlay = Outlay(requests=4, at_most=9, input_tokens=700, output_tokens=160)
    yield _probe("tools.parallel", model, (PARALLEL,), probe_parallel, outlay)
    outlay = Outlay(requests=9, at_most=16, input_tokens=2_400, output_tokens=140)
    yield _probe("tools.results", model, RESULTS, probe_results, outlay)
    asked = tuple(members(lineup))
    if asked:
        requests = 3 + sum(1 if claim.value.get("required") is False else 3 for _, claim in asked)
        outlay = Outlay(requests=requests, at_most=3 + 3 * len(asked), input_tokens=150 * requests, output_tokens=240)
        names = tuple(schema_topic(path) for path, _ in asked)
        yield _probe("tools.schema", model, names, partial(probe_schema, asked), outlay)


def _probe(name: str, model: str, topics: Iterable[str], run: Any, outlay: Outlay) -> Probe:
    return Probe(
        name=name, model=model, topics=frozenset(Topic(each, model) for each in topics), outlay=outlay, run=run
    )


FAMILY = Family(name="tools", rule=_rule, probes=_probes, watch=watch_tools)
