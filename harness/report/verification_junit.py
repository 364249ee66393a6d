"""A verification as JUnit XML: a testcase for each claim, so that a CI's test tab lists what a vendor does not keep.

It stands apart from the XML of a run because a claim has a verdict and no trials; the dialect is the same.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.core.verdict import Verdict, Verification
from harness.report.figures import count, money
from harness.report.untrusted import LONGEST_TEXT, cut, one_line, visible
from harness.report.verdict_words import about, place, probability, status_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LONGEST_NAME = 500
# Element that a testcase holds by its verdict's status, and the count of its testsuite that it adds to.
_ELEMENTS = {"fail": "failure", "error": "error", "skip": "skipped"}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_verification_junit(verification: Verification) -> str:
    """The XML, to be stored as UTF-8: a testsuite for each kind of claim, a testcase for each claim.

    Refuted, ignored, undocumented and partial are failures, unless another passage of the documents is confirmed in its
    place: then, and where a claim was not tested, it is skipped. An inconclusive claim is an error. Times are 0.000:
    exchanges are shared, and none is one claim's own.
    """
    from xml.etree import ElementTree as ET

    kinds: dict[str, list[Verdict]] = {}
    for verdict in verification.verdicts:
        kinds.setdefault(verdict.kind, []).append(verdict)
    suites = [_testsuite(kind, verdicts, verification) for kind, verdicts in kinds.items()]
    root = ET.Element("testsuites", name="model-harness verify")
    for counted in ("tests", *_COUNTED.values()):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in suites)))
    root.set("time", "0.000")
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _testsuite(kind: str, verdicts: Sequence[Verdict], verification: Verification) -> "Element":
    from xml.etree.ElementTree import Element, SubElement

    suite = Element("testsuite", name=_name(f"{verification.provider} {kind} on {verification.source}"))
    cases = [_testcase(verdict, verification) for verdict in verdicts]
    suite.set("tests", str(len(cases)))
    for element, counted in _COUNTED.items():
        suite.set(counted, str(sum(case.find(element) is not None for case in cases)))
    suite.set("time", "0.000")
    properties = SubElement(suite, "properties")
    for name, value in (
        ("documented-by", verification.provider),
        ("answered-by", verification.source),
        ("simulated", str(verification.simulated).lower()),
        ("mode", verification.mode),
    ):
        SubElement(properties, "property", name=name, value=_name(value))
    suite.extend(cases)
    return suite


def _testcase(verdict: Verdict, verification: Verification) -> "Element":
    from xml.etree.ElementTree import Element, SubElement

    asked = about(verdict, verification.source)
    case = Element("testcase", classname=_name(f"{verification.provider}.{verdict.kind}"))
    # One claim may be asked of several models.
    case.set("name", _name(f"{cut(verdict.claim, 300)} ({asked})"))
    case.set("time", "0.000")
    properties = SubElement(case, "properties")
    for name, value in (
        ("grade", verdict.grade),
        ("verdict", verdict.verdict),
        ("flags", " ".join(verdict.flags)),
        ("documented", place(verdict)),
    ):
        if value:
            SubElement(properties, "property", name=name, value=_name(value))
    excused = verdict.excused and not verification.strict
    element = "skipped" if excused else _ELEMENTS.get(status_of(verdict.verdict))
    if element is not None:
        why = "another passage is confirmed; " if excused else ""
        found = SubElement(case, element, message=_name(f"{why}{verdict.verdict}: {verdict.observed}"))
        found.set("type", verdict.verdict)
        found.text = visible(cut("\n".join(_story(verdict, asked)), LONGEST_TEXT))
    return case


def _story(verdict: Verdict, asked: str) -> Iterator[str]:
    """The verdict in lines: what is documented where, what was seen of whom, and how surely."""
    yield f"documented: {verdict.documented}"
    told = verdict.provenance
    yield f"  at {place(verdict)}{f': {told.quote}' if told.quote else ''}"
    yield f"observed: {verdict.observed}"
    if verdict.requests:
        p = "" if verdict.p is None else f", p = {probability(verdict.p)}"
        spent = "cost unknown" if verdict.cost_usd is None else money(verdict.cost_usd)
        yield f"  of {asked}: {count(verdict.requests, 'request')}, n = {verdict.n}{p}, grade {verdict.grade}, {spent}"
    if verdict.flags:
        yield f"flags: {', '.join(verdict.flags)}"
    if verdict.conflicts:
        yield f"contradictions: {', '.join(verdict.conflicts)}"
    if verdict.needs:
        yield f"needs: {', '.join(verdict.needs)}"
    for evidence in verdict.evidence[:10]:
        yield f"{evidence.role}: {evidence.about} [{evidence.exchange}]"


def _name(text: str) -> str:
    return cut(one_line(cut(text, _LONGEST_NAME)), _LONGEST_NAME)
