"""What was run, and the figures by suite and target, as HTML.

It stands apart from the evidence because this part of a page grows with suites and targets, and never with trials.
"""

from harness.core.catalogue import Target
from harness.core.record import RunHeader
from harness.report.case_html import target_name
from harness.report.charts import Bar, FigureRow, SuiteCharts, TimingRow
from harness.report.figures import count, errors_line, money, number, percent, share_line
from harness.report.markup import NOTHING, Html, fill, joined
from harness.report.summary import Recording, RunSummary, Spend, TargetRef
from harness.report.trial_html import WORDS, bounded
from harness.report.untrusted import cut, json_text


def run_section(summary: RunSummary) -> Html:
    """What was run: suites, targets, mode, recordings, trials and cost."""
    header = summary.header
    suite = '<li><bdi>%s</bdi> <span class="muted small"><bdi>%s</bdi> · %s</span></li>'
    suites = joined(fill(suite, each.name, each.path, cut(each.digest, 12)) for each in header.suites)
    targets = joined(_target(target, header) for target in summary.targets)
    facts = [
        _term("Suites", fill("<ul>%s</ul>", suites)),
        _term("Targets", fill("<ul>%s</ul>", targets or fill('<li class="muted">none</li>'))),
        _term("Mode", f"{header.mode}, {_began(header)}, seed {header.seed}"),
    ]
    if summary.recordings:
        recordings = joined(map(_recording, summary.recordings))
        facts.append(_term("Recordings", fill("<ul>%s</ul>", recordings)))
    rate = summary.rate
    tolerated = f"{count(header.max_errors, 'error')} tolerated" if header.max_errors else "no error tolerated"
    trials = f"{share_line(rate)}; {errors_line(rate)}; {number(rate.skipped)} skipped; {tolerated}"
    apart = _apart(summary.judging)
    cost = _total(summary.spend) + (f"; {apart}" if apart else "")
    pattern = (
        '<section id="run" aria-labelledby="run-h">\n<h2 id="run-h">What was run</h2>\n<dl class="facts">\n%s</dl>\n'
    )
    return fill(pattern + "</section>\n", joined([*facts, _term("Trials", trials), _term("Cost", cost)]))


def figures_section(charts: tuple[SuiteCharts, ...]) -> Html:
    """The figures of each suite, target by target, with their bars."""
    suites = joined(_suite(chart, at) for at, chart in enumerate(charts, start=1))
    pattern = '<section id="figures" aria-labelledby="figures-h">\n<h2 id="figures-h">%s</h2>\n%s</section>\n'
    return fill(pattern, "Figures by suite and target", suites)


def _term(name: str, value: str) -> Html:
    return fill("<dt>%s</dt>\n<dd>%s</dd>\n", name, value)


def _began(header: RunHeader) -> str:
    return f"started {header.started_at}" if header.started_at else "nothing was sent"


def _target(target: TargetRef, header: RunHeader) -> Html:
    answered = fill(' <span class="muted small">is <bdi>%s</bdi></span>', target.name)
    asked = [each for each in header.targets if each.label == target.label and each.name == target.name]
    return fill(
        "<li><bdi>%s</bdi>%s%s%s</li>",
        target.label,
        answered if target.label != target.name else NOTHING,
        joined(map(_settings, asked)),
        fill(' <span class="tag simulated">simulated</span>') if target.simulated else NOTHING,
    )


def _settings(asked: Target) -> Html:
    """How a target was asked, where that is not plain."""
    params = fill(' <span class="muted small"><code>%s</code></span>', cut(json_text(asked.params), 200))
    region = fill(' <span class="muted small">region <bdi>%s</bdi></span>', asked.region or "")
    system = fill(' <span class="muted small">system: “<bdi>%s</bdi>”</span>', cut(asked.system or "", 200))
    told = ((params, asked.params), (region, asked.region), (system, asked.system))
    return joined(piece for piece, there in told if there)


def _recording(recording: Recording) -> Html:
    server = fill(", recorded")
    if recording.server:
        server = fill(", recorded from <bdi>%s</bdi>", cut(recording.server, 120))
    if not recording.earliest:
        when = " at a time not known"
    elif recording.earliest == recording.latest:
        when = f" at {recording.earliest}"
    else:
        when = f" from {recording.earliest} to {recording.latest}"
    undated = f", {number(recording.undated)} at a time not known" if recording.earliest and recording.undated else ""
    replies = count(recording.replies, "reply", "replies")
    return fill("<li>%s of <bdi>%s</bdi>%s%s%s</li>", replies, recording.name, server, when, undated)


def _total(spend: Spend) -> str:
    """What trials cost, in words: total, what is unknown, and by which prices."""
    if not spend.known and not spend.unknown:
        return "nothing was sent"
    unknown = f" and {count(spend.unknown, 'trial')} of unknown cost" if spend.known and spend.unknown else ""
    prices = f", {cut(' and '.join(spend.profiles), 80)} prices" if spend.profiles else ""
    return f"{bounded(spend.sign)}{money(spend.usd)}{unknown}{prices}"


def _apart(judging: Spend) -> str:
    return f"judging apart: {_total(judging)}" if judging.known or judging.unknown else ""


def _suite(chart: SuiteCharts, at: int) -> Html:
    return fill(
        '<section class="suite" aria-labelledby="suite-%s">\n<h3 id="suite-%s"><bdi>%s</bdi></h3>\n'
        '<div class="panels">\n%s%s%s</div>\n</section>\n',
        at,
        at,
        chart.suite,
        _qualities(chart, at),
        _latencies(chart, at),
        _costs(chart, at),
    )


def _panel(caption: Html, columns: Html, rows: Html) -> Html:
    pattern = (
        "<figure>\n<figcaption>%s</figcaption>\n<table>\n"
        '<thead><tr><th scope="col">target</th>%s</tr></thead>\n<tbody>\n%s</tbody></table>\n</figure>\n'
    )
    return fill(pattern, caption, columns, rows)


def _heads(*names: str) -> Html:
    return joined(fill('<th scope="col" class="n">%s</th>', name) for name in names)


def _qualities(chart: SuiteCharts, at: int) -> Html:
    caption = fill("<strong>Quality</strong>: share of trials that pass; whiskers span what errors leave open")
    rows = joined(_quality(row, f"q{at}-{place}") for place, row in enumerate(chart.rows, start=1))
    return _panel(caption, _heads("share", "errors, bounds", "case results"), rows)


def _quality(row: FigureRow, name: str) -> Html:
    rate, verdicts = row.figures.rate, row.figures.verdicts
    share = fill('<span class="muted">none decided</span>')
    if rate.share is not None:
        of = fill('<span class="small">%s of %s</span>', number(rate.passed), number(rate.passed + rate.failed))
        share = fill("%s%s", percent(rate.share), of)
    bounds = fill('<span class="small">%s to %s</span>', percent(rate.lowest), percent(rate.highest))
    skipped = fill('<span class="small">%s skipped</span>', number(rate.skipped))
    counted = (
        ("pass", verdicts.passed),
        ("fail", verdicts.failed),
        ("undecided", verdicts.undecided),
        ("skip", verdicts.skipped),
    )
    return fill(
        '<tr>%s\n<td class="n">%s</td>\n<td class="n">%s of %s%s%s</td>\n<td class="n">%s</td></tr>\n',
        _head(row.figures.target, NOTHING, row.quality, name, "Quality of"),
        share,
        number(rate.errors),
        number(rate.asked),
        bounds if rate.errors else NOTHING,
        skipped if rate.skipped else NOTHING,
        joined(
            fill('<span class="small %s">%s %s</span>', status, number(many), WORDS[status])
            for status, many in counted
            if many or status == "pass"
        ),
    )


def _latencies(chart: SuiteCharts, at: int) -> Html:
    width = f"; full width {chart.slowest}" if chart.slowest else ""
    pattern = "<strong>Latency</strong>: whole reply, bar to the median, whisker to the 95th percentile%s"
    caption = fill(pattern, width)
    if not chart.timings:
        pattern = '<figure>\n<figcaption>%s</figcaption>\n<p class="muted">No reply came.</p>\n</figure>\n'
        return fill(pattern, caption)
    heads = fill(
        '%s<th scope="col" class="n">first token<br>p50 ms</th><th scope="col" class="n">tokens/s<br>p50</th>',
        _heads("p50 ms", "p95 ms"),
    )
    rows = joined(_latency(row, f"l{at}-{place}") for place, row in enumerate(chart.timings, start=1))
    return _panel(caption, heads, rows)


def _latency(row: TimingRow, name: str) -> Html:
    times = row.timings
    replies = f"{count(times.replies, 'reply', 'replies')}, {'recorded' if times.recorded else 'live'}"
    note = fill('<span class="name">%s</span>', replies)
    unknown = fill('<span class="muted">\N{EN DASH}</span><span class="hidden"> not known</span>')
    figures = (times.total_p50_ms, times.total_p95_ms, times.ttft_p50_ms, times.tokens_per_second_p50)
    cells = joined(fill('<td class="n">%s</td>\n', unknown if figure is None else number(figure)) for figure in figures)
    return fill("<tr>%s\n%s</tr>\n", _head(row.target, note, row.bar, name, "Latency of"), cells)


def _costs(chart: SuiteCharts, at: int) -> Html:
    width = f"; full width {chart.dearest}" if chart.dearest else ""
    caption = fill("<strong>Cost</strong>: mean of a trial whose cost is known%s", width)
    rows = joined(_cost(row, f"c{at}-{place}") for place, row in enumerate(chart.rows, start=1))
    return _panel(caption, _heads("mean, total", "unknown"), rows)


def _cost(row: FigureRow, name: str) -> Html:
    spend = row.figures.spend
    prices = fill('<span class="name">%s prices</span>', cut(", ".join(spend.profiles), 60))
    judging = fill('<span class="name">%s</span>', _apart(row.figures.judging))
    note = fill("%s%s", prices if spend.profiles else NOTHING, judging)
    head = _head(row.figures.target, note, row.cost, name, "Cost of")
    if not spend.known and not spend.unknown:
        return fill('<tr>%s\n<td colspan="2" class="n muted">nothing was sent</td></tr>\n', head)
    sign = f"{spend.sign} " if spend.sign else ""
    total = fill('<span class="small">total %s%s</span>', sign, money(spend.usd)) if spend.known else NOTHING
    pattern = '<tr>%s\n<td class="n">%s%s%s</td>\n<td class="n">%s of %s</td></tr>\n'
    of = number(spend.known + spend.unknown)
    return fill(pattern, head, sign, money(spend.mean_usd), total, number(spend.unknown), of)


def _head(target: TargetRef, note: Html, bar: Bar, name: str, what: str) -> Html:
    """The first cell of a row: the target, a note beneath its name, and the bar."""
    drawn = _bar(bar, name, f"{what} {cut(target.label, 120)}")
    return fill('<th scope="row" class="target">%s%s%s</th>', target_name(target), note, drawn)


def _bar(bar: Bar, name: str, title: str) -> Html:
    """The bar's length and whisker are hundredths of the width, so that no text is stretched with it."""
    length = NOTHING
    if bar.length is not None:
        length = fill('<rect class="length" x="0" y="2" width="%s%%" height="8"/>\n', bar.length)
    whisker = NOTHING
    if bar.whisker is not None:
        left, right = bar.whisker
        across = fill('<line x1="%s%%" x2="%s%%" y1="6" y2="6"/>', left, right)
        ends = joined(fill('<line x1="%s%%" x2="%s%%" y1="2" y2="10"/>', end, end) for end in (left, right))
        whisker = fill("%s%s\n", across, ends)
    return fill(
        '<svg class="bar" role="img" aria-labelledby="%s-t %s-d" height="12">\n'
        '<title id="%s-t">%s</title><desc id="%s-d">%s</desc>\n'
        '<rect class="track" x="0" y="2" width="100%%" height="8"/>\n%s%s</svg>\n',
        name,
        name,
        name,
        title,
        name,
        bar.words,
        length,
        whisker,
    )
