"""The options of `harness verify`.

It stands apart from the command so that both read as one page each.
"""

from collections.abc import Callable
from pathlib import Path

import click

from harness.cli.options import MODES
from harness.cli.verifying import NEEDS


def verify_options(function: Callable[..., int]) -> Callable[..., int]:
    """Everything but the catalogue and the price profile."""
    for option in (
        click.option(
            "--baseline",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="List what changed since these verdicts, and exit by that.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a summary there."),
        click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML there."),
        click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the page there, too."),
        click.option(
            "--overwrite", is_flag=True, help="Replace a verification in --out even if it may have been paid for."
        ),
        click.option(
            "--out", type=click.Path(path_type=Path), metavar="DIR", help="Its folder; by default under reports/."
        ),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of the probes' choices."),
        click.option(
            "--timeout",
            "timeout_s",
            type=click.FloatRange(0.1),
            default=300.0,
            show_default=True,
            help="Seconds for one request.",
        ),
        click.option(
            "--no-pacing", "pacing", flag_value=False, default=True, help="As fast as answers come; on loopback only."
        ),
        click.option(
            "--concurrency",
            type=click.IntRange(1, 1000),
            default=8,
            show_default=True,
            help="Requests under way at once.",
        ),
        click.option("--max-requests", type=click.IntRange(1), help="Send no more requests than this."),
        click.option("--budget-usd", type=click.FloatRange(0, min_open=True), help="Spend no more dollars than this."),
        click.option(
            "--strict", is_flag=True, help="Also count the losing side of a contradiction, and what must be opted into."
        ),
        click.option(
            "--allow",
            multiple=True,
            type=click.Choice((*NEEDS, "all")),
            help="Opt into claims that need this; repeatable.",
        ),
        click.option(
            "--plan", "only_plan", is_flag=True, help="Show what would be sent and what it would cost; send nothing."
        ),
        click.option(
            "--register",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="Claims from these register files.",
        ),
        click.option(
            "--catalogue",
            "catalogues",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A further provider, as a catalogue file; repeatable.",
        ),
        click.option(
            "--cassettes",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="Replay from these instead of cassettes/. To record, one folder.",
        ),
        click.option("--api-key-env", metavar="NAME", help="Environment variable that holds the key."),
        click.option(
            "--management-url", metavar="URL", help="Where the management API is; on loopback, where --base-url is."
        ),
        click.option(
            "--base-url", metavar="URL", help="Send requests there; means --mode live unless --mode says else."
        ),
        click.option("--provider", "rename", metavar="NAME", help="What the one who answers is called."),
        click.option("--mode", type=click.Choice(MODES), help="replay (default), record, refresh, or live."),
        click.option(
            "--claim",
            "claims",
            multiple=True,
            metavar="GLOB",
            help="Only claims whose id matches, or of that kind; repeatable.",
        ),
        click.option("--target", "targets", multiple=True, metavar="GLOB", help="Only these models; repeatable."),
    ):
        function = option(function)
    return function
