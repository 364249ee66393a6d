"""What a register says of each field of a chat request, gathered from its claims.

It stands apart from the domain because facts are about the whole API, and a domain is one model's.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.core.claims import Claim, Register
from harness.probes.desk import CHAT
from harness.probes.domain_values import FORMATS, NAMED_TOOL, type_of

_KINDS = ("request_schema", "tool_schema")
_TYPES = {
    **{name: name for name in ("string", "number", "boolean", "array", "object")},
    "integer": "number",
    "float": "number",
    "bool": "boolean",
    "list": "array",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(kw_only=True)
class Facts:
    """What is said of one field.

    types    JSON types, as documented
    ranges   least and most, infinite where there is no bound; sets those that are closed
    items    how many items a list may have; None if that is not said
    samples  values that are named as taken
    only     True if it is reserved for some models: their own rows say for which
    """

    name: str
    types: set[str] = field(default_factory=set)
    ranges: list[tuple[float, float]] = field(default_factory=list)
    sets: list[tuple[Any, ...]] = field(default_factory=list)
    items: int | None = None
    samples: tuple[Any, ...] = ()
    required: bool = False
    only: bool = False
    claims: tuple[str, ...] = ()

    @property
    def inner(self) -> tuple[float, float]:
        """The range that every claim allows; infinite without claims."""
        return max((low for low, _ in self.ranges), default=-math.inf), min(
            (high for _, high in self.ranges), default=math.inf
        )

    @property
    def outer(self) -> tuple[float, float]:
        """The range beyond which no claim allows anything."""
        return min(low for low, _ in self.ranges), max(high for _, high in self.ranges)

    @property
    def all_types(self) -> set[str]:
        """JSON types that are documented, by name or by the values of ranges and sets."""
        members = {type_of(member) for each in self.sets for member in each}
        return self.types | members | ({"number"} if self.ranges else set())


def gather(register: Register, nested: Sequence[str]) -> dict[str, Facts]:
    """Facts by field, in the register's order.

    nested  names of fields within others; any other name is a field of the request's top
    """
    found: dict[str, Facts] = {}
    for claim in register.claims:
        name = _place(claim, nested)
        if name is None:
            continue
        for place, value in _read(name, claim):
            known = found.setdefault(place, Facts(name=place))
            known.claims = (*known.claims, claim.id)
            _add(known, value, contested=bool(register.contradictions(claim.id)))
    return found


def _place(claim: Claim, nested: Sequence[str]) -> str | None:
    """The field that a claim is about, or None; 'tools[].type' and the like are named in full."""
    if claim.subject.type != "field" or claim.kind not in _KINDS:
        return None
    if not str(claim.value.get("endpoint", CHAT)).endswith(CHAT):
        return None
    about = claim.subject.id
    within = [name for name in nested if about == name or about.startswith(f"{name}.")]
    if within:
        return max(within, key=len)
    top, dot, _ = about.partition(".")
    return top if _NAME.fullmatch(top) and (dot or top == about) else None


def _read(name: str, claim: Claim) -> Iterator[tuple[str, dict[str, Any]]]:
    """The claim's value as facts of a field; what is said of an object by its type is said of its field `type`."""
    value = dict(claim.value)
    if claim.subject.id.endswith(".count"):
        # Of a list, it bounds the items and not their values.
        value = {"type": "array", "items": value.get("max")}
    named = value.get("type")
    if isinstance(named, str) and _json_type(named) is None and "[]" not in name:
        yield name, {"sample": FORMATS.get(named, {"type": named})}
        return
    if name == "response_format" and all(isinstance(each, str) for each in value.get("allowed", [])):
        if "allowed" in value:
            yield "response_format.type", value
            yield name, {"type": "object"}
        return
    yield name, value


def _add(known: Facts, value: dict[str, Any], *, contested: bool) -> None:
    kind = _json_type(value.get("type"))
    if kind is not None:
        known.types.add(kind)
    low, high = value.get("min", -math.inf), value.get("max", math.inf)
    if value.keys() & {"min", "max"} and type_of(low) == type_of(high) == "number" and low <= high:
        known.ranges.append((low, high))
    if type_of(value.get("items")) == "number":
        known.items = int(value["items"])
    if isinstance(value.get("allowed"), list | tuple):
        known.sets.append(tuple(value["allowed"]))
    if "const" in value:
        known.sets.append((value["const"],))
    known.samples += tuple(_sample(value))
    # That a field may be left out is one side of a contradiction; its type and its bounds hold on either.
    known.required = known.required or (value.get("required") is True and not contested)
    known.only = known.only or "only" in value


def _sample(value: dict[str, Any]) -> Iterator[Any]:
    if "sample" in value:
        yield value["sample"]
    if "value" in value:
        # A tool that is chosen by name is one that the request has.
        yield NAMED_TOOL if isinstance(value["value"], dict) else value["value"]
    if "role" in value and value.get("accepted") is True:
        yield value["role"]


def _json_type(named: object) -> str | None:
    if not isinstance(named, str):
        return None
    return "array" if named.endswith("[]") else _TYPES.get(named.lower())
