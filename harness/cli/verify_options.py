"""The options of `harness verify`, beside those that say who answers, which every command shares.

It stands apart from the command so that both read as one page each.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli.docket import NEEDS
from harness.cli.limit_options import limit_options
from harness.cli.options import max_age_option, source_options

Function = Callable[..., int]
_FILE = click.Path(path_type=Path, dir_okay=False)


def verify_options(function: Function) -> Function:
    """Everything but the catalogue and the price profile."""
    for option in reversed((*_selection(), source_options, *_limits(), *_output())):
        function = option(function)
    return function


def _selection() -> Sequence[Callable[[Any], Any]]:
    return (
        click.option("--target", "targets", multiple=True, metavar="GLOB", help="Only these models; repeatable."),
        click.option(
            "--claim",
            "claims",
            multiple=True,
            metavar="GLOB",
            help="Only claims whose id matches, or of that kind; repeatable.",
        ),
        click.option(
            "--allow",
            multiple=True,
            type=click.Choice((*NEEDS, "all")),
            help="Opt into claims that need this; repeatable.",
        ),
        click.option(
            "--strict", is_flag=True, help="Also count the losing side of a contradiction, and what must be opted into."
        ),
        max_age_option,
        click.option(
            "--register",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="Claims from these register files.",
        ),
        click.option(
            "--plan", "only_plan", is_flag=True, help="Show what would be sent and what it would cost; send nothing."
        ),
    )


def _limits() -> Sequence[Callable[[Any], Any]]:
    return (
        limit_options,
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of the probes' choices."),
        click.option(
            "--fuzz",
            type=click.IntRange(1, 100_000),
            metavar="N",
            help="Then send up to N requests drawn from inside and just outside what is documented.",
        ),
    )


def _output() -> Sequence[Callable[[Any], Any]]:
    return (
        click.option(
            "--baseline",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="List what changed since these verdicts, and exit by that.",
        ),
        click.option(
            "--out", type=click.Path(path_type=Path), metavar="DIR", help="Its folder; by default under reports/."
        ),
        click.option(
            "--overwrite", is_flag=True, help="Replace a verification in --out even if it may have been paid for."
        ),
        click.option("--html", type=_FILE, help="Write the page there, too."),
        click.option("--junit", type=_FILE, help="Write JUnit XML there."),
        click.option("--markdown", type=_FILE, help="Write a summary there."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )
