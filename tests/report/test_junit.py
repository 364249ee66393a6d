"""What readers of JUnit XML must find."""

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.check import Finding
from harness.report import render_junit
from harness.report.junit import JunitWriter

any_text = st.text(st.characters(exclude_categories=()))
FINDING = Finding(check="contains 'a'", status="fail", expected="an a", seen="b")


def parsed(run):
    return ET.fromstring(render_junit(run))  # noqa: S314 - our own output


@settings(max_examples=60, deadline=None)
@given(text=any_text)
def test_it_is_xml_whatever_stands_in_it(haunted, text):
    root = parsed(haunted(text))

    assert len(root.findall("testsuite/testcase")) == 4
    assert render_junit(haunted(text)).encode("utf-8")


def test_each_suite_and_target_is_a_testsuite_and_each_trial_a_testcase(trial, run_of):
    root = parsed(run_of(trial(row="r"), trial(row="r", index=1), trial(target="u"), trial(suite="z")))

    assert [suite.get("name") for suite in root] == ["s on t", "s on u", "z on t"]
    first, second = root[0].findall("testcase")
    assert (first.get("classname"), first.get("name"), second.get("name")) == ("s.t", "c[r]#0", "c[r]#1")


@pytest.mark.parametrize(("outcome", "element"), [("fail", "failure"), ("error", "error"), ("skip", "skipped")])
def test_an_outcome_has_its_element_with_message_and_findings(trial, run_of, outcome, element):
    found = parsed(run_of(trial(outcome, findings=((FINDING,),)))).find(f"testsuite/testcase/{element}")

    assert found.get("message") == "contains 'a'"
    assert found.text.splitlines() == ["fail: contains 'a'", "  expected: an a", "  seen: b"]


def test_a_pass_has_no_element(trial, run_of):
    assert len(parsed(run_of(trial())).find("testsuite/testcase")) == 0


def test_counts_are_those_of_the_elements(trial, run_of):
    outcomes = ["pass", "fail", "fail", "error", "skip"]

    root = parsed(run_of(*(trial(outcome, case=str(i)) for i, outcome in enumerate(outcomes))))

    for element in (root, root[0]):
        assert [element.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "2", "1", "1"]


def test_a_failed_trial_of_a_case_that_passes_is_no_failure(trial, run_of):
    root = parsed(run_of(trial("fail", at_least=1), trial(index=1, at_least=1)))

    assert root.get("failures") == "0"
    assert root.find("testsuite/testcase/flakyFailure") is not None


def test_the_reason_of_an_error_comes_first(trial, run_of):
    error = parsed(run_of(trial("error", reason="no recording\nnearest: x"))).find("testsuite/testcase/error")

    assert (error.get("message"), error.text) == ("no recording", "no recording\nnearest: x")


def test_time_is_in_seconds_and_of_the_model_alone(trial, exchange, run_of):
    case = parsed(run_of(trial(exchanges=[exchange(ms=1250), exchange(ms=250)]))).find("testsuite/testcase")

    assert case.get("time") == "1.500"


@pytest.mark.parametrize(
    ("location", "place"),
    [("a/s.yaml:31:5", ("a/s.yaml", "31")), ("C:\\s.yaml:3:1", ("C:\\s.yaml", "3")), ("s.yaml", (None, None))],
)
def test_a_location_becomes_file_and_line(trial, run_of, location, place):
    case = parsed(run_of(trial(location=location))).find("testsuite/testcase")

    assert (case.get("file"), case.get("line")) == place


def test_simulated_answers_are_marked(trial, run_of):
    properties = parsed(run_of(trial(simulated=True, source="xai-sim"))).findall("testsuite/properties/property")

    told = {each.get("name"): each.get("value") for each in properties}
    assert (told["simulated"], told["answered-by"]) == ("true", "xai-sim/m")


def test_trials_that_come_case_by_case_are_told_suite_by_suite(trial):
    writer = JunitWriter("live", BytesIO())
    for case in range(3_000):
        for target in "tu":
            writer.add(trial("fail" if case % 2 else "pass", case=str(case), target=target, reason="r" * 300))

    suites = ET.fromstring(b"".join(writer.close()))  # noqa: S314 - our own output

    assert [(suite.get("name"), suite.get("failures")) for suite in suites] == [("s on t", "1500"), ("s on u", "1500")]
    assert [case.get("name") for case in suites[1].findall("testcase")] == [f"{case}#0" for case in range(3_000)]


def test_trials_in_the_order_in_which_they_finished_are_told_as_well(trial, run_of):
    records = [trial("fail" if i == 0 else "pass", case=c, index=i, at_least=2) for i in range(3) for c in "ab"]

    cases = parsed(run_of(*records)).findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == ["a#0", "a#1", "a#2", "b#0", "b#1", "b#2"]
    assert [case.get("name") for case in cases if case.find("flakyFailure") is not None] == ["a#0", "b#0"]
