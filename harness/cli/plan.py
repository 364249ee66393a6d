"""`harness plan`: what a run would send, cost and take, before anything is sent.

It stands apart from `run` so that looking can never spend.
"""

import json
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.catalogue import load_register
from harness.cli.assembly import Assembly, assemble, open_cassettes
from harness.cli.options import Choices, paths_argument, price_option, selection_options, source_options
from harness.cli.tables import render_table
from harness.cli.terminal import say
from harness.core.record import Mode
from harness.runner.estimate import Estimate, estimate
from harness.runner.forecast import Forecast, forecast
from harness.runner.session import Session
from harness.wire import Redactor

if TYPE_CHECKING:
    from harness.probes.outlay import Forecast as RowForecast


@click.command("plan")
@paths_argument()
@selection_options
@source_options
@price_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(paths: tuple[Path, ...], profile: str, *, as_json: bool, **chosen: Any) -> int:
    """Show the trials of a run: requests, tokens, dollars and minutes, and which recordings exist.

    Nothing is sent and nothing is written. Tokens are about, at four bytes each; cost lies between the prompts alone
    and what --budget-usd would set aside; minutes are lower bounds under the documented limits.
    """
    assembly = assemble(Choices(paths=paths, **chosen), profile)
    names = {target.provider for target in assembly.plan.targets}
    registers = {
        name: load_register(assembly.catalogues.provider(name))
        for name in sorted(names)
        if assembly.catalogues.provider(name).register
    }
    estimates = estimate(assembly.plan, assembly.catalogues, assembly.kinds, profile, registers)
    recordings = _recordings(assembly, profile)
    rows = _forecast_rows(assembly, profile)
    if as_json:
        say(json.dumps(_as_json(assembly, estimates, recordings, rows), indent=2))
        return 0
    if assembly.plan.trials or not rows:
        say(_as_table(assembly, estimates, recordings, profile))
    if rows:
        say(_rows_as_table(assembly, rows, profile, apart=bool(assembly.plan.trials)))
    return 0


def _forecast_rows(assembly: Assembly, profile: str) -> "tuple[RowForecast, ...]":
    if not assembly.rows:
        return ()
    # Loaded here: most plans have no parameter rows, and pay for no probes.
    from harness.probes.rows import forecast_rows

    return forecast_rows(assembly.rows, assembly.sources.catalogues, profile)


def _rows_as_table(assembly: Assembly, rows: "tuple[RowForecast, ...]", profile: str, *, apart: bool) -> str:
    asked = Counter(f"{row.target.provider}/{row.target.model}" for row in assembly.rows)
    table = [
        (row.model or "", str(asked[row.model or ""]), f"~{row.requests}", f"≤ {row.at_most}", _about(row.usd))
        for row in rows
    ]
    suites = ", ".join(dict.fromkeys(row.suite for row in assembly.rows))
    lines = [
        f"{suites}: {len(assembly.rows)} parameter rows, mode {assembly.mode}, {profile} prices",
        "",
        render_table(("model", "rows", "requests", "at most", "cost"), table, right=(1, 2, 3, 4)),
        "",
        "requests: of the probes that decide the rows, if they hold; one reply may serve several rows.",
        *(["nothing would be sent: --mode replay answers from recordings."] if assembly.mode == "replay" else ()),
    ]
    return "\n".join(["", *lines] if apart else lines)


def _about(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"~${amount:.2f}"


def _recordings(assembly: Assembly, profile: str) -> dict[str, Forecast]:
    redactor = Redactor(assembly.sources.secrets())
    transport = open_cassettes(assembly, redactor, None)
    session = Session(
        transport=transport, sources=assembly.sources, redactor=redactor, kinds=assembly.kinds, profile=profile
    )
    return forecast(assembly.plan, session, transport)


def _as_table(
    assembly: Assembly, estimates: tuple[Estimate, ...], recordings: dict[str, Forecast], profile: str
) -> str:
    header = ("target", "trials", "requests", "judges", "recorded", "input tokens", "output tokens", "cost", "minutes")
    rows = [
        (
            row.target,
            str(row.trials),
            str(row.requests) + (f" to {row.requests + row.more_requests}" if row.more_requests else ""),
            str(row.judgements),
            f"{recordings[row.target].hits} of {recordings[row.target].asked}",
            f"~{row.input_tokens}",
            "unbounded" if row.output_tokens is None else f"≤ {row.output_tokens}",
            _range(row.least_usd, row.most_usd),
            "no limit known" if row.minutes is None else f"≥ {row.minutes:.1f}",
        )
        for row in estimates
    ]
    suites = ", ".join(suite.name for suite in assembly.plan.suites)
    lines = [
        f"{suites}: {len(assembly.plan.trials)} trials, mode {assembly.mode}, {profile} prices",
        "",
        render_table(header, rows, right=(1, 2, 3, 4, 5, 6, 7, 8)),
        "",
        "requests: one a turn; tool rounds come on top. judges: questions to judges, in no other figure here.",
        f"recorded: first requests that a recording answers{_use_of(assembly.mode)}",
        "tokens: about, at four bytes each; servers add their own. cost: from the prompts alone, at that reckoning, to",
        "what --budget-usd would set aside: every byte a token, every reply as long as it may be, thoughts and dearer",
        "rates of long prompts counted; searches of the vendor's own have no bound.",
        *_refusals(estimates),
    ]
    return "\n".join(lines)


def _use_of(mode: Mode) -> str:
    uses: dict[Mode, str] = {
        "replay": "; the others would be errors.",
        "record": "; only the others would be sent.",
        "refresh": "; they would be sent all the same, and recorded anew.",
        "live": "; they would not be used.",
    }
    return uses[mode]


def _range(least: Decimal | None, most: Decimal | None) -> str:
    if least is None:
        return "unknown"
    if most is None:
        return f"{_dollars(least)} to no bound"
    return _dollars(most) if least == most else f"{_dollars(least)} to {_dollars(most)}"


def _dollars(amount: Decimal) -> str:
    """Two digits that count, and cents."""
    return f"${round(amount, max(2, 1 - amount.adjusted())):f}" if amount else "$0"


def _refusals(estimates: Iterable[Estimate]) -> list[str]:
    """What the catalogue says will be refused: alike for several targets, in one line."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in estimates:
        for each in row.refused:
            trials = f"{each.cases} trial{'s' if each.cases > 1 else ''}"
            found.setdefault((each.parameter, trials), []).append(row.target)
    lines = [
        f"  {parameter}, sent by {trials} each of {', '.join(labels)}" for (parameter, trials), labels in found.items()
    ]
    return ["", "the catalogue says that these are not supported:", *lines] if lines else []


def _as_json(
    assembly: Assembly,
    estimates: tuple[Estimate, ...],
    recordings: dict[str, Forecast],
    rows: "tuple[RowForecast, ...]",
) -> dict[str, Any]:
    return {
        "plan": assembly.plan.digest,
        "mode": assembly.mode,
        "trials": len(assembly.plan.trials),
        "targets": [
            {
                "target": row.target,
                "trials": row.trials,
                "requests": row.requests,
                "more_requests": row.more_requests,
                "judgements": row.judgements,
                "recorded": recordings[row.target].hits,
                "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens,
                "least_usd": None if row.least_usd is None else str(row.least_usd),
                "most_usd": None if row.most_usd is None else str(row.most_usd),
                "minutes": row.minutes,
                "refused": [{"parameter": r.parameter, "claim": r.claim, "trials": r.cases} for r in row.refused],
            }
            for row in estimates
        ],
        "parameter_rows": [
            {
                "model": row.model,
                "requests": row.requests,
                "at_most": row.at_most,
                "cost_usd": None if row.usd is None else str(row.usd),
            }
            for row in rows
        ],
    }
