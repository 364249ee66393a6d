import json
from pathlib import Path

import pytest

from harness.core.outcome import Outcome
from harness.runner.rows import judge_row
from harness.simulator.http.server import running

SUITE = """\
suite: rows
parameters:
  - {parameter: stop, models: [xai/grok-3], expect: supported}
  - {parameter: stop, models: [xai/grok-4-0709], expect: rejected}
"""


@pytest.fixture
def rows(harness, tmp_path, monkeypatch):
    """Run the parameter rows of a suite against a simulator with these promises broken."""
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")

    def run(*deviations, text=SUITE, more=()):
        (tmp_path / "rows.yaml").write_text(text)
        with running(seed=1, limits=None, deviations=deviations) as server:
            where = ("--provider", "xai-sim", "--base-url", server.url)
            return harness("run", "rows.yaml", *where, "--out", "run", "--overwrite", *more)

    return run


def records():
    lines = (Path("run") / "records.jsonl").read_text().splitlines()
    return [parsed["trial"] for line in lines if "trial" in (parsed := json.loads(line))]


def test_a_row_is_asked_of_every_model_that_it_names_and_passes_where_it_is_as_expected(rows):
    result = rows()

    assert result.code == 0, result.out
    assert [(each["case"], each["target"], each["outcome"]) for each in records()] == [
        ("parameter-stop", "xai-sim/grok-3", "pass"),
        ("parameter-stop", "xai-sim/grok-4-0709", "pass"),
    ]


def test_a_parameter_that_is_taken_and_ignored_is_not_supported_and_shows_the_evidence(rows):
    result = rows("ignores-stop@grok-3")

    assert result.code == 1
    assert "no-effect: the stop shows in 3 of 3 answers with it" in result.out
    assert {record["kind"] for record in records()} == {"parameter"}
    assert len(records()[0]["exchanges"]) == 6


def test_a_parameter_that_is_taken_where_it_should_be_rejected_fails(rows):
    assert "saw      no-effect" in rows("tolerates-stop@grok-4-0709").out


def test_each_value_that_a_row_names_is_tried(rows):
    row = "{parameter: temperature, models: [xai/grok-3], expect: supported, values: [0, 5]}"
    text = f"suite: rows\nparameters:\n  - {row}\n"

    result = rows(text=text)

    assert result.code == 1
    assert "partly" in result.out


def test_a_parameter_that_no_probe_knows_is_an_error_and_not_a_failure(rows):
    text = "suite: rows\nparameters:\n  - {parameter: colour, models: [xai/grok-3], expect: supported}\n"

    result = rows(text=text)

    assert result.code == 3
    assert "no probe knows what 'colour' should do" in result.out


def test_a_model_that_is_absent_is_an_error_and_not_a_failure(rows):
    assert rows("model-absent@grok-3", more=("--target", "xai/grok-3")).code == 3


def test_rows_are_selected_by_their_names_like_cases(rows):
    assert rows(more=("--case", "parameter-stop")).code == 0
    assert rows(more=("--case", "capability-*")).code == 2


def test_an_old_run_of_rows_is_graded_by_what_the_suite_expects_today(rows, harness, tmp_path):
    rows()
    (tmp_path / "rows.yaml").write_text(SUITE.replace("expect: rejected", "expect: supported"))

    result = harness("grade", "run", "rows.yaml")

    assert result.code == 1
    assert "pass -> fail" in result.out


@pytest.mark.parametrize(
    ("expect", "passes", "fails", "open_"),
    [
        (
            "supported",
            ("effect", "holds"),
            ("rejected", "no-effect", "server-error", "partly"),
            ("unknown", "accepted"),
        ),
        ("unsupported", ("rejected", "no-effect"), ("effect", "holds"), ("unknown", "accepted", "server-error")),
        ("rejected", ("rejected",), ("effect", "no-effect", "accepted"), ("unknown", "server-error")),
        ("ignored", ("no-effect",), ("effect", "rejected"), ("unknown", "accepted", "server-error")),
    ],
)
def test_what_is_expected_and_what_is_seen_decide_a_row(expect, passes, fails, open_):
    assert {judge_row(expect, each) for each in passes} == {Outcome.PASS}
    assert {judge_row(expect, each) for each in fails} == {Outcome.FAIL}
    assert {judge_row(expect, each) for each in open_} == {Outcome.ERROR}
