"""What a check is: its kind, the evidence it may look at, and the finding it returns.

It stands apart from the checks themselves so that the suite loader can validate them, and a third party can add
one, without importing ours. Grading is pure: the same check over the same evidence gives the same finding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from harness.core.chat import Message, ToolCall
from harness.core.errors import Unanswerable
from harness.core.reply import Reply

FindingStatus = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation of a suite, its argument parsed.

    kind      name of a registered CheckKind, or 'not', 'all', 'any'
    argument  the argument as the author wrote it, templates filled: what pages show
    spec      the argument as the kind parsed it; None for the combinators
    children  the checks inside 'not', 'all' and 'any'
    """

    kind: str
    argument: Any = None
    spec: Any = None
    children: tuple["Check", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A further request that a check needs answered before it can decide, such as a judge's.

    model   '<provider>/<model>' of the catalogue, no globs
    """

    model: str
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


class MissingFollowUp(Unanswerable):
    """A check's follow-up has no reply: it was never sent, or the rubric changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What checks may look at: one turn of a trial, and nothing else.

    replies     the turn's replies in order; more than one after scripted tool results
    question    the turn's last user message as plain text; empty if there is none
    cost_usd    dollars for the turn's replies; None if a price is not known
    follow_ups  replies to follow-ups, found with `answer_to`
    """

    replies: tuple[Reply, ...]
    cost_usd: Decimal | None = None
    follow_ups: tuple[tuple[FollowUp, Reply], ...] = ()
    question: str = ""

    @property
    def reply(self) -> Reply:
        """The turn's last reply: what the user would see."""
        return self.replies[-1]

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """Every tool call of the turn, in order."""
        return tuple(call for reply in self.replies for call in reply.tool_calls)

    def answer_to(self, follow_up: FollowUp) -> Reply:
        """The reply to a follow-up.

        raises  MissingFollowUp if there is none
        """
        for asked, reply in self.follow_ups:
            if asked == follow_up:
                return reply
        message = f"no reply of {follow_up.model} to this check's question is recorded"
        raise MissingFollowUp(message, remedy="run the suite again to ask it: harness run … --mode record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's result.

    check     the check in a few words, such as "contains 'rain'"
    status    'unknown' if the evidence cannot decide, such as a latency limit on a recording without times
    expected  what would have passed
    seen      what was there, shortened
    score     0 to 1 where the check grades rather than decides, else None
    children  findings inside 'not', 'all' and 'any'
    """

    check: str
    status: FindingStatus
    expected: str
    seen: str
    score: float | None = None
    children: tuple["Finding", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecProblem:
    """One fault in a check's argument.

    path     where in the argument: keys and indices from its top
    message  what is wrong
    remedy   what would be right; may be empty
    key      True if the fault is the key itself, not its value
    """

    path: tuple[str | int, ...]
    message: str
    remedy: str = ""
    key: bool = False


class SpecInvalid(Exception):
    """A check's argument does not fit its kind; carries every problem at once."""

    def __init__(self, problems: Sequence[SpecProblem]) -> None:
        """Keep the problems in order."""
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class CheckKind(Protocol):
    """A kind of check: what the entry-point group `harness.checks` names.

    name          the key in a suite
    summary       one sentence for the schema
    judges_errors True if it can judge a reply that is an error; all others need an answer
    """

    name: str
    summary: str
    judges_errors: bool

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the argument, self-contained."""
        ...

    def parse(self, argument: object) -> object:
        """The argument as a spec; raises SpecInvalid with every problem at once."""
        ...

    def describe(self, spec: Any) -> str:
        """The check in a few words, for tables."""
        ...

    def models(self, spec: Any) -> tuple[str, ...]:
        """The models that its follow-up may ask, as '<provider>/<model>'; empty for nearly every kind."""
        ...

    def follow_up(self, spec: Any, evidence: Evidence) -> FollowUp | None:
        """The further request that grading needs answered; None for nearly every kind."""
        ...

    def grade(self, spec: Any, evidence: Evidence) -> Finding:
        """The finding; pure. May raise MissingFollowUp."""
        ...
