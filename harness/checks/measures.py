"""Checks of figures: latency_ms, ttft_ms, tokens_per_second, tokens, cost_usd.

They stand together because a figure that is not known neither passes nor fails: the finding is 'unknown' and says why.
"""

from collections.abc import Callable
from decimal import Decimal

from harness.checks.fields import Amount, Bounds, Maybe, at_least_one, key, ordered, specification
from harness.checks.figures import between, figure, within
from harness.checks.kinds import Grade, TypedKind, decided, unknown
from harness.core.check import Evidence
from harness.core.reply import Reply


def _measured(
    value: Decimal | float | None, bounds: tuple[Decimal | None, Decimal | None], unit: str, why: str
) -> Grade:
    expected = f"{between(*bounds)} {unit}"
    if value is None:
        return unknown(expected=expected, why=why)
    exact = Decimal(str(value))
    return decided(passes=within(*bounds, exact), expected=expected, seen=f"{figure(exact)} {unit}")


def _recorded(grade: Grade, reply: Reply) -> Grade:
    mark = " (as recorded)" if reply.timing.recorded and grade.status != "unknown" else ""
    return Grade(status=grade.status, expected=grade.expected, seen=grade.seen + mark)


@specification
class Latency:
    """Milliseconds for the turn."""

    max: Maybe[Amount] = key("Milliseconds at most.", default=None)
    min: Maybe[Amount] = key("Milliseconds at least.", default=None)

    def __post_init__(self) -> None:
        """At least one bound, and room between the two."""
        at_least_one(self, "max", "min")
        ordered(self.min, self.max)


def _latency(spec: Latency, evidence: Evidence) -> Grade:
    times = [reply.timing.total_ms for reply in evidence.replies]
    known = [time for time in times if time is not None]
    total = sum(known) if len(known) == len(times) else None
    why = "the time is not known: the recording does not tell"
    return _recorded(_measured(total, (spec.min, spec.max), "ms", why), evidence.reply)


LATENCY_MS = TypedKind(
    name="latency_ms",
    summary="Milliseconds from request to last byte, all replies of the turn together.",
    spec=Latency,
    tell=lambda spec: f"latency {between(spec.min, spec.max)} ms",
    decide=_latency,
)


@specification
class Ttft:
    """Milliseconds to the first token."""

    max: Amount = key("Milliseconds at most.")


def _ttft(spec: Ttft, evidence: Evidence) -> Grade:
    reply = evidence.reply
    why = "the reply was not streamed" if reply.stream is None else "the time of the first token is not known"
    return _recorded(_measured(reply.timing.ttft_ms, (None, spec.max), "ms", why), reply)


TTFT_MS = TypedKind(
    name="ttft_ms",
    summary="Milliseconds to the first token, reasoning counted, of the turn's last reply; it must be streamed.",
    spec=Ttft,
    tell=lambda spec: f"first token in at most {figure(spec.max)} ms",
    decide=_ttft,
)


@specification
class Speed:
    """Tokens a second."""

    min: Amount = key("Tokens a second at least.")


def _speed(spec: Speed, evidence: Evidence) -> Grade:
    reply = evidence.reply
    speed = reply.tokens_per_second
    why = (
        "the server did not count tokens"
        if reply.usage.output is None
        else "the time is not known, or too short to divide by"
    )
    rounded = None if speed is None else round(speed, 3)
    return _recorded(_measured(rounded, (spec.min, None), "tokens a second", why), reply)


TOKENS_PER_SECOND = TypedKind(
    name="tokens_per_second",
    summary="Output tokens a second of the turn's last reply, after the first token if it was streamed.",
    spec=Speed,
    tell=lambda spec: f"at least {figure(spec.min)} tokens a second",
    decide=_speed,
)


def _total(reply: Reply) -> int | None:
    if reply.usage.total is not None:
        return reply.usage.total
    prompt, output = reply.usage.prompt, reply.usage.output
    return None if prompt is None or output is None else prompt + output


_COUNTS: dict[str, Callable[[Reply], int | None]] = {
    "input": lambda reply: reply.usage.prompt,
    "output": lambda reply: reply.usage.output,
    "total": _total,
    "reasoning": lambda reply: reply.usage.reasoning,
    "cached": lambda reply: reply.usage.cached,
}


@specification
class Tokens:
    """Tokens by kind."""

    input: Maybe[Bounds] = key("Input tokens, cached ones among them.", default=None)
    output: Maybe[Bounds] = key("Output tokens, reasoning among them.", default=None)
    total: Maybe[Bounds] = key("All tokens: the server's total, or input and output together.", default=None)
    reasoning: Maybe[Bounds] = key("Reasoning tokens.", default=None)
    cached: Maybe[Bounds] = key("Cached input tokens.", default=None)

    def __post_init__(self) -> None:
        """At least one kind."""
        at_least_one(self, *_COUNTS)

    @property
    def asked(self) -> tuple[tuple[str, Bounds], ...]:
        """The bounds that there are, with what they bound."""
        return tuple((name, bounds) for name in _COUNTS if (bounds := getattr(self, name)) is not None)


def _wanted(spec: Tokens) -> str:
    return ", ".join(f"{bounds} {name}" for name, bounds in spec.asked)


def _tokens(spec: Tokens, evidence: Evidence) -> Grade:
    counts: dict[str, int | None] = {}
    for name, _ in spec.asked:
        each = [_COUNTS[name](reply) for reply in evidence.replies]
        known = [count for count in each if count is not None]
        counts[name] = sum(known) if len(known) == len(each) else None
    seen = ", ".join(
        f"{name} {'not counted by the server' if counts[name] is None else counts[name]}" for name in counts
    )
    within_bounds = [None if (count := counts[name]) is None else bounds.hold(count) for name, bounds in spec.asked]
    if None in within_bounds and False not in within_bounds:
        return unknown(expected=_wanted(spec), why=seen)
    return decided(passes=False not in within_bounds, expected=_wanted(spec), seen=seen)


TOKENS = TypedKind(
    name="tokens",
    summary="Tokens as the server counted them, all replies of the turn together.",
    spec=Tokens,
    tell=lambda spec: f"tokens: {_wanted(spec)}",
    decide=_tokens,
)


@specification
class Cost:
    """Dollars."""

    max: Amount = key("US dollars at most, exactly: 0.002 is a fifth of a cent.")


def _cost(spec: Cost, evidence: Evidence) -> Grade:
    why = "a price or a token count is not known"
    return _measured(evidence.cost_usd, (None, spec.max), "USD", why)


COST_USD = TypedKind(
    name="cost_usd",
    summary="US dollars for all replies of the turn together, by the catalogue's prices or the server's own bill.",
    spec=Cost,
    tell=lambda spec: f"costs at most {figure(spec.max)} USD",
    decide=_cost,
)
