"""The bench: what a desk's asks go through, to the network or to recordings, with a budget, a pace and a ledger.

It stands apart from the desk so that a probe cannot spend, wait or write: it can only ask.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from http import HTTPStatus

from harness.core.catalogue import Provider
from harness.core.clock import Clock, SystemClock
from harness.core.cost import MILLION
from harness.core.errors import UsageError
from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.core.plain import PlainRequest
from harness.core.reply import Reply
from harness.core.verdict import ProbeExchange
from harness.probes.desk import CHAT, Ask, Desk, Seen, Unasked, Unrecorded
from harness.runner.pricing import price
from harness.runner.sources import Sources
from harness.wire import Call, CassetteAddress, Redactor, Transport, encode_plain, request_key, worth_keeping
from harness.wire.dialects import Dialect
from harness.wire.dialects.plain import decode_plain

SUITE = "verify"
"""Recordings of a verification lie under this name, in place of a suite's."""

# A reply that nothing bounds, for what is reserved of a budget: most are shorter.
_UNBOUNDED_TOKENS = 600
_BYTES_PER_TOKEN = 4
_MAX_IN_VAIN = 16
"""Requests in a row, whosesoever, that may come to nothing after every try before no more are sent."""
_MINUTE_S = 60.0


def keeps_evidence(attempt: Attempt, credential: str) -> bool:
    """Whether a cassette keeps an attempt of a verification: an answer, or a server error that is evidence itself."""
    broken = attempt.error is None and attempt.status in (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.NOT_IMPLEMENTED,
    )
    return broken or worth_keeping(attempt, credential)


@dataclass(kw_only=True)
class Budget:
    """What may be spent; None for no bound.

    spent_usd  what answers cost so far; reserved_usd what those under way may cost
    """

    max_requests: int | None = None
    max_usd: Decimal | None = None
    requests: int = 0
    spent_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)

    def reserve(self, usd: Decimal) -> None:
        """Set aside what a request may cost.

        raises  Unasked if it does not fit any more
        """
        if self.max_requests is not None and self.requests >= self.max_requests:
            raise Unasked(f"the budget of {self.max_requests} requests is spent")
        if self.max_usd is not None and self.spent_usd + self.reserved_usd + usd > self.max_usd:
            raise Unasked(f"the budget of ${self.max_usd} does not reach")
        self.requests += 1
        self.reserved_usd += usd

    def settle(self, reserved: Decimal, usd: Decimal | None) -> None:
        """Replace what was set aside by what it cost; where that is not known, by what was set aside."""
        self.reserved_usd -= reserved
        self.spent_usd += reserved if usd is None else usd


@dataclass(kw_only=True)
class Pacer:
    """Keeps requests to a model below a number a minute.

    clock  tells and waits
    """

    clock: Clock = field(default_factory=SystemClock)
    _sent: dict[str, deque[float]] = field(default_factory=dict)

    async def wait(self, model: str, per_minute: int | None) -> None:
        """Come back when another request to the model may be sent."""
        if per_minute is None:
            return
        sent = self._sent.setdefault(model, deque())
        while True:
            now = self.clock.monotonic()
            while sent and now - sent[0] >= _MINUTE_S:
                sent.popleft()
            if len(sent) < per_minute:
                sent.append(now)
                return
            await self.clock.sleep(max(0.01, _MINUTE_S - (now - sent[0])))


@dataclass(kw_only=True)
class Bench:
    """Sends what desks ask.

    keep     told of every exchange, before its answer is read by anyone
    pacer    None sends as fast as answers come
    slots    requests under way at once
    clock    waits before an ask that is to come later
    """

    provider: Provider
    transport: Transport
    sources: Sources
    redactor: Redactor
    dialect: Dialect
    keep: Callable[[ProbeExchange], None]
    budget: Budget = field(default_factory=Budget)
    profile: str = "documented"
    pacer: Pacer | None = None
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    clock: Clock = field(default_factory=SystemClock)
    _in_vain: int = 0

    async def send(self, desk: Desk, asks: tuple[Ask, ...], numbers: tuple[int, ...]) -> tuple[Seen, ...]:
        """Every answer, in the order of the asks."""
        first = len(desk.seen)
        tasks = [
            asyncio.ensure_future(self._one(desk, ask, number, first + place))
            for place, (ask, number) in enumerate(zip(asks, numbers, strict=True))
        ]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return tuple(answer for answer in answers if isinstance(answer, Seen))

    async def _one(self, desk: Desk, ask: Ask, number: int, place: int) -> Seen:
        call = self._call(desk, ask, number)
        reserved = self._worst(ask, desk.model)
        if ask.after_s and desk.seen and not desk.seen[-1].exchange.recorded:
            await self.clock.sleep(ask.after_s)
        async with nullcontext() if ask.together else self.slots:
            if self._in_vain >= _MAX_IN_VAIN:
                raise Unasked(f"{self._in_vain} requests in a row drew 429 or no answer at every try: no more are sent")
            self.budget.reserve(reserved)
            if self.pacer is not None and desk.model is not None and not ask.together:
                found = self.provider.find_model(desk.model)
                await self.pacer.wait(desk.model, found.limits.requests_per_minute if found else None)
            exchange = await self.transport.send(call)
        if exchange.last.error in ("missing-recording", "wrong-source"):
            raise Unrecorded(_unrecorded(exchange.last))
        if not ask.together:
            self._count_vain(exchange)
        reply = read_reply(ask, exchange, self.dialect)
        paid = price(
            reply,
            self.provider,
            call.key.model,
            self.profile,
            asks_model=ask.method == "POST" and ask.domain == "inference",
        )
        usd = _cost(reply, paid.usd if paid is not None else None)
        self.budget.settle(reserved, usd)
        name = desk.probe if desk.model is None else f"{desk.probe}@{desk.model}"
        kept = ProbeExchange(
            id=f"{name}#{place + 1}",
            probe=desk.probe,
            model=desk.model,
            about=ask.about,
            role=ask.role,
            credential=ask.credential,
            domain=ask.domain,
            region=ask.region,
            exchange=exchange,
            cost_usd=usd,
        )
        self.keep(kept)
        return Seen(id=kept.id, ask=ask, exchange=exchange, reply=reply, cost_usd=usd)

    def _count_vain(self, exchange: Exchange) -> None:
        """A limit that holds, or a server that is gone, would else cost half a minute for each of hundreds."""
        last = exchange.last
        vain = last.status == HTTPStatus.TOO_MANY_REQUESTS or last.error in ("connect", "timeout")
        self._in_vain = self._in_vain + 1 if vain else 0

    def _call(self, desk: Desk, ask: Ask, number: int) -> Call:
        try:
            endpoint = self.sources.endpoint_of(self.provider, ask.region, ask.domain)
        except UsageError as error:
            # Such as a management API of which nobody said where it is: the other claims can still be asked about.
            raise Unasked(f"{error.message}: {error.remedy}") from error
        request = spell(ask)
        model = desk.model or "-"
        key = request_key(
            request=request,
            endpoint=endpoint,
            model=model,
            redactor=self.redactor,
            region=ask.region,
            credential=ask.credential,
            index=number,
        )
        address = CassetteAddress(provider=endpoint.source, suite=SUITE, model=model, case=desk.probe)
        return Call(
            key=key,
            request=request,
            endpoint=endpoint,
            case=address,
            once=ask.domain == "management",
            memo=f"probe:{key.digest}",
        )

    def _worst(self, ask: Ask, model: str | None) -> Decimal:
        """What a request may cost, about: its length at the input rate, and what it may draw at the output rate."""
        tariff = self.provider.find_tariff(model, self.profile) if model is not None else None
        if tariff is None or not isinstance(ask.body, Mapping) or "messages" not in ask.body:
            return Decimal(0)
        bound = ask.body.get("max_tokens")
        drawn = bound if isinstance(bound, int) and bound > 0 else _UNBOUNDED_TOKENS
        length = len(str(ask.body)) // _BYTES_PER_TOKEN
        return ((tariff.input or Decimal(0)) * length + (tariff.output or Decimal(0)) * drawn) / MILLION


def _unrecorded(attempt: Attempt) -> str:
    """Why a replay has no answer, alike for requests that lack the same: the message ends with what would record it."""
    what, _, remedy = attempt.message.rpartition("\n")
    return f"nothing is recorded of it; {remedy}" if attempt.error == "missing-recording" else f"{what}; {remedy}"


def _cost(reply: Reply, usd: Decimal | None) -> Decimal | None:
    if usd is not None:
        return usd
    # What was refused, or never arrived, was not billed; an answer without figures may have been.
    return Decimal(0) if reply.error is not None or reply.status is None else None


def spell(ask: Ask) -> HttpRequest:
    """The request as it is sent."""
    plain = PlainRequest(method=ask.method, path=ask.path, body=ask.body, domain=ask.domain, credential=ask.credential)
    request = encode_plain(plain)
    return request if ask.content_type == request.content_type else replace(request, content_type=ask.content_type)


def read_reply(ask: Ask, exchange: Exchange, dialect: Dialect) -> Reply:
    """A chat's reply by its dialect, any other as what it is."""
    is_chat = ask.path == CHAT or "deferred-completion" in ask.path
    return dialect.decode(exchange) if is_chat and ask.domain == "inference" else decode_plain(exchange)
