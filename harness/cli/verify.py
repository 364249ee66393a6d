"""`harness verify`: is the documentation true? Plan, ask, decide, and show the evidence.

It stands apart from the machinery in `verifying`: here is what the command does, in order.
"""

import json
import os
from pathlib import Path
from typing import Any

import click

from harness.cli.docket import VerifyChoices, prepare
from harness.cli.fuzzing import Fuzzing
from harness.cli.options import price_option
from harness.cli.terminal import say
from harness.cli.verification_text import (
    plan_as_json,
    plan_as_table,
    plan_line,
    render_verification,
    say_next_step,
    verified_as_json,
)
from harness.cli.verify_again import read_baseline, render_changes
from harness.cli.verify_options import verify_options
from harness.cli.verifying import default_folder, verify, write_pages
from harness.core.clock import SystemClock
from harness.probes.drift import drift_code, find_changes
from harness.probes.outlay import forecast
from harness.store import VerificationFolder


@click.command("verify")
@click.argument("catalogue", default="xai")
@verify_options
@price_option
def command(
    *,
    only_plan: bool,
    out: Path | None,
    overwrite: bool,
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
    baseline: Path | None,
    fuzz: int | None,
    **chosen: Any,
) -> int:
    """Decide what the documents of CATALOGUE (xai if absent) promise, claim by claim, with evidence.

    The fewest requests that decide the selected claims are planned, shown, and sent, or replayed from recordings. The
    folder holds verdicts.json, exchanges.jsonl and report.html; `harness grade FOLDER` derives the verdicts again.
    With --fuzz, also fuzz.json and fuzz.yaml: the smallest requests that are not treated as documented; one is a no.

    Exit codes: 0 every promise is kept · 1 one is not: refuted, ignored, undocumented, partial · 2 the input is wrong ·
    3 some could not be asked (no key, budget, model absent, errors) · 4 the evidence is too weak for some ·
    130 interrupted. With --baseline: 0 nothing that was decided has changed · 1 something has · 3 it cannot be asked
    any more · 4 it is too weakly shown now.
    """
    docket = prepare(VerifyChoices(environment=dict(os.environ), **chosen))
    rows = forecast(docket.agenda, docket.choices.profile)
    fuzzing = Fuzzing(docket, fuzz)
    if only_plan:
        table = "\n".join(filter(None, (plan_as_table(docket, rows), fuzzing.planned)))
        say(json.dumps(plan_as_json(docket, rows) | fuzzing.planned_json, indent=2) if as_json else table)
        return 0
    before = read_baseline(baseline, docket.provider.name) if baseline is not None else None
    if docket.mode != "replay":
        say("\n".join(filter(None, (plan_line(docket, rows), fuzzing.planned))), err=True)
    now = SystemClock().now()
    place = out or default_folder(docket, now)
    folder = VerificationFolder.open(place, replace_paid=overwrite)
    try:
        verified = verify(docket, folder, started=now if docket.mode != "replay" else None, after=fuzzing.run)
    except BaseException:
        folder.abandon()
        raise
    fuzzing.write(verified, folder)
    write_pages(verified, docket.provider, place, {"html": html, "junit": junit, "markdown": markdown})
    changes = find_changes(before, verified.verification) if before is not None else None
    if as_json:
        say(fuzzing.add_to(verified_as_json(verified, place, changes), verified))
    else:
        say(render_verification(verified))
        say_next_step(docket, verified.verification)
        say(f"\npage      {place / 'report.html'}\nverdicts  {place / 'verdicts.json'}")
        if fuzz is not None:
            say(fuzzing.render(verified, place))
    if changes is None or verified.interrupted:
        return fuzzing.code(verified.verification.exit_code)
    if not as_json:
        say(f"\n{render_changes(changes)}")
    return fuzzing.code(drift_code(changes))
