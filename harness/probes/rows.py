"""`parameters:` of suites, decided by the probes that verification uses: each row and target is a trial.

It stands apart from verification because what is expected comes from a suite here, and the result is a record of a run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from harness.catalogue import Catalogues, load_register
from harness.core.canonical import canonical_json, digest
from harness.core.catalogue import Provenance, Provider
from harness.core.chat import Message
from harness.core.check import Finding
from harness.core.claims import Claim, Register, Subject
from harness.core.errors import InputError
from harness.core.outcome import Outcome as Result
from harness.core.record import ExchangeRecord, TrialRecord
from harness.probes.bench import Bench
from harness.probes.desk import Seen
from harness.probes.effects import EFFECTS
from harness.probes.family import Rule
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation
from harness.probes.outlay import Forecast, forecast
from harness.probes.verify import Agenda, Found, plan_verification, run_agenda
from harness.reading import did_you_mean
from harness.runner.pricing import price
from harness.runner.rows import RowTrial, judge_row
from harness.runner.session import Session

_OWN = "row."
MAX_SHOWN = 12
"""Exchanges of a row that its record keeps: the verification's own folder has all."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One provider's rows as claims, by the digest of a row's key, and the agenda that decides them.

    claims  first that of the row, then one for each value that it names
    """

    agenda: Agenda
    claims: Mapping[str, tuple[Claim, ...]]


def faults_of(rows: Sequence[RowTrial], catalogues: Catalogues) -> tuple[InputError, ...]:
    """What is wrong with rows whose parameter or capability no probe knows, one for each row."""
    found: dict[str, InputError] = {}
    for name in dict.fromkeys(row.target.provider for row in rows):
        own = [row for row in rows if row.target.provider == name]
        asked = _plan(own, catalogues.provider(name))
        rules = {each.claim.id: each.how for each in asked.agenda.ruled}
        for row in own:
            if rules[asked.claims[row.key.digest][0].id] is None:
                what = row.asks.parameter or row.asks.capability or ""
                known = EFFECTS if row.asks.parameter is not None else _capabilities(asked.agenda.lineup.register)
                message = f"{row.asks.location}: no probe knows what '{what}' should do"
                found.setdefault(row.asks.location, InputError(message, remedy=did_you_mean(what, known)))
    return tuple(found.values())


def _capabilities(register: Register) -> set[str]:
    own = [claim for claim in register.of_kind("capability") if not claim.id.startswith(_OWN)]
    return {str(claim.value["capability"]) for claim in own if "capability" in claim.value}


async def run_rows(
    rows: Sequence[RowTrial],
    session: Session,
    *,
    concurrency: int,
    seed: int,
    keep: Callable[[RowTrial, TrialRecord], Awaitable[None]],
) -> None:
    """Ask what decides the rows, provider by provider.

    keep  takes each record
    """
    for name in dict.fromkeys(row.target.provider for row in rows):
        own = [row for row in rows if row.target.provider == name]
        asked = _plan(own, session.catalogues.provider(name))
        found = Found()
        bench = _bench(session, session.catalogues.provider(name), concurrency)
        await run_agenda(asked.agenda, bench, found, seed=seed)
        seen = {each.id: each for each in found.seen}
        for row in own:
            await keep(row, _record(row, _observed(row, asked, found), seen, session))


def forecast_rows(rows: Sequence[RowTrial], catalogues: Catalogues, profile: str) -> tuple[Forecast, ...]:
    """What the rows' probes would send, by model, whose name begins with its provider's; nothing is sent."""
    found: list[Forecast] = []
    for name in dict.fromkeys(row.target.provider for row in rows):
        own = [row for row in rows if row.target.provider == name]
        each_model = forecast(_plan(own, catalogues.provider(name)).agenda, profile)
        found += [replace(each, model=f"{name}/{each.model}") for each in each_model if each.model is not None]
    return tuple(found)


def _bench(session: Session, provider: Provider, concurrency: int) -> Bench:
    return Bench(
        provider=provider,
        transport=session.transport,
        sources=session.sources,
        redactor=session.redactor,
        dialect=session.dialect(provider.dialect),
        keep=lambda _: None,
        profile=session.profile,
        slots=asyncio.Semaphore(concurrency),
    )


def _plan(rows: Sequence[RowTrial], provider: Provider) -> _Asked:
    register = (
        load_register(provider)
        if provider.register is not None
        else Register(provider=provider.name, documents=(), claims=())
    )
    claims = {row.key.digest: (_claim(row), *_value_claims(row)) for row in rows}
    every = tuple(claim for group in claims.values() for claim in group)
    register = replace(register, claims=(*register.claims, *every))
    models = tuple(dict.fromkeys(row.target.model for row in rows))
    lineup = Lineup(provider=provider, register=register, models=models, allowed=frozenset({"money"}), lone=True)
    return _Asked(agenda=plan_verification(lineup, every), claims=claims)


def _value_claims(row: RowTrial) -> Iterable[Claim]:
    """A claim for each value that a row names: that it is taken, or refused."""
    parameter, model = row.asks.parameter, row.target.model
    for number, item in enumerate(row.asks.values if parameter is not None else ()):
        yield Claim(
            id=f"{_OWN}{row.key.digest}.value-{digest([parameter, item])[:8]}-{number}",
            kind="constraint",
            subject=Subject(type="model", id=model),
            value={"model": model, "params": {parameter: item}, "effect": "accepted"},
            observable="wire",
            provenance=Provenance(document=row.suite, lines=row.asks.location),
        )


def _claim(row: RowTrial) -> Claim:
    """A row as a claim that a vendor might have made: the families' rules know how to decide that."""
    asks, model = row.asks, row.target.model
    value: dict[str, Any] = {"model": model, "param": asks.parameter, "support": "supported"}
    if asks.capability is not None:
        value = {"model": model, "capability": asks.capability, "value": True}
    return Claim(
        id=f"{_OWN}{row.key.digest}",
        kind="parameter" if asks.parameter is not None else "capability",
        subject=Subject(type="model", id=model),
        value=value,
        observable="wire",
        provenance=Provenance(document=row.suite, lines=asks.location),
    )


def _observed(row: RowTrial, asked: _Asked, found: Found) -> Observation | str:
    """What was seen of a row; in words, why nothing was."""
    gate = found.gates.get(row.target.model)
    if gate is not None and gate.why_not is not None:
        return gate.why_not
    seen: list[Observation] = []
    for claim in asked.claims[row.key.digest]:
        how = next(each.how for each in (found.agenda or asked.agenda).ruled if each.claim.id == claim.id)
        if not isinstance(how, Rule):
            what = row.asks.parameter or row.asks.capability
            return how.reason if how is not None else f"no probe knows what '{what}' should do"
        observed = [found.observations[topic] for topic in how.topics if topic in found.observations]
        if not observed:
            return found.why_not or "nothing that was asked shows it"
        if observed[0].outcome == "unasked":
            return observed[0].words
        seen.append(observed[0])
    return _with_values(seen[0], seen[1:])


def _with_values(whole: Observation, values: Sequence[Observation]) -> Observation:
    """What was seen of a parameter, and of each value that a row names: one treated otherwise makes it partly."""
    taken = [each for each in values if each.outcome == "accepted"]
    refused = [each for each in values if each.outcome in ("rejected", "server-error")]
    evidence = (*whole.evidence, *(item for each in values for item in each.evidence))
    odd = taken if whole.outcome == "rejected" else refused
    if odd:
        words = f"{whole.words}; but {'; '.join(each.words for each in odd[:3])}"
        return replace(whole, outcome="partly", words=words, evidence=evidence)
    undecided = [each for each in values if each.outcome == "unknown"]
    if undecided:
        return replace(
            whole, outcome="unknown", words=f"{whole.words}; but {undecided[0].words}", evidence=evidence, error=True
        )
    return replace(whole, evidence=evidence)


def _record(row: RowTrial, observed: Observation | str, seen: Mapping[str, Seen], session: Session) -> TrialRecord:
    provider = session.catalogues.provider(row.target.provider)
    if isinstance(observed, str):
        return _blank(row, session, Result.ERROR, observed)
    result = judge_row(row.asks.expect, observed.outcome)
    cited = [seen[each.exchange] for each in observed.evidence if each.exchange in seen]
    shown = cited[:MAX_SHOWN]
    finding = Finding(
        check=f"{row.case} {row.asks.expect}",
        status="pass" if result is Result.PASS else "fail" if result is Result.FAIL else "unknown",
        expected=row.asks.expect,
        seen=f"{observed.outcome}: {observed.words}",
    )
    exchanges = tuple(_exchange(each, number, provider, session) for number, each in enumerate(shown))
    costs = [each.cost_usd for each in cited]
    record = _blank(row, session, result, None if result is not Result.ERROR else finding.seen)
    return replace(
        record,
        said=tuple((Message(role="user", text=_asked(each)),) for each in shown) or ((),),
        exchanges=exchanges,
        findings=(*((),) * (max(1, len(shown)) - 1), (finding,)),
        cost_usd=None if None in costs else sum((usd for usd in costs if usd is not None), Decimal(0)),
    )


def _asked(seen: Seen) -> str:
    body = seen.ask.body
    return f"{seen.ask.role}, {seen.ask.about}: {body if isinstance(body, str) else canonical_json(body)}"


def _exchange(seen: Seen, number: int, provider: Provider, session: Session) -> ExchangeRecord:
    exchange = seen.exchange
    return ExchangeRecord(
        turn=number,
        key=exchange.key,
        reply=seen.reply,
        recorded=exchange.recorded,
        recorded_at=exchange.recorded_at,
        server=exchange.server,
        cost=price(seen.reply, provider, seen.reply.model or "", session.profile),
    )


def _blank(row: RowTrial, session: Session, result: Result, reason: str | None) -> TrialRecord:
    target = row.target
    return TrialRecord(
        kind="parameter",
        trial=row.key.digest,
        suite=row.suite,
        case=row.case,
        row=row.row,
        location=row.asks.location,
        target=target.label,
        provider=target.provider,
        source=target.source,
        model=target.model,
        simulated=session.sources.is_simulated(target.source),
        outcome=result,
        reason=reason,
        params=dict(target.params),
        cost_usd=Decimal(0),
    )
