"""What readers of JUnit XML must find in a verification."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_samples import VERDICTS, make_haunted, make_verdict, make_verification

from harness.report.verification_junit import render_verification_junit

any_text = st.text(st.characters(exclude_categories=()))


def parsed(*verdicts, **more):
    return ET.fromstring(render_verification_junit(make_verification(*verdicts, **more)))  # noqa: S314 - our own output


def properties(element):
    return {each.get("name"): each.get("value") for each in element.findall("properties/property")}


@settings(max_examples=60, deadline=None)
@given(text=any_text)
def test_it_is_xml_whatever_stands_in_it(text):
    written = render_verification_junit(make_haunted(text)[0])

    assert len(ET.fromstring(written).findall("testsuite/testcase")) == 8  # noqa: S314 - our own output
    assert written.encode("utf-8")


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        ("confirmed", None),
        ("refuted", "failure"),
        ("ignored", "failure"),
        ("undocumented", "failure"),
        ("partial", "failure"),
        ("inconclusive", "error"),
        ("not-tested", "skipped"),
    ],
)
def test_a_verdict_has_its_element(verdict, element):
    case = parsed(make_verdict(verdict)).find("testsuite/testcase")

    assert [each.tag for each in case if each.tag != "properties"] == ([] if element is None else [element])


def test_a_no_that_another_passage_excuses_is_skipped_unless_the_verification_is_strict():
    excused = make_verdict("refuted", excused=True)

    assert parsed(excused).find(".//testcase/skipped").get("message").startswith("another passage is confirmed")
    assert parsed(excused, strict=True).find(".//testcase/failure") is not None


def test_each_kind_is_a_testsuite_and_each_claim_of_each_model_a_testcase():
    root = parsed(
        make_verdict(claim="a"), make_verdict(claim="a", model="grok-4"), make_verdict(claim="b", kind="auth")
    )

    assert [suite.get("name") for suite in root] == ["xai parameter on xai-sim", "xai auth on xai-sim"]
    names = [case.get("name") for case in root.iter("testcase")]
    assert names == ["a (xai-sim/grok-3)", "a (xai-sim/grok-4)", "b (xai-sim/grok-3)"]


def test_counts_are_those_of_the_elements():
    root = parsed(*(make_verdict(name, f"c{at}") for at, name in enumerate([*VERDICTS, "refuted"])))

    for element in (root, root[0]):
        assert [element.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["8", "5", "1", "1"]


def test_the_grade_is_a_property_and_simulated_answers_are_marked():
    root = parsed(make_verdict(grade="E4", flags=("flaky",)))

    told = properties(root.find("testsuite/testcase"))
    assert (told["grade"], told["flags"], told["documented"]) == ("E4", "flaky", "comp:96")
    assert properties(root[0])["simulated"] == "true"


def test_a_failure_says_what_is_documented_and_what_was_observed():
    verdict = make_verdict("ignored", observed="it shows in 3 of 3", n=6, p=0.01, evidence=["p#1"], conflicts=("K01",))

    failure = parsed(verdict).find("testsuite/testcase/failure")

    assert (failure.get("message"), failure.get("type")) == ("ignored: it shows in 3 of 3", "ignored")
    assert failure.text.splitlines() == [
        "documented: stop: supported",
        "  at comp:96: grok-3 … ✅",
        "observed: it shows in 3 of 3",
        "  of xai-sim/grok-3: 1 request, n = 6, p = 0.01, grade E3, $0",
        "contradictions: K01",
        "plain:  [p#1]",
    ]


def test_nothing_selected_is_a_file_without_testsuites():
    assert len(parsed()) == 0
