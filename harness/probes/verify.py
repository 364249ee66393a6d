"""A verification: which probes are run for which claims, and what all of it comes to.

It stands apart from probes and from the bench: here is only who is asked what, and in which order.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from harness.core.claims import Claim
from harness.probes.canned import discount
from harness.probes.desk import Ask, Desk, Seen, Sender, Unasked, Unrecorded
from harness.probes.families import FAMILIES
from harness.probes.family import UNSELECTED, Probe, Rule, Undecidable, Watched
from harness.probes.gate import Gate, open_gate
from harness.probes.lineup import Lineup, model_of
from harness.probes.observation import Observation, Topic
from harness.wire.presence import read_model_list

GATE = "gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A selected claim and how it is decided; `how` is None if nothing in this version decides it."""

    claim: Claim
    how: Rule | Undecidable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What a verification asks.

    ruled   the selected claims, in the register's order
    probes  those that are needed, in the order of families
    gated   the models that must be let in first
    """

    lineup: Lineup
    ruled: tuple[Ruled, ...]
    probes: tuple[Probe, ...]
    gated: tuple[str, ...]
    wanted: frozenset[Topic]


@dataclass(kw_only=True)
class Found:
    """What a verification observed.

    agenda   what was asked in the end: models that the server does not list stand for nothing
    why_not  why nothing could be asked, or why no more was: the server cannot be reached, the user interrupted
    """

    agenda: Agenda | None = None

    observations: dict[Topic, Observation] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    why_not: str = ""


def plan_verification(lineup: Lineup, claims: Sequence[Claim]) -> Agenda:
    """The fewest probes that decide the claims; pure.

    claims  those selected, of the lineup's register
    """
    ruled = tuple(Ruled(claim=claim, how=_rule_of(claim, lineup)) for claim in claims)
    wanted = {topic for each in ruled if isinstance(each.how, Rule) for topic in (*each.how.topics, *each.how.rides_on)}
    everything = [probe for family in FAMILIES for probe in family.probes(lineup)]
    chosen = [probe for probe in everything if probe.topics & wanted]
    probes = tuple({probe.id: probe for probe in chosen}.values())
    named = {topic.model for topic in wanted} | {probe.model for probe in probes}
    gated = tuple(model for model in (*lineup.models, *lineup.images) if model in named)
    return Agenda(lineup=lineup, ruled=ruled, probes=probes, gated=gated, wanted=frozenset(wanted))


def _rule_of(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.observable == "none":
        return Undecidable(reason=f"not observable: {claim.reason}")
    about = model_of(claim)
    if about is not None and _is_listed(about, lineup) and about not in (*lineup.models, *lineup.images):
        return UNSELECTED
    for family in FAMILIES:
        how = family.rule(claim, lineup)
        if how is not None:
            return how
    return None


def _is_listed(model: str, lineup: Lineup) -> bool:
    return any(model == each.id for each in lineup.provider.models)


async def run_agenda(
    agenda: Agenda,
    sender: Sender,
    found: Found,
    *,
    seed: int = 0,
    on_probe: Callable[[Probe], None] = lambda _: None,
) -> None:
    """Run every probe: a model's own after its gate, models beside one another.

    found     takes what is observed, as it is observed: what was seen stands, whatever ends the run
    on_probe  told of each probe that has ended
    raises    whatever is no fault of a server: a cassette that cannot be read, a file that cannot be written
    """
    served = await _ask_for_list(agenda, sender, found, seed)
    agenda = found.agenda = _with_those_present_first(agenda, served)
    if found.why_not:
        return
    try:
        async with asyncio.TaskGroup() as group:
            for model in (None, *agenda.gated):
                group.create_task(_run_model(agenda, sender, found, model, _Context(seed, served, on_probe)))
    except BaseExceptionGroup as failures:
        # One cause is enough: the others are the same fault met by other models.
        raise _first_of(failures) from failures
    finally:
        finish(agenda, found)


def _with_those_present_first(agenda: Agenda, served: Mapping[str, str] | None) -> Agenda:
    """The agenda in which a model that is served stands for promises about the whole API, if any is."""
    lineup = agenda.lineup
    if served is None or not any(model in served for model in lineup.models):
        return agenda
    ordered = tuple(sorted(lineup.models, key=lambda model: model not in served))
    if ordered == lineup.models:
        return agenda
    return plan_verification(replace(lineup, models=ordered), tuple(each.claim for each in agenda.ruled))


def _first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failures.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


def finish(agenda: Agenda, found: Found) -> None:
    """Put the answers in order, and let those look at them who only look."""
    _order(agenda, found)
    watched = Watched(lineup=agenda.lineup, seen=tuple(found.seen), observations=found.observations)
    for family in FAMILIES:
        for observation in family.watch(watched):
            found.observations.setdefault(observation.topic, observation)


@dataclass(frozen=True, slots=True)
class _Context:
    seed: int
    served: dict[str, str] | None
    on_probe: Callable[[Probe], None]


async def _ask_for_list(agenda: Agenda, sender: Sender, found: Found, seed: int) -> dict[str, str] | None:
    path = agenda.lineup.provider.model_list
    if path is None or not agenda.gated:
        return None
    desk = _desk("list", None, agenda, sender, seed)
    try:
        answer = await desk.one(Ask(about="the models that are served", method="GET", path=path))
    except Unrecorded:
        return None
    except Unasked as unasked:
        found.why_not = str(unasked)
        return None
    found.seen.append(answer)
    if answer.attempt.error in ("connect", "no-key"):
        found.why_not = answer.attempt.message or "the server cannot be reached"
    if not answer.ok:
        return None
    served = read_model_list(answer.attempt.body)
    return dict(served) if served is not None else None


def _desk(probe: str, model: str | None, agenda: Agenda, sender: Sender, seed: int) -> Desk:
    random = Random(f"{seed}:{probe}:{model}")  # noqa: S311 - repeatable choices, not secrecy
    return Desk(
        probe=probe, model=model, sender=sender, wanted=agenda.wanted, family=agenda.lineup.family, random=random
    )


async def _run_model(agenda: Agenda, sender: Sender, found: Found, model: str | None, context: _Context) -> None:
    probes = [probe for probe in agenda.probes if probe.model == model]
    gate = Gate(model=model or "")
    if model in agenda.lineup.models:
        gate = await _open(agenda, sender, found, model or "", context)
        found.gates[model or ""] = gate
    if gate.why_not is not None:
        for probe in probes:
            _unasked(probe, found, gate.why_not, error=gate.fault)
            context.on_probe(probe)
        return
    async with asyncio.TaskGroup() as group:
        for probe in probes:
            group.create_task(_run_probe(probe, agenda, sender, found, context))


async def _open(agenda: Agenda, sender: Sender, found: Found, model: str, context: _Context) -> Gate:
    desk = _desk(GATE, model, agenda, sender, context.seed)
    try:
        gate = await open_gate(desk, agenda.lineup.provider, model, context.served)
    except Unasked as unasked:
        gate = Gate(model=model, why_not=str(unasked), fault=True)
    found.observations.update(desk.observations)
    found.seen += desk.seen
    return gate


async def _run_probe(probe: Probe, agenda: Agenda, sender: Sender, found: Found, context: _Context) -> None:
    missing = tuple(need for need in probe.needs if need not in agenda.lineup.allowed)
    if missing:
        _unasked(probe, found, f"must be opted into: --allow {' --allow '.join(missing)}", needs=missing)
        context.on_probe(probe)
        return
    desk = _desk(probe.name, probe.model, agenda, sender, context.seed)
    try:
        await probe.run(desk)
    except Unasked as unasked:
        desk.drop_first_looks()
        _unasked(probe, found, str(unasked), error=True, but=desk.observations)
    finally:
        gate = found.gates.get(probe.model or "")
        canned = gate.canned if gate is not None else None
        for topic, observation in desk.observations.items():
            found.observations[topic] = discount(observation, canned, desk.seen)
        found.seen += desk.seen
    context.on_probe(probe)


def _unasked(
    probe: Probe,
    found: Found,
    why: str,
    *,
    needs: tuple[str, ...] = (),
    error: bool = False,
    but: Mapping[Topic, Observation] | None = None,
) -> None:
    for topic in probe.topics:
        if topic not in (but or {}):
            found.observations[topic] = Observation(
                topic=topic, outcome="unasked", words=why, grade="E0", needs=needs, error=error
            )


def _order(agenda: Agenda, found: Found) -> None:
    """The answers in the order of models and probes, whichever came first: watchers see the same in every run."""
    models = {model: number for number, model in enumerate(agenda.gated)}
    probes = {probe.name: number for number, probe in enumerate(agenda.probes)}

    def place(seen: Seen) -> tuple[int, int, str, int]:
        name, _, number = seen.id.rpartition("#")
        probe, _, model = name.partition("@")
        return (models.get(model, -1), probes.get(probe, -1), probe, int(number))

    found.seen.sort(key=place)
