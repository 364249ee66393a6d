"""Trials -> exchanges -> records: the one place where the harness waits.

It stands apart because everything else is pure: what may fail, hang or cost money happens here, behind a transport.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from harness.catalogue import Catalogues
from harness.core.catalogue import Provider
from harness.core.chat import ChatRequest, Message
from harness.core.check import CheckKind, FollowUp
from harness.core.errors import UnreadableCassette
from harness.core.exchange import Attempt, Exchange
from harness.core.outcome import Outcome
from harness.core.record import AttemptRecord, ExchangeRecord, TrialRecord
from harness.core.reply import Reply
from harness.core.suite import Case
from harness.runner.conversation import Step, Stopped, next_step
from harness.runner.grade import Graded, grade_trial, wanted_follow_ups
from harness.runner.plan import Plan, Trial
from harness.runner.pricing import judge_cost, model_cost, price
from harness.runner.sources import Sources
from harness.wire import Call, CassetteAddress, Redactor, Transport, request_key
from harness.wire.dialects import Dialect, load_dialect

MAX_FOLLOW_UP_ROUNDS = 3
LONG_REPLY_BYTES = 200_000


@dataclass(kw_only=True)
class Session:
    """What executing a plan needs.

    transport  live, or behind cassettes
    redactor   masks keys: a request's key is that of its masked form
    profile    the price profile
    slots      by provider and model, where the catalogue limits how many requests may be under way
    dialects   those in use, loaded once
    """

    transport: Transport
    sources: Sources
    redactor: Redactor
    kinds: Mapping[str, CheckKind]
    profile: str = "documented"
    dialects: dict[str, Dialect] = field(default_factory=dict)
    slots: dict[tuple[str, str], asyncio.Semaphore] = field(default_factory=dict)

    def slot_of(self, provider: Provider, model: str) -> AbstractAsyncContextManager[None]:
        """A place among the requests that the catalogue lets a model have under way; waiting in it is in no figure."""
        found = provider.find_model(model)
        limit = found.limits.concurrent_requests if found is not None else None
        if limit is None:
            return nullcontext()
        return self.slots.setdefault((provider.name, model), asyncio.Semaphore(limit))

    @property
    def catalogues(self) -> Catalogues:
        """The providers that are known."""
        return self.sources.catalogues

    def dialect_of(self, provider: Provider) -> Dialect:
        """The provider's dialect."""
        if provider.dialect not in self.dialects:
            self.dialects[provider.dialect] = load_dialect(provider.dialect)
        return self.dialects[provider.dialect]


async def execute(
    plan: Plan, session: Session, *, concurrency: int, on_record: Callable[[TrialRecord], None]
) -> tuple[TrialRecord, ...]:
    """Run every trial, at most `concurrency` at once; the records in plan order.

    on_record  called with each record as it is finished, before its slot is free again
    """
    records: list[TrialRecord | None] = [None] * len(plan.trials)
    waiting = iter(enumerate(plan.trials))

    async def work() -> None:
        for number, trial in waiting:
            record = await run_trial(trial, session)
            on_record(record)
            records[number] = record

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(plan.trials))):
                group.create_task(work())
    except ExceptionGroup as failures:
        # One cause is enough: the others are the same fault met by other workers.
        raise failures.exceptions[0] from failures
    return tuple(record for record in records if record is not None)


async def run_trial(trial: Trial, session: Session) -> TrialRecord:
    """One trial: the conversation, then what its checks ask further, then the grading."""
    if trial.case.skip is not None:
        return _record(trial, session, (), Graded(outcome=Outcome.SKIP, reason=trial.case.skip, findings=()))
    exchanges: list[ExchangeRecord] = []
    try:
        stopped = await _converse(trial, session, exchanges)
        await _ask_further(trial, session, exchanges)
    except UnreadableCassette as error:
        # This trial has no answer, and the others go on. A recording that cannot be written ends the run instead:
        # what it would still pay for would be lost.
        graded = Graded(outcome=Outcome.ERROR, reason=f"{error.message}; {error.remedy}", findings=())
        return _record(trial, session, exchanges, graded)
    return _record(trial, session, exchanges, grade_trial(trial.case, exchanges, session.kinds, stopped))


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
        asking = Asking(provider=provider, request=step.request, number=len(replies), region=trial.target.region)
        record = await _ask(trial, session, asking, step.turn)
        replies.append(record.reply)
        exchanges.append(record)
    return step.reason if isinstance(step, Stopped) else None


async def _follow_up(trial: Trial, session: Session, turn: int, follow_up: FollowUp, number: int) -> ExchangeRecord:
    name, _, model = follow_up.model.partition("/")
    provider = session.catalogues.provider(name)
    request = ChatRequest(model=model, messages=follow_up.messages, params=follow_up.params)
    # Every follow-up of a trial has the same number, after the conversation's last: its body tells it apart, and
    # a check added before it does not turn its recording into a miss.
    return await _ask(trial, session, Asking(provider=provider, request=request, number=number), turn, follow_up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request of a trial.

    number  0-based number of the exchange within the trial
    """

    provider: Provider
    request: ChatRequest
    number: int = 0
    region: str | None = None


def call_for(trial: Trial, session: Session, asking: Asking) -> Call:
    """One request of a trial, spelled, keyed and addressed."""
    request = asking.request
    endpoint = session.sources.endpoint_of(asking.provider, asking.region)
    spelled = session.dialect_of(asking.provider).encode(request)
    key = request_key(
        request=spelled,
        endpoint=endpoint,
        model=request.model,
        redactor=session.redactor,
        region=asking.region,
        credential=request.credential,
        index=trial.index,
        exchange=asking.number,
    )
    case = CassetteAddress(provider=endpoint.source, suite=trial.case.suite, model=request.model, case=trial.case.id)
    return Call(
        key=key,
        request=spelled,
        endpoint=endpoint,
        case=case,
        answers=lambda exchange: _is_answer(session.dialect_of(asking.provider).decode(exchange), session, asking),
    )


def _is_answer(reply: Reply, session: Session, asking: Asking) -> bool:
    """Whether a reply may be recorded: it is an answer, and no key can be put together from what it says."""
    if masked(reply, session.redactor) != reply:
        return False
    error = reply.error
    return error is None or error.is_answer or (error.kind == "auth" and asking.request.credential != "valid")


def masked(reply: Reply, redactor: Redactor) -> Reply:
    """The reply with keys masked that the bytes hid, by escapes or by lying across the pieces of a stream."""
    error = reply.error
    return replace(
        reply,
        content=redactor.text(reply.content),
        reasoning=None if reply.reasoning is None else redactor.text(reply.reasoning),
        alternatives=tuple(redactor.text(text) for text in reply.alternatives),
        refusal=None if reply.refusal is None else redactor.text(reply.refusal),
        tool_calls=tuple(replace(call, arguments=redactor.text(call.arguments)) for call in reply.tool_calls),
        error=None if error is None else replace(error, message=redactor.text(error.message)),
    )


async def _read(exchange: Exchange, session: Session, asking: Asking) -> Reply:
    """The reply, its keys masked. A long one is read in a thread: others are being timed."""
    decode = session.dialect_of(asking.provider).decode
    if sum(len(frame.content) for frame in exchange.last.frames) > LONG_REPLY_BYTES:
        return masked(await asyncio.to_thread(decode, exchange), session.redactor)
    return masked(decode(exchange), session.redactor)


async def _ask(
    trial: Trial, session: Session, asking: Asking, turn: int, follow_up: FollowUp | None = None
) -> ExchangeRecord:
    async with session.slot_of(asking.provider, asking.request.model):
        exchange = await session.transport.send(call_for(trial, session, asking))
    reply = await _read(exchange, session, asking)
    plain = len(exchange.attempts) == 1 and exchange.last.error is None
    return ExchangeRecord(
        turn=turn,
        key=exchange.key,
        reply=reply,
        attempts=() if plain else tuple(_attempt_record(attempt) for attempt in exchange.attempts),
        recorded=exchange.recorded,
        recorded_at=_sound(exchange.recorded_at),
        server=_sound(exchange.server),
        cost=price(reply, asking.provider, asking.request.model, session.profile),
        follow_up=follow_up,
    )


def _sound(text: str | None) -> str | None:
    """A text of a cassette that anyone may have edited, without what UTF-8 cannot hold."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _attempt_record(attempt: Attempt) -> AttemptRecord:
    return AttemptRecord(
        status=attempt.status, total_ms=attempt.total_ms, error=attempt.error, waited_s=round(attempt.waited_s, 3)
    )


def _record(trial: Trial, session: Session, exchanges: Sequence[ExchangeRecord], graded: Graded) -> TrialRecord:
    case, target = trial.case, trial.target
    return TrialRecord(
        trial=trial.key.digest,
        asked=trial.asked,
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
    first, *others = (turn.messages for turn in case.turns)
    return (system + first, *others)
