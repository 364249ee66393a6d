"""`harness plan`: what a run would send, cost and take, before anything is sent.

It stands apart from `run` so that looking can never spend.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from harness.cli.assembly import Assembly, assemble, open_cassettes
from harness.cli.options import Choices, paths_argument, price_option, selection_options, source_options
from harness.cli.tables import render_table
from harness.cli.terminal import say
from harness.core.record import Mode
from harness.runner.forecast import Forecast, forecast
from harness.runner.plan import Estimate, estimate
from harness.runner.session import Session
from harness.wire import Redactor


@click.command("plan")
@paths_argument()
@selection_options
@source_options
@price_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(paths: tuple[Path, ...], profile: str, *, as_json: bool, **chosen: Any) -> int:
    """Show the trials of a run: requests, tokens, dollars and minutes, and which recordings exist.

    Nothing is sent and nothing is written. Token counts are estimates, at four bytes a token; costs are upper bounds on
    that reckoning; minutes are lower bounds under the documented limits.
    """
    assembly = assemble(Choices(paths=paths, **chosen), profile)
    estimates = estimate(assembly.plan, assembly.catalogues, assembly.kinds, profile)
    recordings = _recordings(assembly, profile)
    if as_json:
        say(json.dumps(_as_json(assembly, estimates, recordings), indent=2))
        return 0
    say(_as_table(assembly, estimates, recordings, profile))
    return 0


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
    trials = {
        t.label: sum(trial.target.label == t.label for trial in assembly.plan.trials) for t in assembly.plan.targets
    }
    rows = [
        (
            row.target,
            str(trials[row.target]),
            str(row.requests) + (f" to {row.requests + row.more_requests}" if row.more_requests else ""),
            str(row.judgements),
            f"{recordings[row.target].hits} of {recordings[row.target].asked}",
            f"~{row.input_tokens}",
            "unbounded" if row.output_tokens is None else f"≤ {row.output_tokens}",
            _dollars(row.cost_usd),
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
        "tokens: about, at four bytes each; servers add their own. cost: at most, on that reckoning, which knows of no",
        "thoughts beyond max_tokens, no dearer rates for long prompts, and no fees for searches.",
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


def _dollars(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"≤ ${amount.normalize():f}" if amount else "$0"


def _as_json(assembly: Assembly, estimates: tuple[Estimate, ...], recordings: dict[str, Forecast]) -> dict[str, Any]:
    return {
        "plan": assembly.plan.digest,
        "mode": assembly.mode,
        "trials": len(assembly.plan.trials),
        "targets": [
            {
                "target": row.target,
                "requests": row.requests,
                "more_requests": row.more_requests,
                "judgements": row.judgements,
                "recorded": recordings[row.target].hits,
                "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens,
                "cost_usd": None if row.cost_usd is None else str(row.cost_usd),
                "minutes": row.minutes,
            }
            for row in estimates
        ],
    }
