"""Options that several commands share, and what they mean together.

It stands apart so that one option has one spelling, one help text and one meaning everywhere.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.core.record import Mode
from harness.runner.plan import WHOLE, Shard

Function = TypeVar("Function", bound=Callable[..., Any])

MODES = ("replay", "record", "refresh", "live")


def paths_argument(*, required: bool = True) -> Callable[[Function], Function]:
    """PATH...: suite files, or folders that hold them."""
    return click.argument("paths", nargs=-1, required=required, type=click.Path(path_type=Path))


def selection_options(function: Function) -> Function:
    """--target, --case, --tag, --repeats."""
    for option in (
        click.option("--repeats", type=click.IntRange(1, 10_000), help="Ask every case this often, whatever it says."),
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only cases with this tag; repeatable."),
        click.option("--case", "cases", multiple=True, metavar="GLOB", help="Only cases whose id matches; repeatable."),
        click.option(
            "--target",
            "targets",
            multiple=True,
            metavar="GLOB",
            help="Narrow the suites' targets, or replace them by <provider>/<model>; repeatable.",
        ),
    ):
        function = option(function)
    return function


def source_options(function: Function) -> Function:
    """--mode, --provider, --base-url, --management-url, --api-key-env, --cassettes, --catalogue."""
    for option in (
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
            help="Replay from these files or folders instead of cassettes/; repeatable. To record, one folder.",
        ),
        click.option("--api-key-env", metavar="NAME", help="Environment variable that holds the key."),
        click.option(
            "--management-url",
            metavar="URL",
            help="Where the provider's management API is; on loopback, where --base-url is.",
        ),
        click.option(
            "--base-url", metavar="URL", help="Send requests there; means --mode live unless --mode says else."
        ),
        click.option(
            "--provider", "rename", metavar="NAME", help="What the one who answers is called in recordings and pages."
        ),
        click.option(
            "--mode",
            type=click.Choice(MODES),
            help="replay (default), record what is missing, refresh all, or live without recordings.",
        ),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What was chosen on the command line, for planning and running alike.

    environment  where keys are looked up
    """

    paths: tuple[Path, ...]
    targets: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    repeats: int | None = None
    shard: Shard = WHOLE
    mode: Mode | None = None
    rename: str | None = None
    base_url: str | None = None
    management_url: str | None = None
    api_key_env: str | None = None
    cassettes: tuple[Path, ...] = ()
    catalogues: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    root: Path = Path("cassettes")
    shown_from: Path | None = None


def price_option(function: Function) -> Function:
    """--prices."""
    return click.option(
        "--prices",
        "profile",
        default="documented",
        show_default=True,
        metavar="PROFILE",
        help="Price profile of the catalogue.",
    )(function)


def max_age_option(function: Function) -> Function:
    """--max-age, as a timedelta."""
    return click.option(
        "--max-age",
        type=click.FloatRange(0, 36_500),
        metavar="DAYS",
        callback=lambda _context, _option, days: None if days is None else timedelta(days=days),
        help="Flag verdicts as stale whose evidence was recorded longer ago; exit 4 if nothing is worse.",
    )(function)
