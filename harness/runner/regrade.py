"""An old run -> the same replies under today's checks and prices. Offline: nothing is sent.

It stands apart from execution because it must not be able to send anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from harness.catalogue import Catalogues
from harness.core.catalogue import Provider
from harness.core.check import CheckKind
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord, Run, TrialRecord
from harness.core.suite import Case, Suite
from harness.runner.execute import price
from harness.runner.grade import grade_trial, total_cost, wanted_follow_ups
from harness.runner.plan import asked_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """A run graded again.

    records  in the old order; those whose case is gone are left out
    missing  what today's suite asks and the run holds no recording of, in words: an answer would take a new run
    gone     trials whose case is no longer in the suite, in words
    """

    records: tuple[TrialRecord, ...]
    missing: tuple[str, ...]
    gone: tuple[str, ...]


def regrade(
    run: Run, suites: Sequence[Suite], catalogues: Catalogues, kinds: Mapping[str, CheckKind], profile: str
) -> Regraded:
    """Grade recorded replies with today's checks and prices."""
    cases = {(case.suite, case.id, case.row): case for suite in suites for case in suite.cases}
    records: list[TrialRecord] = []
    missing: list[str] = []
    gone: list[str] = []
    for record in run.records:
        case = cases.get((record.suite, record.case, record.row))
        if case is None:
            gone.append(f"{record.pair} of {record.target}")
            continue
        graded, absent = _regrade(record, case, catalogues, kinds, profile)
        records.append(graded)
        missing += [f"{record.pair} of {record.target}: {what}" for what in absent]
    asked = {(record.suite, record.case, record.row) for record in run.records}
    wanted = {suite.name for suite in suites}
    missing += [
        f"{suite}/{case}{f'[{row}]' if row else ''}: the run holds no reply to it"
        for suite, case, row in cases
        if (suite, case, row) not in asked and suite in wanted
    ]
    return Regraded(records=tuple(records), missing=tuple(missing), gone=tuple(gone))


def _regrade(
    record: TrialRecord, case: Case, catalogues: Catalogues, kinds: Mapping[str, CheckKind], profile: str
) -> tuple[TrialRecord, list[str]]:
    described = replace(
        record, about=case.about, tags=case.tags, location=case.location, at_least=case.at_least, findings=()
    )
    if case.skip is not None:
        return replace(described, outcome=Outcome.SKIP, reason=case.skip), []
    if not record.exchanges or record.asked != asked_digest(case):
        what = "today's suite asks something else" if record.exchanges else "it was not asked"
        return replace(described, outcome=Outcome.ERROR, reason=f"no recorded reply: {what}"), [what]
    exchanges = tuple(_reprice(exchange, record, catalogues, profile) for exchange in record.exchanges)
    wanted = wanted_follow_ups(case, exchanges, kinds)
    used = [e for e in exchanges if e.follow_up is None or _still_wanted(e, case, exchanges, kinds)]
    graded = grade_trial(case, used, kinds)
    judged = [exchange for exchange in used if exchange.follow_up is not None]
    updated = replace(
        described,
        outcome=graded.outcome,
        reason=graded.reason,
        findings=graded.findings,
        exchanges=tuple(used),
        cost_usd=total_cost([exchange for exchange in used if exchange.follow_up is None]),
        judge_cost_usd=total_cost(judged) if judged else None,
    )
    return updated, [f"no recording of what turn {turn + 1} asks {follow_up.model}" for turn, follow_up in wanted]


def _still_wanted(
    exchange: ExchangeRecord, case: Case, exchanges: Sequence[ExchangeRecord], kinds: Mapping[str, CheckKind]
) -> bool:
    """Whether today's checks still ask this follow-up: an answer to an old rubric is left out."""
    others = [other for other in exchanges if other is not exchange]
    return any(follow_up == exchange.follow_up for _, follow_up in wanted_follow_ups(case, others, kinds))


def _reprice(exchange: ExchangeRecord, record: TrialRecord, catalogues: Catalogues, profile: str) -> ExchangeRecord:
    name, model = record.provider, record.model
    if exchange.follow_up is not None:
        name, _, model = exchange.follow_up.model.partition("/")
    provider: Provider | None = catalogues.find(name)
    cost = price(exchange.reply, provider, model, profile) if provider is not None else exchange.cost
    return replace(exchange, cost=cost)


def spent(records: Sequence[TrialRecord]) -> Decimal | None:
    """Dollars for all records together, judges included; None if any is unknown."""
    total = Decimal(0)
    for record in records:
        if record.outcome is Outcome.SKIP:
            continue
        if record.cost_usd is None:
            return None
        total += record.cost_usd + (record.judge_cost_usd or Decimal(0))
    return total
