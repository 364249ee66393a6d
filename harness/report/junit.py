"""A run as JUnit XML, for the test tabs of CI systems.

It stands apart because its readers agree on a dialect, not on a schema: what is written here is what Jenkins, GitLab
and the GitHub actions all read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from markupsafe import escape

from harness.core.outcome import CaseVerdict, Outcome, decide_case, rate_of
from harness.core.record import Mode, Run, TrialRecord
from harness.report.evidence import failed_findings
from harness.report.figures import finite
from harness.report.summary import TargetRef
from harness.report.tally import CaseName
from harness.report.untrusted import LONGEST_TEXT, cut, one_line, visible

_LONGEST_NAME = 500
# Characters that wait in memory before they are put aside.
_WAITING = 1_000_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class JunitWriter:
    """A testsuite for each suite and target, a testcase for each trial, written while the records go by.

    A trial that fails in a case that passes all the same (`pass: {at_least: k}`) is a `flakyFailure`, which readers
    count as passed: so file and exit code agree on what failed. A time that is not known is 0.000, because readers
    calculate with it; a recorded time is the recording's.
    """

    def __init__(self, mode: Mode, aside: BinaryIO) -> None:
        """Begin a report of a run in this mode.

        aside  an empty file to write to and read from, such as a temporary one: a testsuite can only be written when
               all of its trials are known, and they come in the order of the cases
        """
        self._mode = mode
        self._aside = aside
        self._suites: dict[tuple[str, TargetRef], _Suite] = {}
        self._name: CaseName | None = None
        self._case: dict[tuple[str, TargetRef], list[TrialRecord]] = {}
        self._waiting = 0

    def add(self, record: TrialRecord) -> None:
        """Write a trial. All trials of one case and row stand together, as in a plan's order."""
        name = (record.suite, record.case, record.row)
        if name != self._name:
            self._end_case()
            self._name = name
        target = TargetRef(label=record.target, source=record.source, model=record.model, simulated=record.simulated)
        if record.at_least is None:
            # A case passes if all of its trials do: what fails here fails its case.
            self._write((record.suite, target), record, "fail")
        else:
            self._case.setdefault((record.suite, target), []).append(record)

    def close(self) -> Iterator[bytes]:
        """The report in pieces, to be stored one after the other."""
        self._end_case()
        suites = self._suites.values()
        places = {suite: place for place, suite in enumerate(dict.fromkeys(suite for suite, _ in self._suites))}
        counts = _Counts.of(suite.counts for suite in suites)
        yield f'{_HEAD}<testsuites name="model-harness"{counts.attributes()}>\n'.encode()
        for (name, target), suite in sorted(self._suites.items(), key=lambda item: places[item[0][0]]):
            yield self._head(name, target, suite.counts).encode("utf-8")
            for start, length in suite.aside:
                self._aside.seek(start)
                yield self._aside.read(length)
            yield "".join(suite.waiting).encode("utf-8")
            yield b"  </testsuite>\n"
        yield b"</testsuites>\n"

    def _end_case(self) -> None:
        for key, trials in self._case.items():
            verdict = decide_case(rate_of(trial.outcome for trial in trials), trials[0].at_least)
            for trial in sorted(trials, key=lambda trial: trial.index):
                self._write(key, trial, verdict)
        self._case = {}

    def _write(self, key: tuple[str, TargetRef], trial: TrialRecord, verdict: CaseVerdict) -> None:
        suite = self._suites.get(key)
        if suite is None:
            suite = self._suites[key] = _Suite()
        element = _element(trial, verdict)
        suite.counts.add(element, _seconds(trial))
        suite.waiting.append(_testcase(trial, element))
        self._waiting += len(suite.waiting[-1])
        if self._waiting > _WAITING:
            self._put_aside()

    def _put_aside(self) -> None:
        for suite in self._suites.values():
            if suite.waiting:
                written = "".join(suite.waiting).encode("utf-8")
                suite.aside.append((self._aside.tell(), len(written)))
                self._aside.write(written)
                suite.waiting = []
        self._waiting = 0

    def _head(self, name: str, target: TargetRef, counts: "_Counts") -> str:
        told = (
            ("answered-by", target.name),
            ("simulated", str(target.simulated).lower()),
            ("mode", self._mode),
        )
        properties = "".join(f'      <property name="{each}" value="{_name(value)}" />\n' for each, value in told)
        head = f'  <testsuite name="{_name(f"{name} on {target.label}")}"{counts.attributes()}>\n'
        return f"{head}    <properties>\n{properties}    </properties>\n"


def render_junit(run: Run) -> str:
    """The report of a run that is in memory, as `JunitWriter` writes it."""
    writer = JunitWriter(run.header.mode, BytesIO())
    places: dict[CaseName, int] = {}
    # A run that was cut short has its trials in the order in which they finished.
    for record in sorted(
        run.records, key=lambda each: places.setdefault((each.suite, each.case, each.row), len(places))
    ):
        writer.add(record)
    return b"".join(writer.close()).decode("utf-8")


@dataclass(slots=True)
class _Counts:
    tests: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, counted: "Iterable[_Counts]") -> "_Counts":
        whole = cls()
        for each in counted:
            whole.tests += each.tests
            whole.failures += each.failures
            whole.errors += each.errors
            whole.skipped += each.skipped
            whole.seconds += each.seconds
        return whole

    def add(self, element: str | None, seconds: float) -> None:
        self.tests += 1
        self.failures += element == "failure"
        self.errors += element == "error"
        self.skipped += element == "skipped"
        self.seconds += seconds

    def attributes(self) -> str:
        counted = f'tests="{self.tests}" failures="{self.failures}" errors="{self.errors}" skipped="{self.skipped}"'
        return f' {counted} time="{self.seconds:.3f}"'


@dataclass(slots=True)
class _Suite:
    """What is known of a testsuite so far; `aside` has from where, and how many bytes, is put aside."""

    counts: _Counts = field(default_factory=_Counts)
    waiting: list[str] = field(default_factory=list)
    aside: list[tuple[int, int]] = field(default_factory=list)


def _testcase(trial: TrialRecord, element: str | None) -> str:
    row = "" if trial.row is None else f"[{trial.row}]"
    told = (
        ("classname", f"{trial.suite}.{trial.target}"),
        ("name", f"{trial.case}{row}#{trial.index}"),
        ("time", f"{_seconds(trial):.3f}"),
        *_place(trial.location),
    )
    head = "    <testcase" + "".join(f' {name}="{_name(value)}"' for name, value in told)
    if element is None:
        return f"{head} />\n"
    story = escape(visible(cut("\n".join(_story(trial)), LONGEST_TEXT)))
    begin = f'{element} message="{_name(_message(trial))}" type="{trial.outcome.value}"'
    return f"{head}>\n      <{begin}>{story}</{element}>\n    </testcase>\n"


def _element(trial: TrialRecord, verdict: CaseVerdict) -> str | None:
    if trial.outcome is Outcome.FAIL:
        return "flakyFailure" if verdict == "pass" else "failure"
    return {Outcome.ERROR: "error", Outcome.SKIP: "skipped"}.get(trial.outcome)


def _message(trial: TrialRecord) -> str:
    if trial.reason:
        return trial.reason.splitlines()[0]
    failed = failed_findings(trial)
    return failed[0].check if failed else trial.outcome.value


def _story(trial: TrialRecord) -> Iterator[str]:
    """The trial in lines: why, what each failed check expected and saw, and what the model said last."""
    if trial.reason:
        yield trial.reason
    for finding in failed_findings(trial):
        yield f"{finding.status}: {finding.check}"
        yield f"  expected: {finding.expected}"
        yield f"  seen: {finding.seen}"
    replies = [exchange.reply for exchange in trial.exchanges if exchange.follow_up is None]
    if replies and replies[-1].content:
        yield f"reply: {replies[-1].content}"


def _seconds(trial: TrialRecord) -> float:
    """How long the model's replies took together; 0 where that is not known."""
    totals = (finite(e.reply.timing.total_ms) for e in trial.exchanges if e.follow_up is None)
    return sum(total for total in totals if total is not None) / 1000


def _place(location: str) -> Iterator[tuple[str, str]]:
    """`file` and `line` of `file:line:column`; nothing of anything else. A file's name may hold colons."""
    file, _, line_and_column = location.rpartition(":")
    file, _, line = file.rpartition(":")
    if file and line.isascii() and line.isdigit() and line_and_column.isascii() and line_and_column.isdigit():
        yield "file", file
        yield "line", line


def _name(text: str) -> str:
    """A short text as the value of an attribute."""
    return str(escape(cut(one_line(cut(text, _LONGEST_NAME)), _LONGEST_NAME)))
