"""Progress of a run that sends requests: a bar on a terminal, a few plain lines elsewhere.

It stands apart so that a replay, which is over before a bar could be drawn, does not import one.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.cli.terminal import say
from harness.core.outcome import Outcome
from harness.core.record import TrialRecord

PLAIN_LINES = 10


@contextmanager
def progress_of(trials: int, *, live: bool) -> Iterator[Callable[[TrialRecord], None]]:
    """A function to call with each finished record; the bar goes when the block ends."""
    if not live:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(trials) as tick:
            yield tick
    else:
        yield _plain(trials)


def _plain(trials: int) -> Callable[[TrialRecord], None]:
    done = errors = 0
    step = max(1, -(-trials // PLAIN_LINES))

    def tick(record: TrialRecord) -> None:
        nonlocal done, errors
        done += 1
        errors += record.outcome is Outcome.ERROR
        if done % step == 0 or done == trials:
            say(f"{done} of {trials} trials, {errors} errors", err=True)

    return tick


@contextmanager
def _bar(trials: int) -> Iterator[Callable[[TrialRecord], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[errors]} errors"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=trials, errors=0)
        errors = 0

        def tick(record: TrialRecord) -> None:
            nonlocal errors
            errors += record.outcome is Outcome.ERROR
            bar.update(task, advance=1, errors=errors)

        yield tick
