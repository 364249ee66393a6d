"""Options on what a run may spend, how fast it goes, and how it is cut up and gone on with.

They stand apart from those that select and name sources because only commands that send anything have them.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import click

from harness.core.catalogue import Ceiling
from harness.runner.plan import WHOLE, Shard

Function = TypeVar("Function", bound=Callable[..., Any])


def read_dollars(_context: click.Context, _option: click.Parameter, text: str | None) -> Decimal | None:
    """An amount, exact.

    raises  click.BadParameter
    """
    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise click.BadParameter(f"{text!r} is not a number of dollars above 0")
    return amount


def read_shard(_context: click.Context, _option: click.Parameter, text: str | None) -> Shard:
    """`I/N` as a share.

    raises  click.BadParameter
    """
    if text is None:
        return WHOLE
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    index, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= index <= of:
        raise click.BadParameter(f"{text!r} is not a share such as 1/4: I from 1 to N")
    return Shard(index=index, of=of)


def ceiling_of(budget_usd: Decimal | None, max_requests: int | None) -> Ceiling | None:
    """What --budget-usd and --max-requests mean together."""
    return None if budget_usd is None and max_requests is None else Ceiling(usd=budget_usd, requests=max_requests)


def limit_options(function: Function) -> Function:
    """--concurrency, --timeout, --no-pacing, --budget-usd, --max-requests."""
    for option in (
        click.option(
            "--max-requests", type=click.IntRange(1), help="Send no more requests than this, retries counted."
        ),
        click.option(
            "--budget-usd",
            metavar="USD",
            callback=read_dollars,
            help="Spend no more dollars than this: what a request may cost at most is set aside before it leaves.",
        ),
        click.option(
            "--no-pacing", "pacing", flag_value=False, default=True, help="As fast as answers come; on loopback only."
        ),
        click.option(
            "--timeout",
            "timeout_s",
            type=click.FloatRange(0.1),
            default=300.0,
            show_default=True,
            help="Seconds for one request.",
        ),
        click.option(
            "--concurrency",
            type=click.IntRange(1, 1000),
            default=8,
            show_default=True,
            help="Trials under way at once; a catalogue may allow fewer.",
        ),
    ):
        function = option(function)
    return function


def scale_options(function: Function) -> Function:
    """--shard, --resume."""
    for option in (
        click.option(
            "--resume", is_flag=True, help="Go on with a run that was cut short: nothing answered is asked again."
        ),
        click.option(
            "--shard",
            metavar="I/N",
            callback=read_shard,
            help="Ask one share of the plan, with its share of limits and budget; `harness report` takes all of them.",
        ),
    ):
        function = option(function)
    return function
