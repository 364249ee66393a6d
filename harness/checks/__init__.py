"""Checks: their kinds, their combination, and the registry by which a suite finds them.

They stand apart from suites and runs: a check knows its argument and the evidence, and nothing else. The modules of
kinds are imported when a suite first names one; to write a kind of your own, see `kinds.TypedKind`.
"""

from harness.checks.combine import follow_ups_of, grade_check, judges_errors, models_of
from harness.checks.registry import check_schema, load_kinds

__all__ = ["check_schema", "follow_ups_of", "grade_check", "judges_errors", "load_kinds", "models_of"]
