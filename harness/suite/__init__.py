"""Suites: YAML written by people -> cases ready to be asked, every problem at once.

It stands apart from the runner so that a suite can be validated without a plan, a key or a network.
"""

from harness.suite.load import load_suites
from harness.suite.parse import parse_suite
from harness.suite.schema import suite_schema

__all__ = ["load_suites", "parse_suite", "suite_schema"]
