"""Probes, rules and families: what is asked together, which observations decide which claim.

It stands apart so that each family of promises (parameters, tools, streams, …) is one or two modules that know nothing
of one another.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.core.claims import Claim
from harness.probes.desk import Desk, Seen
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Topic

Stance = Literal["supported", "unsupported", "error", "accepted", "fact"]
"""What a claim says of its topics: that something works, that it does not, that using it is an error, that it is taken
without one, or how it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """What a probe would send, before anything is sent.

    requests       in the ordinary course, where the documents are true
    at_most        if every step is needed
    input_tokens   of all requests of the ordinary course together, about
    output_tokens  likewise, reasoning left out, at most
    usd            fees beyond tokens
    """

    requests: int
    at_most: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Requests that are asked one after the other because each builds on what came before.

    name    unique with its model: recordings and exchanges are filed under it
    model   the model that it asks; None if none
    topics  all that it may observe
    needs   what must be opted into, such as 'money'
    run     an async function of a desk
    """

    name: str
    model: str | None = None
    topics: frozenset[Topic]
    outlay: Outlay
    needs: tuple[str, ...] = ()
    run: Callable[[Desk], Awaitable[None]]

    @property
    def id(self) -> str:
        """`<name>@<model>`."""
        return self.name if self.model is None else f"{self.name}@{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a claim is decided.

    topics    observations that decide it together: all must hold
    stance    what the claim says of them
    rides_on  topics whose probes must run so that there are replies to look at, for what is only watched
    parameter the request field that is claimed, where acceptance of it counts
    """

    topics: tuple[Topic, ...]
    stance: Stance = "fact"
    rides_on: tuple[Topic, ...] = ()
    parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecidable:
    """Why a claim is not asked about in this run, though requests could show it: a reason for `not-tested`.

    needs  what would have to be opted into, if that is why
    """

    reason: str
    needs: tuple[str, ...] = ()


def unselected(reason: str) -> Undecidable:
    """Why nobody who was selected can show it: whoever asks for fewer models opts out of it."""
    return Undecidable(reason=reason, needs=(OTHER_MODELS,))


OTHER_MODELS = "other-models"
"""What a claim needs that is about none of the models selected."""

UNSELECTED = unselected("the model was not selected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Every answer of a run, for those who only look.

    seen          in the order of probes; of requests of every kind
    observations  what probes observed
    """

    lineup: Lineup
    seen: Sequence[Seen]
    observations: Mapping[Topic, Observation] = field(default_factory=dict)

    def of(self, model: str) -> tuple[Seen, ...]:
        """The answers of one model, chats and others."""
        return tuple(each for each in self.seen if _model_of(each) == model)


def _model_of(seen: Seen) -> str | None:
    body = seen.ask.body
    return body.get("model") if isinstance(body, Mapping) else None


def _no_probes(_: Lineup) -> Iterable[Probe]:
    return ()


def _nothing(_: Watched) -> Iterable[Observation]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A group of promises.

    rule    how a claim is decided, or None if it is another family's
    probes  what may be asked; only those are run whose topics somebody needs
    watch   what is observed of replies that others paid for; pure
    """

    name: str
    rule: Callable[[Claim, Lineup], Rule | Undecidable | None]
    probes: Callable[[Lineup], Iterable[Probe]] = _no_probes
    watch: Callable[[Watched], Iterable[Observation]] = _nothing
