"""Faults on request: what `--fault KIND[:ARG][@WHERE][,WHEN]` says, and whose turn it is.

It stands apart from the server that carries them out, so that reading a spec and counting requests can be tested alone.
"""

import math
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final, TypedDict

from harness.core.errors import UsageError
from harness.reading import did_you_mean
from harness.simulator.profile import Profile

GRAMMAR: Final = "KIND[:ARG][@MODEL or @/PATH][,xN | ,every=K | ,p=P]"
MODEL_PATHS: Final = frozenset({"/v1/chat/completions", "/v1/messages", "/v1/images/generations"})
"""What a fault without a path is for: requests that a model answers."""
LARGEST: Final = 1_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """A kind of fault.

    does      what it does, in a sentence
    argument  what ARG means, or '' if it takes none
    default   ARG where none is given; None sends nothing in its place
    whole     whether ARG must be a whole number
    """

    does: str
    argument: str = ""
    default: float | None = None
    whole: bool = False


_RETRY_AFTER: Final = "seconds in Retry-After"
KINDS: Final[Mapping[str, FaultKind]] = {
    "429": FaultKind(does="refuses the request as too many", argument=_RETRY_AFTER, default=1, whole=True),
    "500": FaultKind(does="internal error, with a flat JSON body", argument=_RETRY_AFTER, whole=True),
    "502": FaultKind(does="bad gateway, with a proxy's HTML page", argument=_RETRY_AFTER, whole=True),
    "503": FaultKind(does="unavailable, with a flat JSON body", argument=_RETRY_AFTER, whole=True),
    "504": FaultKind(does="gateway timeout, with a proxy's HTML page", argument=_RETRY_AFTER, whole=True),
    "529": FaultKind(does="overloaded, with a flat JSON body", argument=_RETRY_AFTER, whole=True),
    "reset": FaultKind(
        does="resets the connection (TCP RST) amid the reply",
        argument="events sent before, of a stream",
        default=3,
        whole=True,
    ),
    "truncated": FaultKind(
        does="ends the reply early, as if it were whole",
        argument="events sent before, of a stream",
        default=3,
        whole=True,
    ),
    "malformed": FaultKind(
        does="sends something that is not JSON", argument="events sent before it, of a stream", default=1, whole=True
    ),
    "stall": FaultKind(does="sends nothing at all for a while, then answers", argument="seconds", default=30),
    "slow": FaultKind(does="lets the reply's bytes trickle", argument="bytes a second", default=200),
    "error-in-200": FaultKind(
        does="reports an error under status 200: as the whole body, or in a stream after some events",
        argument="events sent before, of a stream; with 0 the stream is one JSON body",
        default=2,
        whole=True,
    ),
    "empty-body": FaultKind(does="answers 200 with no body"),
    "wrong-content-type": FaultKind(does="labels the reply text/html"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One `--fault`, read.

    path    a path's glob; '' for every request that a model answers
    models  ids of the only models that it is for; none for all
    first   only so many matching requests, or None
    every   only every so-manieth matching request, or None
    share   the probability with which a matching request meets it, or None
    """

    kind: str
    argument: float | None = None
    path: str = ""
    models: frozenset[str] = frozenset()
    first: int | None = None
    every: int | None = None
    share: float | None = None

    def matches(self, path: str, model: str | None) -> bool:
        """Whether a request to that path, for the model of that id, is one that it is for."""
        if self.path:
            return fnmatchcase(path, self.path)
        return path in MODEL_PATHS and (not self.models or model in self.models)


class _Where(TypedDict, total=False):
    path: str
    models: frozenset[str]


_SPEC: Final = re.compile(
    r"(?P<kind>[^:@,]*)(?::(?P<argument>[^@,]*))?(?:@(?P<where>[^,]*))?(?:,(?P<when>.*))?", re.DOTALL
)


def parse_fault(spec: str, profile: Profile) -> Fault:
    """The fault that a spec asks for.

    profile  whose models it may name, by id or alias, or by a glob over both
    raises   UsageError that shows where in the spec the mistake is
    """
    found = _SPEC.fullmatch(spec)
    kind = found["kind"] if found else ""
    if found is None or kind not in KINDS:
        raise _mistake(spec, 0, kind or spec, _unknown("fault", kind, KINDS))
    when = found["when"]
    fault = Fault(
        kind=kind,
        argument=_argument(spec, kind, found["argument"], found.start("argument")),
        **_where(spec, found["where"], found.start("where"), profile),
    )
    return fault if when is None else _timed(fault, spec, when, found.start("when"))


def _where(spec: str, text: str | None, start: int, profile: Profile) -> _Where:
    if text is None:
        return {}
    if not text:
        raise _mistake(spec, start, "", "after '@' comes a model or a path that begins with '/'")
    if text.startswith("/"):
        return {"path": text}
    names = {name: model.id for model in profile.models.values() for name in (model.id, *model.aliases)}
    models = frozenset(names[name] for name in names if name == text or fnmatchcase(name, text))
    if not models:
        raise _mistake(spec, start, text, _unknown("model", text, names))
    return {"models": models}


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    return "; ".join(filter(None, (f"there is no {what} '{name}'", did_you_mean(name, known))))


def _argument(spec: str, kind: str, text: str | None, start: int) -> float | None:
    known = KINDS[kind]
    if text is None:
        return known.default
    if not known.argument:
        raise _mistake(spec, start, text, f"'{kind}' takes no argument")
    number = _number(text)
    least = 0.0 if known.whole else 1e-3
    if number is None or not least <= number <= LARGEST or (known.whole and number != int(number)):
        wanted = "a whole number" if known.whole else "a number"
        raise _mistake(spec, start, text, f"'{kind}' takes {wanted} up to {LARGEST:,.0f}: {known.argument}")
    return number


def _timed(fault: Fault, spec: str, text: str, start: int) -> Fault:
    if re.fullmatch(r"x[1-9][0-9]{0,8}", text):
        return replace(fault, first=int(text[1:]))
    if re.fullmatch(r"every=[1-9][0-9]{0,8}", text):
        return replace(fault, every=int(text.removeprefix("every=")))
    share = _number(text.removeprefix("p=")) if text.startswith("p=") else None
    if share is not None and 0 <= share <= 1:
        return replace(fault, share=share)
    raise _mistake(spec, start, text, "after ',' comes x3 (the first three), every=3 (every third) or p=0.1 (a tenth)")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _mistake(spec: str, start: int, part: str, message: str) -> UsageError:
    marker = " " * start + "^" * max(1, len(part))
    return UsageError(
        f"--fault, character {start + 1}: {message}\n      {spec}\n      {marker}",
        remedy=f"a fault is {GRAMMAR}; `harness simulate --list` names the kinds",
    )


@dataclass(slots=True)
class _Turn:
    fault: Fault
    chance: random.Random
    seen: int = 0

    def takes(self) -> bool:
        """Count one matching request, and say whether it meets the fault."""
        self.seen += 1
        fault = self.fault
        if fault.first is not None:
            return self.seen <= fault.first
        if fault.every is not None:
            return self.seen % fault.every == 0
        return fault.share is None or self.chance.random() < fault.share


@dataclass(slots=True)
class FaultPlan:
    """The faults of one server, and how many requests each has seen.

    A request meets the first fault whose turn it is, and later ones do not count it: `429,x2` before `500,x1` gives two
    429, then one 500. By count and by seed, never by time, the same requests in the same order meet the same faults.
    """

    faults: Sequence[Fault]
    seed: int = 0
    _turns: list[_Turn] = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count."""
        self._turns = [
            _Turn(fault=fault, chance=random.Random(f"{self.seed}:{place}"))  # noqa: S311 - repeatable, not secret
            for place, fault in enumerate(self.faults)
        ]

    @property
    def asks_for_models(self) -> bool:
        """Whether some fault can only be matched with the model that a request names."""
        return any(fault.models for fault in self.faults)

    def next(self, path: str, model: str | None) -> Fault | None:
        """The fault that a request to that path, for the model of that id, meets; or None."""
        matching = (turn for turn in self._turns if turn.fault.matches(path, model))
        return next((turn.fault for turn in matching if turn.takes()), None)
