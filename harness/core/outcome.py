"""Outcomes and rates: what a trial came to, and how shares are formed without hiding errors.

It stands apart because run, report, compare and gate must count alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Outcome(StrEnum):
    """What a trial came to. `ERROR` is ours or the network's, never the model's failure."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Trials counted by outcome.

    share   pass / (pass + fail); None if nothing was decided
    lowest  the share if every error had failed; highest if every error had passed
    """

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    @property
    def asked(self) -> int:
        """Trials that count: all but the skipped ones."""
        return self.passed + self.failed + self.errors

    @property
    def share(self) -> float | None:
        """pass / (pass + fail), or None."""
        decided = self.passed + self.failed
        return self.passed / decided if decided else None

    @property
    def lowest(self) -> float | None:
        """The share had every error failed, or None if nothing was asked."""
        return self.passed / self.asked if self.asked else None

    @property
    def highest(self) -> float | None:
        """The share had every error passed, or None if nothing was asked."""
        return (self.passed + self.errors) / self.asked if self.asked else None

    def __str__(self) -> str:
        """`91 % (10 of 11), 1 error of 12, 83 to 92 %`: never without its errors, nor without what they leave open."""
        decided = self.passed + self.failed
        share = f"{100 * self.passed / decided:.0f} % ({self.passed} of {decided})" if decided else "nothing decided"
        errors = f"{self.errors} error{'' if self.errors == 1 else 's'} of {self.asked}"
        if not self.errors or self.lowest is None or self.highest is None:
            return f"{share}, {errors}"
        return f"{share}, {errors}, {100 * self.lowest:.0f} to {100 * self.highest:.0f} %"


def rate_of(outcomes: Iterable[Outcome]) -> Rate:
    """Count outcomes."""
    counts = dict.fromkeys(Outcome, 0)
    for outcome in outcomes:
        counts[outcome] += 1
    return Rate(
        passed=counts[Outcome.PASS],
        failed=counts[Outcome.FAIL],
        errors=counts[Outcome.ERROR],
        skipped=counts[Outcome.SKIP],
    )


CaseVerdict = Literal["pass", "fail", "undecided", "skip"]


def decide_case(rate: Rate, at_least: int | None) -> CaseVerdict:
    """Whether one case (of one row and target) passes, given its trials.

    at_least  how many must pass; None for all that were asked
    returns   'fail' only if it would stand had every error passed; 'pass' only if it would stand had every error failed
    """
    if rate.asked == 0:
        return "skip"
    needed = rate.asked if at_least is None else at_least
    if rate.passed >= needed:
        return "pass"
    return "fail" if rate.passed + rate.errors < needed else "undecided"
