"""Trials -> exchanges -> records: the one place where the harness waits.

It stands apart because everything else is pure: what may fail, hang or cost money happens here, behind a transport.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Protocol

from harness.core.canonical import canonical_json
from harness.core.catalogue import Target
from harness.core.chat import ChatRequest, Message
from harness.core.check import FollowUp
from harness.core.errors import UnreadableCassette, Withheld
from harness.core.exchange import Attempt, Exchange
from harness.core.outcome import Outcome
from harness.core.record import AttemptRecord, ExchangeRecord, TrialRecord
from harness.core.reply import ApiError, Reply
from harness.core.suite import Case, Turn
from harness.runner.asking import Asking, call_for, masked
from harness.runner.budget import purses_of
from harness.runner.conversation import Step, Stopped, is_promise, next_step
from harness.runner.grade import Graded, grade_trial, wanted_follow_ups
from harness.runner.plan import Plan, Trial
from harness.runner.pricing import charged, judge_cost, model_cost, price
from harness.runner.session import Session
from harness.runner.worst_case import about_tokens, tokens_of, worst_case
from harness.wire import Call, Lease

MAX_FOLLOW_UP_ROUNDS = 3
POLL_EVERY_S = 1.0
MAX_POLLS = 600
MAX_WAIT_S = 600.0
LONG_REPLY_BYTES = 200_000


class Keeper(Protocol):
    """Where finished trials go."""

    def holds(self, number: int) -> bool:
        """Whether a trial is done already, by an earlier run that this one goes on with."""
        ...

    async def keep(self, number: int, record: TrialRecord) -> None:
        """Take a finished trial; it is durable when this returns."""
        ...


async def execute(plan: Plan, session: Session, *, concurrency: int, keeper: Keeper) -> Counter[str]:
    """Run every trial that the keeper does not hold.

    returns      why trials were withheld, by a budget, a limit or by stopping, and how many
    concurrency  trials under way at once; a trial that waits for a limit is not under way
    raises       UsageError if it is not known where an API is that the plan needs: nothing is sent then
    """
    _find_endpoints(plan, session)
    withheld = Counter[str]()

    async def work(trials: Iterator[Trial]) -> None:
        for trial in trials:
            if keeper.holds(trial.number):
                continue
            if session.door.is_over:
                return
            try:
                await keeper.keep(trial.number, await run_trial(trial, session))
            except Withheld as why:
                withheld[why.message] += 1
            finally:
                session.door.done(trial.key)

    lanes = _lanes(plan, session)
    if len(lanes) > 1 and session.door.pace is not None:
        # Each lane waits for its own limits; what is under way is counted over all.
        session.door.pace.share_slots(concurrency)
    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                trials = plan.trials.of(lane)
                for _ in range(min(concurrency, len(plan.trials))):
                    group.create_task(work(trials))
    except ExceptionGroup as failures:
        # One cause is enough: the others are the same fault met by other workers.
        raise failures.exceptions[0] from failures
    return withheld


def _lanes(plan: Plan, session: Session) -> list[Callable[[Target], bool] | None]:
    """Whom to ask side by side: models that have limits of their own must not hold up one another."""
    models = dict.fromkeys((target.source, target.model) for target in plan.targets)
    if session.door.pace is None or len(models) == 1:
        return [None]
    return [partial(_is_of, model) for model in models]


def _is_of(model: tuple[str, str], target: Target) -> bool:
    return (target.source, target.model) == model


def _find_endpoints(plan: Plan, session: Session) -> None:
    """Find every API that the plan needs before anything is sent."""
    managed = any(_is_managed(turn) for suite in plan.suites for case in suite.written for turn in case.turns)
    if not managed:
        return
    needed = {
        (trial.target.provider, trial.target.region): None
        for trial in plan.trials
        if trial.case.skip is None and any(map(_is_managed, trial.case.turns))
    }
    for name, region in needed:
        session.sources.endpoint_of(session.catalogues.provider(name), region, "management")


def _is_managed(turn: Turn) -> bool:
    return turn.request is not None and turn.request.domain == "management"


def is_answered(record: TrialRecord) -> bool:
    """Whether a trial's record stands when its run is resumed: what nothing answered is asked again.

    A check that could not decide has its answer; a trial that was skipped is looked at again, and sends nothing.
    """
    if record.outcome is Outcome.SKIP:
        return False
    if record.outcome is not Outcome.ERROR:
        return True
    errors = [exchange.reply.error for exchange in record.exchanges]
    return record.kind == "case" and bool(errors) and all(error is None or error.is_answer for error in errors)


async def run_trial(trial: Trial, session: Session) -> TrialRecord:
    """One trial: the conversation, then what its checks ask further, then the grading."""
    if trial.case.skip is not None:
        return record_of(trial, session, (), Graded(outcome=Outcome.SKIP, reason=trial.case.skip, findings=()))
    exchanges: list[ExchangeRecord] = []
    try:
        stopped = await _converse(trial, session, exchanges)
        await _ask_further(trial, session, exchanges)
    except _Unasked as unasked:
        graded = Graded(outcome=Outcome.SKIP, reason=unasked.reason, findings=())
        return record_of(trial, session, exchanges, graded)
    except UnreadableCassette as error:
        # This trial has no answer, and the others go on. A recording that cannot be written ends the run instead:
        # what it would still pay for would be lost.
        graded = Graded(outcome=Outcome.ERROR, reason=f"{error.message}; {error.remedy}", findings=())
        return record_of(trial, session, exchanges, graded)
    return record_of(trial, session, exchanges, grade_trial(trial.case, exchanges, session.kinds, stopped))


async def _ask_further(trial: Trial, session: Session, exchanges: list[ExchangeRecord]) -> None:
    """Ask what the checks want to know, round by round: an answer may raise a further question."""
    asked = len(exchanges)
    for _ in range(MAX_FOLLOW_UP_ROUNDS):
        wanted = wanted_follow_ups(trial.case, exchanges, session.kinds)
        for turn, follow_up in wanted:
            exchanges.append(await _follow_up(trial, session, turn, follow_up, asked))
        if not wanted:
            return


async def _converse(trial: Trial, session: Session, exchanges: list[ExchangeRecord]) -> str | None:
    provider = session.catalogues.provider(trial.target.provider)
    replies: list[Reply] = []
    while isinstance(step := next_step(trial.case, trial.target, replies), Step):
        asking = Asking(
            provider=provider,
            request=step.request,
            number=len(replies),
            region=trial.target.region,
            dialect=trial.case.dialect,
        )
        record = await _ask(trial, session, asking, step.turn)
        exchanges.append(record)
        if is_promise(trial.case, record.reply):
            record = await _fetch_deferred(trial, session, asking, record)
            exchanges.append(record)
        replies.append(record.reply)
    return step.reason if isinstance(step, Stopped) else None


async def _follow_up(trial: Trial, session: Session, turn: int, follow_up: FollowUp, number: int) -> ExchangeRecord:
    name, _, model = follow_up.model.partition("/")
    provider = session.catalogues.provider(name)
    request = ChatRequest(model=model, messages=follow_up.messages, params=follow_up.params)
    # Every follow-up of a trial has the same number, after the conversation's last: its body tells it apart, and
    # a check added before it does not turn its recording into a miss.
    return await _ask(trial, session, Asking(provider=provider, request=request, number=number), turn, follow_up)


class _Unasked(Exception):
    """A trial that is not for those who hold no such key: it is skipped, and says so."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def _read(exchange: Exchange, session: Session, asking: Asking, model: str) -> Reply:
    """The reply, its keys masked. A long one is read in a thread: others are being timed."""
    if sum(len(frame.content) for frame in exchange.last.frames) > LONG_REPLY_BYTES:
        return masked(await asyncio.to_thread(asking.read, exchange, session, model), session.redactor)
    return masked(asking.read(exchange, session, model), session.redactor)


async def _fetch_deferred(trial: Trial, session: Session, asking: Asking, asked: ExchangeRecord) -> ExchangeRecord:
    """The reply to a deferred request, once it is ready; an error if it never is."""
    fetching = replace(asking, poll=asked.reply.deferred_id)
    began_s = session.clock.monotonic()
    for _ in range(MAX_POLLS):
        record = await _ask(trial, session, fetching, asked.turn)
        if not record.reply.pending:
            return record
        if record.recorded or session.clock.monotonic() - began_s > MAX_WAIT_S:
            # A recording says the same however often it is asked; a slow server is not asked for hours.
            break
        await session.clock.sleep(POLL_EVERY_S)
    waited_s = session.clock.monotonic() - began_s
    message = f"the deferred reply was not ready after {waited_s:.0f} s"
    return replace(record, reply=replace(record.reply, error=ApiError(kind="timeout", message=message)))


async def _ask(
    trial: Trial, session: Session, asking: Asking, turn: int, follow_up: FollowUp | None = None
) -> ExchangeRecord:
    lease = _lease(trial, session, asking) if session.door.counts else Lease()
    call = call_for(trial, session, asking, lease)
    _reckon(call, session, asking)
    exchange = await session.transport.send(call)
    needs_other = asking.domain == "management" or asking.request.credential == "other"
    if exchange.last.error == "no-key" and needs_other:
        raise _Unasked(exchange.last.message)
    reply = await _read(exchange, session, asking, call.key.model)
    plain = len(exchange.attempts) == 1 and exchange.last.error is None
    cost = price(reply, asking.provider, call.key.model, session.profile, asks_model=asking.asks_model)
    # What is fetched later is paid for once, by the request that asked for it.
    session.door.settle(call, tokens_of(reply.usage), charged(cost) if asking.poll is None else Decimal(0))
    return ExchangeRecord(
        turn=turn,
        key=exchange.key if exchange.recorded else "",
        reply=reply,
        attempts=() if plain else tuple(_attempt_record(attempt) for attempt in exchange.attempts),
        recorded=exchange.recorded,
        recorded_at=_sound(exchange.recorded_at),
        server=_sound(exchange.server),
        cost=cost,
        follow_up=follow_up,
    )


def _lease(trial: Trial, session: Session, asking: Asking) -> Lease:
    """Whose limits and budgets the call is held to."""
    return Lease(
        purses=purses_of(trial.case.suite, trial.target.label) if session.door.budgets is not None else (),
        limits=session.limits_of(asking.provider, asking.model_of(trial.target.model)),
        holder=trial.key,
    )


def _reckon(call: Call, session: Session, asking: Asking) -> None:
    """Put down what the call may take, where anything counts it. What is fetched later is paid for by its order."""
    lease = call.lease
    counted = session.door.budgets is not None or lease.limits.tokens_per_minute is not None
    if counted and asking.poll is None:
        body = len(call.request.body)
        most = worst_case(asking.request, body, asking.provider, call.key.model, session.profile)
        lease.tokens, lease.usd = about_tokens(body, most), most.usd


def _sound(text: str | None) -> str | None:
    """A text of a cassette that anyone may have edited, without what UTF-8 cannot hold."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _attempt_record(attempt: Attempt) -> AttemptRecord:
    return AttemptRecord(
        status=attempt.status, total_ms=attempt.total_ms, error=attempt.error, waited_s=round(attempt.waited_s, 3)
    )


def record_of(trial: Trial, session: Session, exchanges: Sequence[ExchangeRecord], graded: Graded) -> TrialRecord:
    """What is kept of a trial that is done."""
    case, target = trial.case, trial.target
    return TrialRecord(
        trial=trial.key,
        number=trial.number,
        suite=case.suite,
        case=case.id,
        row=case.row,
        index=trial.index,
        about=case.about,
        tags=case.tags,
        location=case.location,
        target=target.label,
        provider=target.provider,
        source=target.source,
        model=target.model,
        simulated=session.sources.is_simulated(target.source),
        outcome=graded.outcome,
        reason=graded.reason,
        at_least=case.at_least,
        params={**case.params, **target.params},
        said=_said(case),
        exchanges=tuple(exchanges),
        findings=graded.findings,
        cost_usd=model_cost(exchanges),
        judge_cost_usd=judge_cost(exchanges),
    )


def _said(case: Case) -> tuple[tuple[Message, ...], ...]:
    system = (Message(role="system", text=case.system),) if case.system else ()
    first, *others = (turn.messages or _shown(turn) for turn in case.turns)
    return (system + first, *others)


def _shown(turn: Turn) -> tuple[Message, ...]:
    """A plain request, for whoever reads the record."""
    request = turn.request
    if request is None:
        return ()
    body = "" if request.body is None else f"\n{canonical_json(request.body)}"
    return (Message(role="user", text=f"{request.method} {request.path}{body}"),)
