"""One trial as its template shows it: every figure is put in words, every list is cut, and only texts are left to mark.

It stands apart from the template because a page has hundreds of trials, and a template works things out more slowly
than it prints them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from harness.core.chat import Message, ToolCall
from harness.core.record import ExchangeRecord, TrialRecord
from harness.core.reply import Reply
from harness.report.evidence import TurnEvidence, failed_findings, finding_lines, turns_of
from harness.report.figures import bounded, count, milliseconds, money, number, percent
from harness.report.measures import tokens_per_second
from harness.report.summary import CaseResult, sign_of
from harness.report.untrusted import beyond, cut, json_text, shown_image, some


class Piece(NamedTuple):
    """A part of a message or of a reply, by its kind.

    text             a text
    call             name; text: its arguments; note: its id
    image, address   text: a picture to show, or where one is that is not fetched
    reasoning        text; note: how long it is
    alternative      text; note: which
    refusal, error   text; of an error also name: its kind; note: its code
    silence          the reply says nothing
    more             note: how many things are not shown
    """

    kind: str
    text: str = ""
    name: str = ""
    note: str = ""


class MessageView(NamedTuple):
    """A message: whose it is, the id of the call it answers or '', and what it is made of."""

    role: str
    call: str
    pieces: Sequence[Piece]


class QuestionView(NamedTuple):
    """What a check asked a judge; its parameters as JSON, or ''."""

    model: str
    talk: Sequence[MessageView]
    params: str


class AttemptsView(NamedTuple):
    """Attempts before the reply: number, HTTP status, seconds waited before, time taken, error."""

    title: str
    rows: Sequence[tuple[int, str, str, str, str]]
    rest: str


class ExchangeView(NamedTuple):
    """A reply, and every figure of it that is known, by name."""

    question: QuestionView | None
    reply: Sequence[Piece]
    oddities: Sequence[str]
    more_oddities: str
    facts: Sequence[tuple[str, str]]
    attempts: AttemptsView | None


class FindingView(NamedTuple):
    """A line of the table of findings, `depth` combinators deep; the score '' if there is none."""

    status: str
    score: str
    depth: int
    check: str
    expected: str
    seen: str


class TurnView(NamedTuple):
    """A turn; headed by its number if there are several."""

    place: int
    headed: bool
    talk: Sequence[MessageView]
    exchanges: Sequence[ExchangeView]
    more_exchanges: str
    findings: Sequence[FindingView]
    more_findings: str


class TrialView(NamedTuple):
    """A trial.

    opened   True to show it unfolded
    number   which of several it is; None for the only one
    figures  requests, time and cost, in a line
    short    the first line of its reason, or ''
    failed   its first finding that did not pass: check, what was seen, and how many others there are
    """

    status: str
    opened: bool
    target: str
    number: int | None
    simulated: bool
    figures: str
    reason: str
    short: str
    failed: tuple[str, str, str] | None
    facts: Sequence[tuple[str, str]]
    turns: Sequence[TurnView]


def trial_view(trial: TrialRecord, result: CaseResult, *, shared: bool, opened: bool) -> TrialView:
    """A trial of a result.

    shared  True if what was said is told once for the whole case
    opened  True to show it unfolded
    """
    reason, turns = trial.reason or "", turns_of(trial)
    return TrialView(
        status=trial.outcome.value,
        opened=opened,
        target=cut(trial.target, 120),
        number=trial.index if result.rate.asked + result.rate.skipped > 1 else None,
        simulated=trial.simulated,
        figures=_figures(trial),
        reason=reason,
        short=cut((reason.splitlines() or [""])[0], 300),
        failed=None if reason else _failed(trial),
        facts=_circumstances(trial, result),
        turns=[_turn(turn, place, len(turns), shared=shared) for place, turn in enumerate(turns, start=1)],
    )


def message_views(said: Iterable[Message]) -> Sequence[MessageView]:
    """What a turn said, message by message."""
    return [
        MessageView(message.role, cut(message.tool_call_id or "", 80), _message_pieces(message)) for message in said
    ]


def _turn(turn: TurnEvidence, place: int, turns: int, *, shared: bool) -> TurnView:
    lines = finding_lines(turn.findings)
    return TurnView(
        place=place,
        headed=turns > 1,
        talk=() if shared else message_views(turn.said),
        exchanges=[_exchange(exchange) for exchange in some(turn.exchanges)],
        more_exchanges=beyond(turn.exchanges),
        findings=[
            FindingView(
                found.status,
                "" if found.score is None else percent(found.score),
                depth,
                cut(found.check, 1000),
                found.expected,
                found.seen,
            )
            for depth, found in ((line.depth, line.finding) for line in some(lines))
        ],
        more_findings=beyond(lines),
    )


def _message_pieces(message: Message) -> list[Piece]:
    pieces = [] if message.text is None else [Piece("text", message.text)]
    for part in some(message.parts):
        if part.kind == "text":
            pieces.append(Piece("text", part.text))
        elif image := shown_image(part.image):
            pieces.append(Piece("image", image))
        else:
            pieces.append(Piece("address", cut(part.image, 300)))
    return [*pieces, *_more(message.parts), *_calls(message.tool_calls)]


def _calls(calls: Sequence[ToolCall]) -> list[Piece]:
    return [*(Piece("call", each.arguments, each.name, cut(each.id, 80)) for each in some(calls)), *_more(calls)]


def _more(things: Sequence[object]) -> list[Piece]:
    rest = beyond(things)
    return [Piece("more", note=rest)] if rest else []


def _figures(trial: TrialRecord) -> str:
    """The trial's requests, time and cost, in a line."""
    asked = [exchange for exchange in trial.exchanges if exchange.follow_up is None]
    if not asked:
        return ""
    took = asked[0].reply.timing.total_ms if len(asked) == 1 else None
    time = "" if took is None else f", {milliseconds(took)}{' recorded' if asked[0].recorded else ''}"
    return f" {count(len(asked), 'request')}{time}, cost {money(trial.cost_usd)}"


def _failed(trial: TrialRecord) -> tuple[str, str, str] | None:
    failed = failed_findings(trial)
    if not failed:
        return None
    others = number(len(failed) - 1) if len(failed) > 1 else ""
    return cut(failed[0].check, 160), cut(failed[0].seen, 160), others


def _circumstances(trial: TrialRecord, result: CaseResult) -> list[tuple[str, str]]:
    facts = [("answered by", f"{cut(trial.source, 120)}/{cut(trial.model, 120)}")]
    if result.at_least is not None:
        needed = f"{number(result.at_least)} of {number(result.rate.asked)} trials pass"
        facts.append(("case passes if", needed))
    if trial.params:
        facts.append(("parameters", cut(json_text(trial.params), 2000)))
    if any(exchange.follow_up is not None for exchange in trial.exchanges):
        facts.append(("judging", money(trial.judge_cost_usd)))
    return facts


def _exchange(exchange: ExchangeRecord) -> ExchangeView:
    reply, asked = exchange.reply, exchange.follow_up
    oddities = reply.anomalies + (reply.stream.violations if reply.stream is not None else ())
    question = None
    if asked is not None:
        params = json_text(asked.params) if asked.params else ""
        question = QuestionView(cut(asked.model, 160), message_views(asked.messages), params)
    return ExchangeView(
        question=question,
        reply=_reply_pieces(reply),
        oddities=[cut(oddity, 500) for oddity in some(oddities)],
        more_oddities=beyond(oddities),
        facts=_facts(exchange),
        attempts=_attempts(exchange) if exchange.attempts else None,
    )


def _reply_pieces(reply: Reply) -> list[Piece]:
    pieces = []
    if reply.reasoning:
        pieces.append(Piece("reasoning", reply.reasoning, note=count(len(reply.reasoning), "character")))
    if reply.content:
        pieces.append(Piece("text", reply.content))
    elif not (reply.tool_calls or reply.refusal or reply.error):
        pieces.append(Piece("silence"))
    if reply.tool_calls:
        pieces += _calls(reply.tool_calls)
    if reply.refusal:
        pieces.append(Piece("refusal", reply.refusal))
    if reply.error:
        error = reply.error
        pieces.append(Piece("error", error.message, error.kind, cut(error.code or "", 120)))
    if reply.alternatives:
        alternatives = enumerate(some(reply.alternatives), start=1)
        pieces += [Piece("alternative", text, note=str(place)) for place, text in alternatives]
        pieces += _more(reply.alternatives)
    return pieces


def _facts(exchange: ExchangeRecord) -> list[tuple[str, str]]:
    """Every figure of an exchange that is known."""
    reply = exchange.reply
    usage, timing, speed = reply.usage, reply.timing, tokens_per_second(exchange)
    facts: list[tuple[str, str]] = []
    if reply.finish_reason is not None:
        facts.append(("finish", cut(reply.finish_reason, 80)))
    counts = (
        ("HTTP", reply.status),
        ("tokens in", usage.prompt),
        ("cached", usage.cached),
        ("tokens out", usage.output),
        ("reasoning", usage.reasoning),
    )
    facts += [(name, number(many)) for name, many in counts if many is not None]
    if timing.ttft_ms is not None:
        facts.append(("first token", milliseconds(timing.ttft_ms)))
    facts.append(("whole reply", milliseconds(timing.total_ms)))
    if speed is not None:
        facts.append(("tokens/s", number(speed)))
    facts += _costs(exchange)
    if reply.model:
        facts.append(("says it is", cut(reply.model, 120)))
    if exchange.server:
        facts.append(("server", cut(exchange.server, 120)))
    if exchange.recorded:
        facts.append(("recorded", exchange.recorded_at or "at a time not known"))
    if reply.id:
        facts.append(("id", cut(reply.id, 120)))
    return facts


def _costs(exchange: ExchangeRecord) -> list[tuple[str, str]]:
    cost = exchange.cost
    if cost is None:
        return [("cost", "unknown")]
    bound = bounded(sign_of(upper=cost.upper_bound, lower=cost.lower_bound))
    told = [("cost", f"{bound}{money(cost.usd)}, {cost.profile}")]
    if cost.computed_usd is not None and cost.computed_usd != cost.usd:
        told.append(("by our tariff", money(cost.computed_usd)))
    return told


def _attempts(exchange: ExchangeRecord) -> AttemptsView:
    attempts = exchange.attempts
    rows = [
        (
            place,
            "no answer" if attempt.status is None else number(attempt.status),
            number(attempt.waited_s),
            milliseconds(attempt.total_ms),
            cut(attempt.error or "", 500),
        )
        for place, attempt in enumerate(some(attempts), start=1)
    ]
    return AttemptsView(count(len(attempts), "attempt"), rows, beyond(attempts))
