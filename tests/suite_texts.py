"""Suites for tests, from the YAML of their cases.

It stands apart so that tests of runner and command line say what they ask and nothing else.
"""

from pathlib import Path
from typing import Any

from harness.checks import load_kinds
from harness.core.catalogue import Target
from harness.core.suite import Suite
from harness.runner.plan import Selection, Trial, plan_run
from harness.suite import parse_suite

TARGET = Target(provider="local", source="local", model="m", label="local/m")


def suite_of(cases: str, name: str = "s") -> Suite:
    """A suite of these cases, a YAML list, whose target is local/m."""
    text = f"suite: {name}\ntargets: [local/m]\ncases:\n{cases}\n"
    return parse_suite(text.encode(), Path("s.yaml"), load_kinds())


def trials_of(cases: str, target: Target = TARGET, **options: Any) -> tuple[Trial, ...]:
    """The trials of these cases against one target."""
    suite = suite_of(cases)
    return tuple(plan_run([suite], {suite.name: (target,)}, Selection(), **options).trials)
