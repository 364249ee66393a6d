"""One trial as HTML: what was said, its replies, what the checks found, and every figure there is.

It stands apart because a page has hundreds of trials, and this is what each of them costs.
"""

from collections.abc import Iterable, Sequence

from harness.core.chat import Message, ToolCall
from harness.core.check import Finding
from harness.core.record import ExchangeRecord, TrialRecord
from harness.core.reply import Reply
from harness.report.evidence import failed_findings, finding_lines, turns_of
from harness.report.figures import count, milliseconds, money, number, percent
from harness.report.markup import NOTHING, Html, block, content, fill, joined
from harness.report.measures import tokens_per_second
from harness.report.summary import CaseResult, sign_of
from harness.report.untrusted import cut, json_text, shown_image

SYMBOLS = {"pass": "✓", "fail": "✗", "error": "!", "undecided": "!", "skip": "\N{EN DASH}", "unknown": "?"}
WORDS = {
    "pass": "passed",
    "fail": "failed",
    "error": "error",
    "undecided": "undecided",
    "skip": "skipped",
    "unknown": "unknown",
}
# Of tool calls, findings, attempts and the like in one place.
MOST_THINGS = 100
_SIGN = '<span class="sign %s" aria-hidden="true">%s</span><span class="hidden"> %s </span>'
_SIGNS = {status: fill(_SIGN, status, SYMBOLS[status], word) for status, word in WORDS.items()}
_BOUNDS = {"≤": "at most ", "≥": "at least ", "≈": "about "}
_SIMULATED = fill(' <span class="tag simulated">simulated</span>')


def sign(status: str) -> Html:
    """A status as its symbol, and as its word for those who cannot see it."""
    return _SIGNS[status]


def bounded(sign_before: str) -> str:
    """What is said before a sum of money that is a bound: 'at most ' for '≤'; nothing for no bound."""
    return _BOUNDS.get(sign_before, "")


def more(things: Sequence[object]) -> Html:
    """How many things there are beyond those that are shown, if any."""
    rest = len(things) - MOST_THINGS
    return fill('<p class="note">… %s more; all are in records.jsonl</p>\n', number(rest)) if rest > 0 else NOTHING


def messages(said: Iterable[Message]) -> Html:
    """What a turn said, message by message."""
    return fill('<dl class="talk">\n%s</dl>\n', joined(map(_message, said)))


def trial_details(trial: TrialRecord, result: CaseResult, *, shared: bool, opened: bool) -> Html:
    """A trial that unfolds.

    shared  True if what was said is told once for the whole case
    opened  True to show it unfolded
    """
    numbered = result.rate.asked + result.rate.skipped > 1
    summary = fill(
        '<summary>%s<span class="who"><bdi>%s</bdi></span>%s%s\n<span class="figures">%s</span>\n%s</summary>\n',
        sign(trial.outcome.value),
        cut(trial.target, 120),
        fill(' <span class="muted">#%s</span>', trial.index) if numbered else NOTHING,
        _SIMULATED if trial.simulated else NOTHING,
        _figures(trial),
        _short(trial),
    )
    reason = fill('<div class="%s">%s</div>\n', trial.outcome.value, block(trial.reason)) if trial.reason else NOTHING
    pattern = '<details class="trial"%s>\n%s<div class="body">\n%s<dl class="meta">\n%s</dl>\n%s</div>\n</details>\n'
    unfolded = fill(" open") if opened else NOTHING
    return fill(pattern, unfolded, summary, reason, _circumstances(trial, result), _turns(trial, shared=shared))


def _message(message: Message) -> Html:
    called = fill(' <span class="small">%s</span>', cut(message.tool_call_id, 80)) if message.tool_call_id else NOTHING
    said = block(message.text) if message.text is not None else NOTHING
    if message.parts or message.tool_calls:
        pieces = [said]
        for part in message.parts[:MOST_THINGS]:
            if part.kind == "text":
                pieces.append(block(part.text))
            elif image := shown_image(part.image):
                pieces.append(fill('<div class="said"><img alt="image in the prompt" src="%s"></div>\n', image))
            else:
                fetched = '<pre class="said"><span class="muted">image, not fetched:</span> %s</pre>\n'
                pieces.append(fill(fetched, cut(part.image, 300)))
        said = joined([*pieces, more(message.parts), _calls(message.tool_calls)])
    return fill("<dt>%s%s</dt>\n<dd>\n%s</dd>\n", message.role, called, said)


def _calls(calls: Sequence[ToolCall]) -> Html:
    pattern = (
        '<pre class="said"><span class="muted">calls</span> <strong>%s</strong>(%s)'
        ' <span class="muted small">%s</span></pre>\n'
    )
    shown = (fill(pattern, content(each.name), content(each.arguments), cut(each.id, 80)) for each in calls)
    return joined([*(piece for piece, _ in zip(shown, range(MOST_THINGS), strict=False)), more(calls)])


def _figures(trial: TrialRecord) -> str:
    """The trial's requests, time and cost, in a line."""
    asked = [exchange for exchange in trial.exchanges if exchange.follow_up is None]
    if not asked:
        return ""
    took = asked[0].reply.timing.total_ms if len(asked) == 1 else None
    time = "" if took is None else f", {milliseconds(took)}{' recorded' if asked[0].recorded else ''}"
    return f" {count(len(asked), 'request')}{time}, cost {money(trial.cost_usd)}"


def _short(trial: TrialRecord) -> Html:
    """Why the trial did not pass, in a line."""
    if trial.reason:
        return fill('<span class="short">%s</span>\n', cut((trial.reason.splitlines() or [""])[0], 300))
    failed = failed_findings(trial)
    if not failed:
        return NOTHING
    rest = fill(' <span class="muted">and %s more</span>', number(len(failed) - 1)) if len(failed) > 1 else NOTHING
    pattern = '<span class="short">%s: <span class="muted">%s</span>%s</span>\n'
    return fill(pattern, cut(failed[0].check, 160), cut(failed[0].seen, 160), rest)


def _circumstances(trial: TrialRecord, result: CaseResult) -> Html:
    facts = [_fact("answered by", f"{cut(trial.source, 120)}/{cut(trial.model, 120)}")]
    if result.at_least is not None:
        needed = f"{number(result.at_least)} of {number(result.rate.asked)} trials pass"
        facts.append(_fact("case passes if", needed))
    if trial.params:
        facts.append(_fact("parameters", cut(json_text(trial.params), 2000)))
    if any(exchange.follow_up is not None for exchange in trial.exchanges):
        facts.append(_fact("judging", money(trial.judge_cost_usd)))
    return joined(facts)


def _fact(name: str, value: str) -> Html:
    return fill("<div><dt>%s</dt><dd><bdi>%s</bdi></dd></div>\n", name, value)


def _turns(trial: TrialRecord, *, shared: bool) -> Html:
    pieces, turns = [], turns_of(trial)
    for place, turn in enumerate(turns, start=1):
        pieces.append(fill('<section class="turn" aria-label="Turn %s">\n', place))
        if len(turns) > 1:
            pieces.append(fill('<h4 class="muted">Turn %s</h4>\n', place))
        if turn.said and not shared:
            pieces.append(messages(turn.said))
        pieces += map(_exchange, turn.exchanges[:MOST_THINGS])
        pieces.append(more(turn.exchanges))
        if turn.findings:
            pieces.append(_findings(turn.findings))
        pieces.append(fill("</section>\n"))
    return joined(pieces)


def _exchange(exchange: ExchangeRecord) -> Html:
    pieces = []
    if exchange.follow_up is not None:
        asked = exchange.follow_up
        params = fill('<pre class="said">%s</pre>', content(json_text(asked.params))) if asked.params else NOTHING
        pattern = (
            '<h4 class="muted">A check asked <bdi>%s</bdi></h4>\n'
            '<details><summary class="small">The question</summary>%s%s</details>\n'
        )
        pieces.append(fill(pattern, cut(asked.model, 160), messages(asked.messages), params))
    pieces += [_reply(exchange.reply), _facts(exchange)]
    if exchange.attempts:
        pieces.append(_attempts(exchange))
    return joined(pieces)


def _reply(reply: Reply) -> Html:
    pieces = []
    if reply.reasoning:
        thought = '<details><summary class="small">Reasoning, %s</summary>%s</details>\n'
        pieces.append(fill(thought, count(len(reply.reasoning), "character"), block(reply.reasoning)))
    if reply.content:
        pieces.append(block(reply.content))
    elif not (reply.tool_calls or reply.refusal or reply.error):
        pieces.append(fill('<p class="muted">The reply has no text.</p>\n'))
    if reply.tool_calls:
        pieces.append(_calls(reply.tool_calls))
    if reply.refusal:
        refusal = '<pre class="said"><span class="muted">refusal:</span> %s</pre>\n'
        pieces.append(fill(refusal, content(reply.refusal)))
    if reply.error:
        error = reply.error
        code = fill(' <span class="muted">(%s)</span>', cut(error.code, 120)) if error.code else NOTHING
        pattern = '<pre class="said"><span class="error">%s error:</span> %s%s</pre>\n'
        pieces.append(fill(pattern, error.kind, content(error.message), code))
    if reply.alternatives:
        other = '<details><summary class="small">Alternative %s</summary>%s</details>\n'
        alternatives = enumerate(reply.alternatives[:MOST_THINGS], start=1)
        pieces += [fill(other, place, block(text)) for place, text in alternatives]
        pieces.append(more(reply.alternatives))
    oddities = reply.anomalies + (reply.stream.violations if reply.stream is not None else ())
    told = _oddities(oddities) if oddities else NOTHING
    return fill('<dl class="talk reply">\n<dt>reply</dt>\n<dd>\n%s</dd>\n%s</dl>\n', joined(pieces), told)


def _oddities(oddities: Sequence[str]) -> Html:
    lines = joined(fill("<li>%s</li>", cut(oddity, 500)) for oddity in oddities[:MOST_THINGS])
    return fill('<dt>oddities</dt><dd><ul class="plain small">%s</ul>%s</dd>\n', lines, more(oddities))


def _facts(exchange: ExchangeRecord) -> Html:
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
    return fill('<dl class="meta">\n%s</dl>\n', joined(_fact(name, value) for name, value in facts))


def _costs(exchange: ExchangeRecord) -> list[tuple[str, str]]:
    cost = exchange.cost
    if cost is None:
        return [("cost", "unknown")]
    bound = bounded(sign_of(upper=cost.upper_bound, lower=cost.lower_bound))
    told = [("cost", f"{bound}{money(cost.usd)}, {cost.profile}")]
    if cost.computed_usd is not None and cost.computed_usd != cost.usd:
        told.append(("by our tariff", money(cost.computed_usd)))
    return told


def _attempts(exchange: ExchangeRecord) -> Html:
    row = '<tr><td>%s</td><td class="n">%s</td><td class="n">%s s</td><td class="n">%s</td><td>%s</td></tr>\n'
    rows = joined(
        fill(
            row,
            place,
            "no answer" if attempt.status is None else number(attempt.status),
            number(attempt.waited_s),
            milliseconds(attempt.total_ms),
            cut(attempt.error or "", 500),
        )
        for place, attempt in enumerate(exchange.attempts[:MOST_THINGS], start=1)
    )
    return fill(
        '<details><summary class="small">%s</summary>\n<div class="scroll"><table class="small">\n'
        '<thead><tr><th scope="col">attempt</th><th scope="col" class="n">HTTP</th>'
        '<th scope="col" class="n">waited before</th><th scope="col" class="n">took</th><th scope="col">error</th></tr>'
        "</thead>\n<tbody>\n%s</tbody></table></div>\n%s</details>\n",
        count(len(exchange.attempts), "attempt"),
        rows,
        more(exchange.attempts),
    )


def _findings(found: Iterable[Finding]) -> Html:
    lines = finding_lines(found)
    row = (
        '<tr><td>%s<span class="%s" aria-hidden="true">%s</span>%s</td>\n<td><div class="in%s">%s</div></td>\n'
        '<td class="value" data-name="expected"><div>%s</div></td>\n'
        '<td class="value" data-name="seen"><div>%s</div></td></tr>\n'
    )
    rows = []
    for line in lines[:MOST_THINGS]:
        finding = line.finding
        score = fill(' <span class="muted">%s</span>', percent(finding.score)) if finding.score is not None else NOTHING
        status = finding.status
        check = cut(finding.check, 1000)
        texts = content(finding.expected), content(finding.seen)
        rows.append(fill(row, sign(status), status, WORDS[status], score, line.depth, check, *texts))
    return fill(
        '<table class="findings">\n<thead><tr><th scope="col">finding</th><th scope="col">check</th>'
        '<th scope="col">expected</th><th scope="col">seen</th></tr></thead>\n<tbody>\n%s</tbody></table>\n%s',
        joined(rows),
        more(lines),
    )
