"""What a broken promise should turn: from a deviation's name to claims, by the register's fields and by who is asked.

It stands apart from the runner because rules are written from the register and from what a deviation does: an outcome
never makes a rule, though it may show that one misreads a promise. The tables are `kill_rules_must` and
`kill_rules_open`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.catalogue import load_catalogues, load_register
from harness.cli.docket import Docket, VerifyChoices, prepare
from harness.core.claims import Claim, Register
from harness.probes.family import Rule
from harness.probes.lineup import model_of

OPT_INS = ("money", "management-key", "writes")
"""What every miniature is allowed: on the simulator these cost nothing, and little time."""

KEYS = {"XAI_SIM_KEY": "sim-key", "XAI_SIM_MANAGEMENT_KEY": "sim-management-key", "XAI_SIM_TEAM": "sim-team"}
_NOWHERE = "http://127.0.0.1:9/v1"
# The set of parameters that another adds to its own under the name `plus`, as the document's code has it.
EXTENDED = frozenset({"stop", "frequency_penalty", "presence_penalty"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Of:
    """Claims by their fields; every field that is given must fit.

    kind, subject  of the claim: one, or several parted by '|'; a subject may hold '*'
    has            a key that the value must have
    value          what must stand under keys of the value; a set means any of its members
    """

    kind: str
    subject: str = "*"
    has: str = ""
    value: Mapping[str, Any]

    def picks(self, claim: Claim, _refused: frozenset[str]) -> bool:
        """Whether a claim is meant."""
        return (
            claim.kind in self.kind.split("|")
            and any(_is_like(claim.subject.id, pattern) for pattern in self.subject.split("|"))
            and (not self.has or self.has in claim.value)
            and all(key in claim.value and _fits(claim.value[key], wanted) for key, wanted in self.value.items())
        )


def _is_like(text: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def _fits(value: object, wanted: object) -> bool:
    # 1 is no True here.
    members = wanted if isinstance(wanted, set) else (wanted,)
    return any(value == each and type(value) is type(each) for each in members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A claim by its id, where several have the same subject and only their names tell what they are about."""

    id: str

    def picks(self, claim: Claim, _refused: frozenset[str]) -> bool:
        """Whether a claim is meant."""
        return claim.id == self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWith:
    """Sets of parameters that hold one: those said to be accepted, or those refused for this one alone."""

    parameter: str
    accepted: bool

    def picks(self, claim: Claim, refused: frozenset[str]) -> bool:
        """Whether a claim is meant, of a model that is documented to refuse some parameters."""
        params = claim.value.get("params")
        if claim.kind != "constraint" or not isinstance(params, Mapping):
            return False
        held = frozenset(params) - {"plus"} | (EXTENDED if "plus" in params else frozenset())
        if self.accepted:
            return claim.value.get("effect") == "accepted" and self.parameter in held
        return claim.value.get("effect") == "error" and held & refused == {self.parameter}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """Examples whose printed request carries a field."""

    field: str

    def picks(self, claim: Claim, _refused: frozenset[str]) -> bool:
        """Whether a claim is meant."""
        sent = [claim.value.get("request"), claim.value.get("chat.create"), claim.value]
        return claim.kind == "example" and any(isinstance(each, Mapping) and self.field in each for each in sent)


Selector = Of | Named | SetWith | Carrying
Selectors = tuple[Selector, ...]


def of(kind: str, subject: str = "*", has: str = "", **value: Any) -> Of:
    """Claims of a kind, about a subject, with these fields of their value."""
    return Of(kind=kind, subject=subject, has=has, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a miniature should turn, and what it may: openly ambiguous consequences, that count as neither."""

    must: frozenset[str]
    may: frozenset[str]


def expected_of(deviation: str, models: tuple[str, ...], allow: tuple[str, ...] = OPT_INS) -> Expected:
    """What a broken promise should turn.

    deviation  'NAME' or 'NAME@MODEL'
    models     who is asked, in order
    allow      what the verification is allowed: claims that need more are not asked about
    raises     KeyError for a deviation that no rule knows
    """
    # Imported here: the tables are written in terms of this module.
    from kill_rules_must import MUST
    from kill_rules_open import MAY, NOTHING

    name, _, model = deviation.partition("@")
    if name not in MUST and name not in NOTHING:
        raise KeyError(name)
    reached = _reached(models, allow, model or None)
    refused = refused_by(model)
    may = MAY[name].picks if name in MAY else ()
    must = _picked(MUST.get(name, ()), reached, refused)
    return Expected(must=must, may=_picked(may, reached, refused) - must)


def _picked(selectors: Selectors, claims: tuple[Claim, ...], refused: frozenset[str]) -> frozenset[str]:
    return frozenset(claim.id for claim in claims if any(each.picks(claim, refused) for each in selectors))


@cache
def _reached(models: tuple[str, ...], allow: tuple[str, ...], deviating: str | None) -> tuple[Claim, ...]:
    """The claims that requests decide and whose deciding asks whoever deviates: no others can turn."""
    found = []
    for ruled in docket_of(models, allow).agenda.ruled:
        claim = ruled.claim
        if claim.observable != "wire" or not isinstance(ruled.how, Rule) or not set(claim.needs) <= set(allow):
            continue
        if deviating is None or deviating in {topic.model for topic in ruled.how.topics}:
            found.append(claim)
    return tuple(found)


@cache
def docket_of(models: tuple[str, ...], allow: tuple[str, ...] = OPT_INS) -> Docket:
    """What a verification of these models would ask; nothing is sent."""
    return prepare(choices_of(models, allow, _NOWHERE))


def choices_of(
    models: tuple[str, ...], allow: tuple[str, ...], url: str, *, seed: int = 0, claims: tuple[str, ...] = ()
) -> VerifyChoices:
    """Claims about these models, asked of the simulator at an address; all of them unless some are named."""
    return VerifyChoices(
        targets=models,
        claims=claims,
        allow=allow,
        rename="xai-sim",
        base_url=url,
        environment=KEYS,
        concurrency=16,
        pacing=False,
        seed=seed,
        timeout_s=30,
    )


@cache
def refused_by(model: str) -> frozenset[str]:
    """The parameters that a model's row of the matrix denies it."""
    rows = [claim for claim in xai().claims if claim.kind == "parameter" and model_of(claim) == model]
    return frozenset(str(row.value["param"]) for row in rows if row.value.get("support") == "unsupported")


@cache
def xai() -> Register:
    """The register that the rules speak of."""
    return load_register(load_catalogues().provider("xai"))
