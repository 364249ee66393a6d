"""The domain of a model's requests, as its documents draw it: what each field may hold, and what lies just outside.

It stands apart from the fuzz that draws from it because it is a reading of claims, by their kinds and fields: pure, and
worth a test of its own.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import combinations

from harness.core.claims import Claim
from harness.probes.domain_facts import Facts, gather
from harness.probes.domain_values import (
    AUDIO_PART,
    IMAGE_PART,
    JSON_TYPES,
    MISSING,
    QUESTION,
    SAMPLES,
    STEPS_OUTSIDE,
    SYNONYMS,
    WHOLE,
    Beyond,
    Domain,
    Field,
    Numbers,
    OneOf,
    Values,
)
from harness.probes.lineup import Lineup, denies, model_of, set_params

_ALWAYS = ("model", "messages")
_NESTED = {
    "messages[].role": ("messages", QUESTION, "role"),
    "messages[].content": ("messages", QUESTION, "content"),
    "messages[].name": ("messages", QUESTION, "name"),
    "response_format.type": ("response_format", "type"),
    "stream_options.include_usage": ("stream_options", "include_usage"),
    "tools[].type": ("tools", 0, "type"),
    "tools[].function.name": ("tools", 0, "function", "name"),
    "tools[].function.description": ("tools", 0, "function", "description"),
    "tools[].function.parameters": ("tools", 0, "function", "parameters"),
    "tools[].function.parameters.type": ("tools", 0, "function", "parameters", "type"),
    "tools[].function.parameters.properties": ("tools", 0, "function", "parameters", "properties"),
    "tools[].function.parameters.required": ("tools", 0, "function", "parameters", "required"),
}
_YES, _NO = ("supported", "accepted"), ("unsupported", "error")


def read_domain(lineup: Lineup, model: str) -> Domain:
    """What the documents say of requests to a model; where they say nothing, or contradict themselves, it says nothing.

    Fields are in the order of the register. What is documented as refused, and closed sets, ranges and types, are what
    an outside rests on; a field whose bounds are not documented has none.
    """
    facts = gather(lineup.register, tuple(_NESTED))
    fields = [*_always(facts), *_parameters(lineup, model, facts)]
    taken = {field.name for field in fields if field.inside}
    fields += [
        _nested(name, path, facts[name])
        for name, path in _NESTED.items()
        if name in facts and (path[0] == "messages" or path[0] in taken)
    ]
    fields += _talk(lineup, model, facts, tools="tools" in taken)
    fields += _body(lineup)
    return Domain(
        model=model,
        fields=tuple(field for field in fields if field.inside or field.outside),
        never=tuple(_never(lineup, model)),
    )


def _always(facts: dict[str, Facts]) -> Iterator[Field]:
    """What every request has: its inside is no choice."""
    for name in _ALWAYS:
        if name in facts:
            yield Field(
                name=name,
                path=(name,),
                outside=_outside(facts[name]),
                documented=_words(facts[name]),
                claims=facts[name].claims,
            )


def _parameters(lineup: Lineup, model: str, facts: dict[str, Facts]) -> Iterator[Field]:
    named = [str(claim.value["param"]) for claim in _about(lineup, model) if "param" in claim.value]
    nested = {name for name in facts if name in _NESTED}
    for name in dict.fromkeys([*named, *(name for name in facts if name not in nested and name not in _ALWAYS)]):
        known = facts.get(name, Facts(name=name))
        says = _says(lineup, model, name)
        if says == "silent" and known.only:
            continue
        inside = _inside(name, known)
        if says == "refused":
            yield _refused(name, model, known, inside)
        elif says in ("taken", "silent") and inside:
            yield Field(
                name=name,
                path=(name,),
                inside=inside,
                outside=_outside(known),
                documented=_words(known) or "taken",
                claims=known.claims,
            )


def _about(lineup: Lineup, model: str) -> list[Claim]:
    return [
        claim
        for claim in lineup.register.claims
        if claim.kind in ("parameter", "constraint") and model_of(claim) == model
    ]


def _says(lineup: Lineup, model: str, name: str) -> str:
    """'taken', 'refused', 'silent', or, where claims contradict each other or say neither, 'disputed'."""
    said: set[str] = set()
    for claim in _about(lineup, model):
        word = str(claim.value.get("support") or claim.value.get("effect"))
        if claim.value.get("param") == name:
            said.add("taken" if word in _YES else "refused" if word in _NO else "disputed")
        elif name in claim.value.get("params", {}) and word in _YES:
            said.add("taken")
    said |= _said_by_capabilities(lineup, model, name)
    if not said:
        return "silent"
    return said.pop() if len(said) == 1 else "disputed"


def _said_by_capabilities(lineup: Lineup, model: str, name: str) -> set[str]:
    if name in ("tools", "tool_choice", "parallel_tool_calls"):
        value = lineup.capability(model, "tool_use")
        if value is None:
            return set()
        # What a limited use of tools leaves out is for each vendor to say: nothing is drawn of it.
        return {"disputed" if value == "limited" else "refused" if denies(value) else "taken"}
    off = {"stream": "streaming", "stream_options": "streaming", "response_format": "json_output"}
    return {"disputed"} if name in off and lineup.lacks(model, off[name]) else set()


def _refused(name: str, model: str, known: Facts, inside: tuple[Values, ...]) -> Field:
    """A parameter that is documented as not taken, whatever its value."""
    values = [values.at(values.count - 1) if isinstance(values, Numbers) else values.at(0) for values in inside]
    outside = (Beyond(kind="refused", values=OneOf(tuple(values))),) if values else ()
    return Field(name=name, path=(name,), outside=outside, documented=f"not taken by {model}", claims=known.claims)


def _inside(name: str, known: Facts) -> tuple[Values, ...]:
    """Values that every claim allows."""
    samples = SAMPLES.get(name, {})
    least, most = known.inner
    if known.ranges:
        if least > most:
            return ()
        few = samples.get("number") if name in WHOLE or math.inf in (-least, most) else None
        return few or ((_numbers(name, least, most),) if most - least < math.inf else ())
    if known.sets:
        shared = tuple(value for value in known.sets[0] if all(value in each for each in known.sets))
        return (OneOf(shared),) if shared else ()
    if known.samples:
        return (OneOf(known.samples),)
    if known.types:
        return tuple(values for kind in JSON_TYPES if kind in known.types for values in samples.get(kind, ()))
    return tuple(values for each in samples.values() for values in each)


def _numbers(name: str, least: float, most: float) -> Numbers:
    if name in WHOLE:
        return Numbers(first=least, count=int(most - least) + 1, step=1)
    return Numbers(first=least, count=round((most - least) / Numbers.FINE) + 1, step=Numbers.FINE)


def _outside(known: Facts) -> tuple[Beyond, ...]:
    """What no claim allows; a claim that is silent about a bound has nothing beyond it."""
    return tuple(_beyond(known))


def _beyond(known: Facts) -> Iterator[Beyond]:
    step = 1 if known.name in WHOLE else Numbers.FINE
    if known.ranges:
        least, most = known.outer
        if most < math.inf:
            yield Beyond(kind="range", values=Numbers(first=most + step, count=STEPS_OUTSIDE, step=step))
        if least > -math.inf:
            yield Beyond(kind="range", values=Numbers(first=least - step, count=STEPS_OUTSIDE, step=-step))
    if known.items is not None:
        yield Beyond(kind="range", values=OneOf(([f"q{number}" for number in range(known.items + 1)],)))
    members = [member for each in known.sets for member in each if isinstance(member, str)]
    if members:
        # A name that nobody has is outside on any reading, even of a set whose other members are in dispute.
        yield Beyond(kind="set", values=OneOf(("harness-no-such-value", f"{members[0]}-harness")))
    if known.required:
        yield Beyond(kind="missing", values=OneOf((MISSING,)))
    types = known.all_types
    if types:
        wrong = tuple(value for kind, value in JSON_TYPES.items() if kind not in types and not _is_lenient(kind, types))
        yield Beyond(kind="type", values=OneOf(wrong))


def _is_lenient(kind: str, types: Iterable[str]) -> bool:
    # Languages in which true is the number one are many, and no document says what becomes of it.
    return kind == "boolean" and "number" in types


def _nested(name: str, path: tuple[str | int, ...], known: Facts) -> Field:
    inside: tuple[Values, ...] = ()
    if name == "messages[].content":
        inside = SAMPLES[name]["string"]
    elif name == "messages[].name":
        inside = (OneOf(("ada",)),)
    return Field(
        name=name,
        path=path,
        inside=inside,
        outside=_outside(known),
        documented=_words(known),
        claims=known.claims,
    )


def _talk(lineup: Lineup, model: str, facts: dict[str, Facts], *, tools: bool) -> Iterator[Field]:
    """Forms that a conversation may take, and what it may not hold."""
    roles = facts.get("messages[].role", Facts(name=""))
    for role in dict.fromkeys([*(member for each in roles.sets for member in each), *roles.samples]):
        if role in ("system", "assistant") or (role == "tool" and tools):
            yield _form(f"messages[].role {role}", roles.claims)
    content = facts.get("messages[].content", Facts(name=""))
    if "array" in content.types:
        yield _form("messages[].content parts", content.claims)
    for capability, part in (("vision", IMAGE_PART), ("audio", AUDIO_PART)):
        value = lineup.capability(model, capability)
        if value is True and capability == "vision":
            yield _form("messages[].content image", ())
        elif denies(value):
            text = {"type": "text", "text": "What is this?"}
            yield Field(
                name=f"messages[].content {'image' if capability == 'vision' else 'sound'}",
                path=("messages", QUESTION, "content"),
                outside=(Beyond(kind="refused", values=OneOf(([text, part],))),),
                documented=f"not taken by {model}",
            )


def _form(name: str, claims: tuple[str, ...]) -> Field:
    return Field(name=name, path=("messages",), inside=(OneOf((True,)),), documented="taken", claims=claims)


def _body(lineup: Lineup) -> Iterator[Field]:
    for claim in lineup.register.claims:
        if claim.subject.type == "header" and claim.subject.id.lower() == "content-type":
            if "json" in str(claim.value.get("value", "")).lower():
                cuts = OneOf(("cut short", "a brace too many", "single quotes"))
                yield Field(
                    name="body",
                    path=(),
                    outside=(Beyond(kind="json", values=cuts),),
                    documented="JSON",
                    claims=(claim.id,),
                )
            return


def _never(lineup: Lineup, model: str) -> Iterator[frozenset[str]]:
    """Fields that are not drawn together: documented as an error, in dispute, or two names of one thing."""
    yield from SYNONYMS
    accepted: list[tuple[frozenset[str], bool]] = []
    for claim in _about(lineup, model):
        params = set_params(claim, lineup.register)
        if params is None:
            continue
        names = frozenset(params)
        if claim.value.get("effect") == "error":
            # Of one parameter, it says that it is an error alone; here it never is without its companion.
            if len(names) > 1:
                yield names
        else:
            accepted.append((names, bool(lineup.register.contradictions(claim.id))))
    agreed = {pair for names, contested in accepted if not contested for pair in combinations(sorted(names), 2)}
    for names, contested in accepted:
        if contested:
            yield from (frozenset(pair) for pair in combinations(sorted(names), 2) if pair not in agreed)


def _words(known: Facts) -> str:
    """What is documented, in a few words."""
    parts = []
    if known.ranges:
        least, most = known.outer
        parts.append(f"at least {least:g}" if most == math.inf else f"{least:g} to {most:g}")
    if known.items is not None:
        parts.append(f"at most {known.items} items")
    if known.sets:
        members = dict.fromkeys(str(member) for each in known.sets for member in each)
        parts.append(("one of " if len(members) > 1 else "") + ", ".join(members))
    types = [kind for kind in JSON_TYPES if kind in known.types]
    if types:
        parts.append(" or ".join(types))
    if known.required:
        parts.append("required")
    return ", ".join(parts)
