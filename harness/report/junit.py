"""A run as JUnit XML, for the test tabs of CI systems.

It stands apart because its readers agree on a dialect, not on a schema: what is written here is what Jenkins, GitLab
and the GitHub actions all read.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.core.outcome import Outcome
from harness.core.record import Run, TrialRecord
from harness.report.evidence import failed_findings
from harness.report.figures import finite
from harness.report.summary import CaseResult, by_suite_and_target, case_results
from harness.report.untrusted import LONGEST_TEXT, cut, one_line, visible

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LONGEST_NAME = 500
# Element that a trial holds, and the count of its testsuite that it adds to.
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_junit(run: Run) -> str:
    """The XML, to be stored as UTF-8: a testsuite for each suite and target, a testcase for each trial.

    A trial that fails in a case that passes all the same (`pass: {at_least: k}`) is a `flakyFailure`, which readers
    count as passed: so file and exit code agree on what failed. A time that is not known is 0.000, because readers
    calculate with it; a recorded time is the recording's.
    """
    from xml.etree import ElementTree as ET

    suites = [_testsuite(results, mode=run.header.mode) for results in by_suite_and_target(case_results(run.records))]
    root = ET.Element("testsuites", name="model-harness")
    for count in ("tests", *_COUNTED.values()):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", f"{sum(_seconds(record) for record in run.records):.3f}")
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _testsuite(results: Sequence[CaseResult], *, mode: str) -> "Element":
    from xml.etree.ElementTree import Element, SubElement

    target = results[0].target
    suite = Element("testsuite", name=_name(f"{results[0].suite} on {target.label}"))
    trials = [(result, trial) for result in results for trial in result.trials]
    cases = [_testcase(result, trial) for result, trial in trials]
    suite.set("tests", str(len(cases)))
    for element, count in _COUNTED.items():
        suite.set(count, str(sum(case.find(element) is not None for case in cases)))
    suite.set("time", f"{sum(_seconds(trial) for _, trial in trials):.3f}")
    properties = SubElement(suite, "properties")
    for name, value in (
        ("answered-by", target.name),
        ("simulated", str(target.simulated).lower()),
        ("mode", mode),
    ):
        SubElement(properties, "property", name=name, value=_name(value))
    suite.extend(cases)
    return suite


def _testcase(result: CaseResult, trial: TrialRecord) -> "Element":
    from xml.etree.ElementTree import Element, SubElement

    row = "" if trial.row is None else f"[{trial.row}]"
    case = Element("testcase", classname=_name(f"{trial.suite}.{trial.target}"))
    case.set("name", _name(f"{trial.case}{row}#{trial.index}"))
    case.set("time", f"{_seconds(trial):.3f}")
    for name, value in _place(trial.location):
        case.set(name, _name(value))
    if (element := _element(result, trial)) is not None:
        outcome = SubElement(case, element, message=_name(_message(trial)), type=trial.outcome.value)
        outcome.text = visible(cut("\n".join(_story(trial)), LONGEST_TEXT))
    return case


def _element(result: CaseResult, trial: TrialRecord) -> str | None:
    if trial.outcome is Outcome.FAIL:
        return "flakyFailure" if result.verdict == "pass" else "failure"
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
    return cut(one_line(cut(text, _LONGEST_NAME)), _LONGEST_NAME)
