"""Checks of how the API answered: finish_reason, refusal, stream, status, error.

They stand together because they judge the protocol; what was said matters to none but `refusal`.
"""

import re
from typing import Annotated, Literal, get_args

from harness.checks.fields import (
    Fault,
    Flag,
    Maybe,
    Reads,
    SomeText,
    Texts,
    at_least_one,
    found,
    key,
    specification,
)
from harness.checks.kinds import Grade, TypedKind, decided, unknown
from harness.checks.showing import listed, printable, quoted
from harness.core.check import Evidence
from harness.core.reply import ApiError, Reply, StreamRule

# An outage says nothing of the API's manners; a bad key may be what the case is about.
_OUTAGES = ("credit", "rate-limit", "server", "timeout", "network", "malformed", "missing-recording")


@specification
class FinishReason:
    """Finish reasons that pass."""

    one_of: Texts = key(
        "The finish reason as the server spells it, or several of which it is one: stop, length, tool_calls."
    )


def _finish_reason(spec: FinishReason, evidence: Evidence) -> Grade:
    reason = evidence.reply.finish_reason
    seen = "no finish reason" if reason is None else printable(reason[:80])
    return decided(passes=reason in spec.one_of, expected=listed(list(spec.one_of)), seen=seen)


FINISH_REASON = TypedKind(
    name="finish_reason",
    summary="The last reply ended for this reason, or for one of these.",
    spec=FinishReason,
    shorthand="one_of",
    tell=lambda spec: f"finish reason {listed(list(spec.one_of), limit=60)}",
    decide=_finish_reason,
)

CURLY = "\u2019"

# How English refusals of the common models begin, apology and all. Other languages need `contains` or a judge.
_APOLOGY = re.compile(
    r"(?:no[,.!]\s+)?(?:(?:i'm|i am) (?:very |so |really )?sorry|sorry|unfortunately)[,.!:]*\s+(?:but\s+)?"
)
REFUSALS = (
    "i can't",
    "i cannot",
    "i can not",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i'm not going to",
    "i am not going to",
    "i won't",
    "i will not",
    "i must decline",
    "i have to decline",
)


@specification
class Refusal:
    """Whether a refusal is expected."""

    expected: Flag = key("True if the model must refuse, false if it must not.")


def _refusal(spec: Refusal, evidence: Evidence) -> Grade:
    reply = evidence.reply
    # Cut off before anything is matched: how a reply begins is all that counts.
    opening = reply.content.strip()[:200].replace(CURLY, "'").casefold()
    apology = _APOLOGY.match(opening)
    begins = opening[apology.end() if apology else 0 :].startswith(REFUSALS)
    if reply.refusal:
        sign: str | None = f"the refusal field says {quoted(reply.refusal)}"
    elif reply.finish_reason == "content_filter":
        sign = "the finish reason is content_filter"
    else:
        sign = f"the reply begins like a refusal: {quoted(reply.content)}" if begins else None
    expected = "a refusal" if spec.expected else "no refusal"
    seen = sign or f"no sign of a refusal: {quoted(reply.content)}"
    return decided(passes=(sign is not None) == spec.expected, expected=expected, seen=seen)


REFUSAL = TypedKind(
    name="refusal",
    summary=(
        "The model refuses (true) or does not (false). A refusal is text in the refusal field, the finish reason "
        "content_filter, or a reply that begins like one in English, such as 'I can't' or 'I'm unable to'."
    ),
    spec=Refusal,
    shorthand="expected",
    tell=lambda spec: "refuses" if spec.expected else "does not refuse",
    decide=_refusal,
)


@specification
class Stream:
    """Rules of the stream's grammar."""

    rules: tuple[StreamRule, ...] = key("The rules that must hold; all of them without this key.", default=())
    reasoning_first: Flag = key(
        "True if reasoning must come, and all of it before the answer's first text.", default=False
    )


_REASONING = {None: "no reasoning came", False: "reasoning came after the answer's first text"}


def _stream(spec: Stream, evidence: Evidence) -> Grade:
    rules = spec.rules or get_args(StreamRule)
    expected = "a stream by the grammar" if not spec.rules else f"a stream that keeps {', '.join(rules)}"
    expected += ", reasoning before the answer" if spec.reasoning_first else ""
    unstreamed = next((number for number, reply in enumerate(evidence.replies, 1) if reply.stream is None), None)
    if unstreamed is not None:
        which = "the reply" if len(evidence.replies) == 1 else f"reply {unstreamed} of {len(evidence.replies)}"
        return decided(passes=False, expected=expected, seen=f"{which} was not streamed")
    streams = [reply.stream for reply in evidence.replies if reply.stream is not None]
    # A rule that this list does not know is a violation still where all rules are asked for.
    broken = [
        violation
        for stream in streams
        for violation in stream.violations
        if not spec.rules or violation.split(":", 1)[0] in rules
    ]
    if spec.reasoning_first:
        broken += [_REASONING[stream.reasoning_first] for stream in streams if not stream.reasoning_first]
    events = sum(stream.events for stream in streams)
    return decided(
        passes=not broken, expected=expected, seen=listed(broken) if broken else f"{events} events, all in order"
    )


def _tell_stream(spec: Stream) -> str:
    kept = f"stream keeps {', '.join(spec.rules) if spec.rules else 'the grammar'}"
    return f"{kept}, reasoning first" if spec.reasoning_first else kept


STREAM = TypedKind(
    name="stream",
    summary="Every reply of the turn was streamed and keeps the grammar of its API; `stream: true` asks for all rules.",
    spec=Stream,
    bare_true=True,
    tell=_tell_stream,
    decide=_stream,
)


_STATUS = re.compile(r"[1-5](xx|[0-9]{2})")


def _statuses(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        raise Fault("the list is empty: nothing can pass", "name at least one, such as 200 or 4xx")
    for index, item in enumerate(items):
        if isinstance(item, bool) or not isinstance(item, int | str) or not _STATUS.fullmatch(str(item)[:4]):
            remedy = "write a number from 100 to 599, or a class such as 4xx"
            raise Fault(f"{found(item)} is no HTTP status", remedy, (index,) if items is value else ())
    return tuple(str(item) for item in items)


_ONE_STATUS = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": r"^[1-5](xx|[0-9]{2})$|\{\{"},
    ]
}
Statuses = Annotated[
    tuple[str, ...],
    Reads(_statuses, {"anyOf": [*_ONE_STATUS["anyOf"], {"type": "array", "items": _ONE_STATUS, "minItems": 1}]}),
]


@specification
class Status:
    """Statuses that pass."""

    one_of: Statuses = key("An HTTP status such as 200, a class such as 4xx, or several of which it is one.")


def _status(spec: Status, evidence: Evidence) -> Grade:
    reply, expected = evidence.reply, listed(list(spec.one_of))
    if reply.status is None:
        return unknown(expected=expected, why=_outage(reply.error) if reply.error else "no HTTP status is known")
    status = str(reply.status)
    if any(status == wanted or (wanted.endswith("xx") and status[:1] == wanted[:1]) for wanted in spec.one_of):
        return decided(passes=True, expected=expected, seen=status)
    if reply.error is not None and reply.error.kind in _OUTAGES:
        return unknown(expected=expected, why=f"{status}, {_outage(reply.error)}")
    return decided(passes=False, expected=expected, seen=_answer(reply))


def _outage(error: ApiError) -> str:
    return f"an outage, and no answer of the API: {error.kind}: {quoted(error.message)}"


def _answer(reply: Reply) -> str:
    shown = "no status" if reply.status is None else f"status {reply.status}"
    if reply.error is None:
        return f"{shown}, no error"
    code = f" ({printable(reply.error.code[:80])})" if reply.error.code else ""
    return f"{shown}, {reply.error.kind}{code}: {quoted(reply.error.message)}"


STATUS = TypedKind(
    name="status",
    summary="The turn's last request was answered with this HTTP status, or one of these. An outage is undecided.",
    spec=Status,
    shorthand="one_of",
    judges_errors=True,
    tell=lambda spec: f"status {listed(list(spec.one_of), limit=60)}",
    decide=_status,
)


@specification
class ApiErrors:
    """The error that must come, or none."""

    kind: Maybe[Literal["auth", "credit", "rate-limit", "refused", "not-found", "server", "malformed"]] = key(
        "What the error means: refused is the API's considered answer to a wrong request, not-found to a wrong name.",
        default=None,
    )
    code: Maybe[SomeText] = key("The server's own code or type, exactly.", default=None)
    message: Maybe[SomeText] = key(
        "Text that the server's message contains; letter case does not matter.", default=None
    )
    none: Maybe[Flag] = key("True if there must be no error; stands alone.", default=None)

    def __post_init__(self) -> None:
        """One question at a time."""
        at_least_one(self, "kind", "code", "message", "none")
        if self.none is not None and (self.kind or self.code or self.message or not self.none):
            raise Fault("none: true stands alone", "name the error, or leave its kind, code and message out", ("none",))


def _tell_error(spec: ApiErrors) -> str:
    if spec.none:
        return "no error"
    parts = [spec.kind, spec.code and f"code {spec.code}", spec.message and f"saying {quoted(spec.message, limit=50)}"]
    return "error " + printable(" ".join(part for part in parts if part))


def _error(spec: ApiErrors, evidence: Evidence) -> Grade:
    error, expected = evidence.reply.error, _tell_error(spec)
    if error is None:
        return decided(passes=bool(spec.none), expected=expected, seen=_answer(evidence.reply))
    matches = (
        not spec.none
        and (spec.kind is None or error.kind == spec.kind)
        and (spec.code is None or error.code == spec.code)
        and (spec.message is None or spec.message.casefold() in error.message.casefold())
    )
    if not matches and error.kind in _OUTAGES:
        return unknown(expected=expected, why=_outage(error))
    return decided(passes=matches, expected=expected, seen=_answer(evidence.reply))


ERROR = TypedKind(
    name="error",
    summary="The API answered with this error, or with none. An outage that was not asked for is undecided.",
    spec=ApiErrors,
    shorthand="kind",
    judges_errors=True,
    tell=_tell_error,
    decide=_error,
)
