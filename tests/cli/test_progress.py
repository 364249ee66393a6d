"""What is told of a run while it goes on."""

import os
import pty
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.progress import PlainProgress, Progress, line_of, progress_of, table_of
from harness.cli.tables import display_width, visible
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord, TrialRecord
from harness.core.reply import Reply

labels = st.lists(st.text(st.characters(exclude_categories=()), min_size=1, max_size=90), max_size=60, unique=True)


class Hand:
    """A clock that is moved by hand."""

    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Hand()


def finished(outcome="pass", target="t", usd="0.01"):
    names = {"suite": "s", "case": "c", "trial": "0", "provider": "p", "source": "p", "model": "m"}
    cost = None if usd is None else Decimal(usd)
    exchanges = (ExchangeRecord(turn=0, key="k", reply=Reply()),)
    return TrialRecord(**names, target=target, outcome=Outcome(outcome), exchanges=exchanges, cost_usd=cost)


def said_by(progress, clock, seconds, capsys):
    """The lines that are said when a trial finishes at each of these seconds."""
    for clock.seconds in seconds:
        progress(finished())
    return capsys.readouterr().err.splitlines()


def test_a_line_says_what_is_done_at_which_pace_and_what_is_left(clock):
    progress = Progress({"t": 100}, clock)
    clock.seconds = 5.0

    for outcome in ["pass"] * 8 + ["fail", "error"]:
        progress(finished(outcome))

    line = line_of(progress.whole(), progress.elapsed_s)
    assert line == "10 of 100 trials, 2.0 requests/s, 1 failed, 1 error, $0.10, 45 s left"


def test_a_price_that_is_not_known_is_said_to_be(clock):
    progress = Progress({"t": 2}, clock)

    progress(finished())
    progress(finished(usd=None))

    assert "$0.01 + ?" in line_of(progress.whole(), 1.0)


def test_without_a_terminal_a_line_is_said_every_tenth(clock, capsys):
    lines = said_by(PlainProgress({"t": 100}, clock), clock, [10.0 * n for n in range(100)], capsys)

    # Trials that take ten seconds each would be silent for longer than anyone waits: every 30 s is said, too.
    assert [line.split()[0] for line in lines] == [*(str(n) for n in range(4, 100, 3)), "100"]


def test_a_fast_run_says_no_more_than_a_line_every_two_seconds(clock, capsys):
    lines = said_by(PlainProgress({"t": 100}, clock), clock, [n / 20 for n in range(100)], capsys)

    assert [line.split()[0] for line in lines] == ["41", "81", "100"]


def test_a_run_that_sends_nothing_says_nothing(clock, capsys):
    with progress_of({"t": 1}, live=False, clock=clock) as tick:
        tick(finished())

    assert capsys.readouterr().err == ""


def test_the_table_has_a_row_for_all_and_for_each_target(clock):
    progress = Progress({"a": 2, "b": 2}, clock)
    clock.seconds = 4.0
    for target, outcome in [("a", "pass"), ("a", "fail"), ("b", "error")]:
        progress(finished(outcome, target))

    assert [line.split() for line in table_of(progress, 100, 24)] == [
        ["target", "done", "passed", "failed", "errors", "req/s", "USD", "left"],
        ["all", "3/4", "1", "1", "1", "0.8", "$0.03", "2", "s"],
        ["b", "1/2", "0", "0", "1", "0.2", "$0.01", "4", "s"],
        ["a", "2/2", "1", "1", "0", "0.5", "$0.02"],
    ]


@given(names=labels, width=st.integers(40, 200), height=st.integers(5, 60))
def test_the_table_fits_the_terminal_whatever_the_targets_are_called(names, width, height):
    lines = table_of(Progress(dict.fromkeys(names, 1000), Hand()), width, height)

    assert len(lines) < height
    assert max(map(display_width, lines)) <= width
    assert all(visible(line, 1000) == line for line in lines)


def test_targets_that_find_no_room_are_counted(clock):
    progress = Progress({f"t{n}": 1 for n in range(50)}, clock)

    assert table_of(progress, 80, 12)[-1] == "… 42 more"


def test_a_target_that_was_not_announced_is_counted_all_the_same(clock):
    progress = Progress({"t": 1}, clock)

    progress(finished(target="u"))

    assert progress.whole().done == 1


def test_on_a_terminal_the_table_is_drawn_and_gone_at_the_end():
    begun = "import time; from harness.cli.progress import progress_of; bar = progress_of({'x/m': 5}, live=True)"
    code = f"{begun}\nwith bar: time.sleep(0.4)"
    ours, theirs = pty.openpty()

    subprocess.run([sys.executable, "-c", code], stderr=theirs, env={**os.environ, "TERM": "xterm"}, check=True)

    os.close(theirs)
    drawn = os.read(ours, 65536).decode()
    os.close(ours)
    assert "x/m" in drawn
    assert drawn.rindex("\x1b[2K") > drawn.rindex("x/m")
