"""An old run -> the same replies under today's checks and prices. Offline: nothing is sent.

It stands apart from execution because it must not be able to send anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.catalogue import Catalogues
from harness.core.catalogue import Target
from harness.core.check import CheckKind
from harness.core.keys import PairKey
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord, Run, TrialRecord
from harness.core.suite import Case, Suite
from harness.runner.conversation import Step, Stopped, is_promise, next_step
from harness.runner.grade import grade_trial, wanted_follow_ups
from harness.runner.plan import trial_key
from harness.runner.pricing import judge_cost, model_cost, price
from harness.runner.rows import regrade_row
from harness.runner.targets import matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """A run graded again.

    records  in the old order; those whose case is gone are left out
    missing  what today's suite asks and the run holds no recording of, in words: an answer would take a new run
    unasked  how many of those are whole trials
    gone     trials whose case is no longer in the suite, in words
    """

    records: tuple[TrialRecord, ...]
    missing: tuple[str, ...]
    unasked: int
    gone: tuple[str, ...]


def regrade(
    run: Run, suites: Sequence[Suite], catalogues: Catalogues, kinds: Mapping[str, CheckKind], profile: str
) -> Regraded:
    """Grade recorded replies with today's checks and prices."""
    cases = {(case.suite, case.id, case.row): case for suite in suites for case in suite.cases}
    targets = {target.label: target for target in run.header.targets}
    records: list[TrialRecord] = []
    missing: list[str] = []
    gone: list[str] = []
    rows = {suite.name: suite.parameters for suite in suites}
    for record in run.records:
        if record.kind == "parameter":
            again = regrade_row(record, rows.get(record.suite, ()), targets.get(record.target), catalogues)
            records += [again] if again is not None else []
            gone += [] if again is not None else [f"{record.pair} of {record.target}"]
            continue
        case = cases.get((record.suite, record.case, record.row))
        if case is None:
            gone.append(f"{record.pair} of {record.target}")
            continue
        graded, absent = _regrade(record, case, targets.get(record.target), _Prices(catalogues, profile), kinds)
        records.append(graded)
        missing += [f"{record.pair} of {record.target}: {what}" for what in absent]
    unasked = _unasked(run, suites)
    return Regraded(records=tuple(records), missing=(*missing, *unasked), unasked=len(unasked), gone=tuple(gone))


def _unasked(run: Run, suites: Sequence[Suite]) -> list[str]:
    """What today's suites ask of the run's targets, and the run never did."""
    held = {(r.suite, r.case, r.row, r.target, r.index) for r in run.records}
    asked_of: dict[str, list[str]] = {}
    for record in run.records:
        if record.target not in asked_of.setdefault(record.suite, []):
            asked_of[record.suite].append(record.target)
    targets = {target.label: target for target in run.header.targets}
    absent: list[str] = []
    for case in (case for suite in suites for case in suite.cases):
        for label in asked_of.get(case.suite, ()):
            target = targets.get(label)
            if case.only and not (target and any(matches(target, pattern) for pattern in case.only)):
                continue
            for index in range(run.header.repeats or case.repeats):
                if (case.suite, case.id, case.row, label, index) not in held:
                    pair = PairKey(suite=case.suite, case=case.id, row=case.row, index=index)
                    absent.append(f"{pair} of {label}: the run never asked it")
    return absent


@dataclass(frozen=True, slots=True)
class _Prices:
    catalogues: Catalogues
    profile: str

    def again(self, exchange: ExchangeRecord, record: TrialRecord) -> ExchangeRecord:
        """The exchange at today's prices; at its old one where no catalogue knows its provider any more."""
        name, model = record.provider, record.model
        if exchange.follow_up is not None:
            name, _, model = exchange.follow_up.model.partition("/")
        provider = self.catalogues.find(name)
        if provider is None:
            return exchange
        # What asked no model was free then, and is free now.
        asks_model = exchange.cost is None or exchange.cost.profile != "free"
        return replace(exchange, cost=price(exchange.reply, provider, model, self.profile, asks_model=asks_model))


def _regrade(
    record: TrialRecord, case: Case, target: Target | None, prices: _Prices, kinds: Mapping[str, CheckKind]
) -> tuple[TrialRecord, list[str]]:
    described = replace(
        record, about=case.about, tags=case.tags, location=case.location, at_least=case.at_least, findings=()
    )
    if case.skip is not None:
        return replace(described, outcome=Outcome.SKIP, reason=case.skip), []
    if record.outcome is Outcome.SKIP and not record.exchanges:
        # Skipped for want of a key: there is still nothing to judge.
        return replace(described, outcome=Outcome.SKIP), []
    # Without its target nothing tells what was asked but the replies themselves.
    same = target is None or record.trial == trial_key(case, target, record.index)
    if not record.exchanges or not same:
        what = "today's suite asks something else" if record.exchanges else "it was not asked"
        return replace(described, outcome=Outcome.ERROR, reason=f"no recorded reply: {what}"), [what]
    exchanges = [prices.again(exchange, record) for exchange in record.exchanges]
    conversation = [exchange for exchange in exchanges if exchange.follow_up is None]
    # The promise of a deferred reply is no reply: what was fetched later is.
    replies = [exchange.reply for exchange in conversation if not is_promise(case, exchange.reply)]
    step = next_step(case, target, replies) if target is not None else None
    stopped = step.reason if isinstance(step, Stopped) else None
    if isinstance(step, Step) and record.outcome is Outcome.SKIP:
        # Skipped midway, for want of a key.
        return replace(described, outcome=Outcome.SKIP), []
    if isinstance(step, Step):
        what = f"the run holds no reply to request {len(conversation) + 1}"
        return replace(described, outcome=Outcome.ERROR, reason=f"no recorded reply: {what}"), [what]
    # An answer to an old rubric is left out; what today's checks ask is looked for among the rest.
    asked = [follow_up for _, follow_up in wanted_follow_ups(case, conversation, kinds)]
    used = [*conversation, *(exchange for exchange in exchanges if exchange.follow_up in asked)]
    graded = grade_trial(case, used, kinds, stopped)
    updated = replace(
        described,
        outcome=graded.outcome,
        reason=graded.reason,
        findings=graded.findings,
        exchanges=tuple(used),
        cost_usd=model_cost(used),
        judge_cost_usd=judge_cost(used),
    )
    wanted = wanted_follow_ups(case, used, kinds)
    return updated, [f"no recording of what turn {turn + 1} asks {follow_up.model}" for turn, follow_up in wanted]
