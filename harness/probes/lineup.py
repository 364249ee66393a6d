"""Who is asked: the selected models of a register, and what its documents say of them.

It stands apart because probes and rules both ask it which model stands for a promise about the whole API.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.core.catalogue import Provider
from harness.core.claims import Claim, Register, Subject

ANY = "*"
"""A claim about the model '*' is about each model that is asked."""

STATISTICAL = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "reasoning_effort", "seed")
"""Parameters whose effect shows only in many replies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """The models that are asked, in order.

    models  that chat; images those that draw
    allowed what was opted into
    lone    True if the whole API is reached at one address: its hosts and regions cannot be told apart
    """

    provider: Provider
    register: Register
    models: tuple[str, ...]
    images: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()
    lone: bool = False

    def says(self, kind: str, model: str, **fields: object) -> Claim | None:
        """The claim of a kind about a model whose value has these fields, or None."""
        for claim in self.register.of_kind(kind):
            if model_of(claim) not in (model, ANY):
                continue
            if all(claim.value.get(key) == value for key, value in fields.items()):
                return claim
        return None

    def supports(self, model: str, parameter: str) -> bool | None:
        """Whether a model is documented to take a parameter; None if the documents do not say."""
        claim = self.says("parameter", model, param=parameter)
        return None if claim is None else claim.value.get("support") == "supported"

    def capability(self, model: str, name: str) -> object:
        """What the documents say of a model's capability; None if nothing."""
        claim = self.says("capability", model, capability=name)
        return None if claim is None else claim.value.get("value")

    def reasons(self, model: str) -> bool | None:
        """Whether a model is documented to reason on every request; None if it is optional or not said."""
        value = self.capability(model, "reasoning")
        if value in ("always_on", "code_optimized", True):
            return True
        return False if denies(value) else None

    def takes(self, model: str, name: str) -> bool:
        """Whether a model is documented to have a capability, in full or in part."""
        value = self.capability(model, name)
        return value is not None and not denies(value)

    def lacks(self, model: str, name: str) -> bool:
        """Whether a model is documented not to have a capability; False if the documents do not say."""
        return denies(self.capability(model, name))

    def first(self, wanted: Callable[[str], bool] = bool) -> str | None:
        """The first model of which something holds: it stands for a promise about the whole API."""
        return next((model for model in self.models if wanted(model)), None)

    @property
    def plain(self) -> str | None:
        """The model that stands for promises about any model: the first that is not documented to reason."""
        return self.first(lambda model: self.reasons(model) is False) or self.first()

    @property
    def family(self) -> int:
        """How many statistical cells the catalogue has, of all its models, whatever is selected."""
        cells = {
            (model_of(claim), claim.value.get("param"))
            for claim in self.register.claims
            if claim.kind == "parameter" and claim.value.get("param") in STATISTICAL
        }
        return max(1, len(cells))


def denies(value: object) -> bool:
    """Whether what a capability is documented to be says that there is none."""
    return value is False or value in ("none", "disabled")


def model_of(claim: Claim) -> str | None:
    """The model that a claim is about; None if it is about the API."""
    named = claim.value.get("model")
    if claim.subject.type == "model":
        return claim.subject.id
    return named if isinstance(named, str) and claim.kind in ("parameter", "capability", "constraint") else None


def bind(register: Register, models: tuple[str, ...]) -> Register:
    """The register with each claim about any model made one about every model that is asked."""
    return replace(register, claims=tuple(bound for claim in register.claims for bound in _bound(claim, models)))


def _bound(claim: Claim, models: tuple[str, ...]) -> Iterator[Claim]:
    if claim.subject.type != "model" or claim.subject.id != ANY:
        yield claim
        return
    for model in models:
        value = {**claim.value, "model": model} if "model" in claim.value else claim.value
        yield replace(claim, subject=Subject(type="model", id=model), value=value)


def set_params(claim: Claim, register: Register) -> Mapping[str, Any] | None:
    """The parameters that a claim gives as a set, with those of another set that it says it holds; None if it is none.

    Another set is named under `plus`, as the document's code does, and is the claim beside it whose id ends so.
    """
    params = claim.value.get("params")
    if not isinstance(params, Mapping):
        return None
    own = {str(name): value for name, value in params.items() if name != "plus"}
    if "plus" not in params:
        return own
    ending = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(params["plus"])).lower()
    other = register.find(f"{claim.id.rpartition('.')[0]}.{ending}")
    added = other.value.get("params") if other is not None else None
    return {**own, **(added if isinstance(added, Mapping) else {})}
