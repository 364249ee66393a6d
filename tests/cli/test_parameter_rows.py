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


def test_every_row_that_no_probe_knows_is_a_problem_before_anything_is_asked(rows, harness):
    named = "{parameter: temprature, models: [xai/grok-3], expect: supported}"
    abled = "{capability: telepathy, models: [xai/grok-3], expect: supported}"
    text = f"suite: rows\nparameters:\n  - {named}\n  - {abled}\n"

    result = rows(text=text)
    told = harness("validate", "rows.yaml")

    assert (result.code, told.code) == (2, 2)
    assert "rows.yaml:3:5: no probe knows what 'temprature' should do" in result.err
    assert "did you mean 'temperature'?" in result.err
    assert "rows.yaml:4:5: no probe knows what 'telepathy' should do" in told.err


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


GROUPED = """\
suite: rows
targets: [xai/grok-3, xai/grok-4-1-fast-non-reasoning]
parameters:
  - {parameter: stop, models: [xai/@fast-chat], expect: supported}
  - {parameter: max_tokens, models: [xai/grok-3], expect: supported}
"""


def test_a_row_may_name_a_group_of_models_and_is_asked_of_those_that_are_targets(rows, harness):
    result = rows(text=GROUPED)

    assert result.code == 0, result.out
    assert [(each["case"], each["target"]) for each in records()] == [
        ("parameter-stop", "xai-sim/grok-4-1-fast-non-reasoning"),
        ("parameter-max_tokens", "xai-sim/grok-3"),
    ]
    assert harness("grade", "run", "--out", "again").code == 0


def test_a_row_for_a_model_that_is_no_target_of_its_suite_is_a_problem_and_not_passed_over(rows, harness):
    text = GROUPED.replace("[xai/@fast-chat]", "[xai/grok-3-mini]")

    result = rows(text=text)

    assert result.code == 2
    assert "rows.yaml:4:5: 'xai/grok-3-mini' is no target of the suite" in result.err
    assert harness("validate", "rows.yaml").code == 2


def test_a_plan_says_what_the_rows_would_send_and_cost(harness, tmp_path):
    (tmp_path / "rows.yaml").write_text(SUITE)

    shown = harness("plan", "rows.yaml")
    told = json.loads(harness("plan", "rows.yaml", "--json").out)["parameter_rows"]

    assert "rows: 2 parameter rows, mode replay, documented prices" in shown.out
    assert "xai/grok-3 " in shown.out
    assert "nothing would be sent" in shown.out
    assert [row["model"] for row in told] == ["xai/grok-3", "xai/grok-4-0709"]
    assert all(3 < row["requests"] <= row["at_most"] < 60 and 0 < float(row["cost_usd"]) < 1 for row in told)


NEEDED = 19
"""Requests that decide both rows."""


def test_what_a_row_was_answered_before_a_budget_ended_is_not_asked_again(harness, tmp_path, monkeypatch):
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")
    (tmp_path / "rows.yaml").write_text(SUITE)

    with running(seed=1, limits=None) as server:
        where = ("rows.yaml", "--provider", "xai-sim", "--base-url", server.url, "--no-pacing", "--out", "run")
        first = harness("run", *where, "--max-requests", 7)
        short = harness("run", *where, "--max-requests", NEEDED - 1, "--resume")
        again = harness("run", *where, "--max-requests", NEEDED, "--resume")

    assert (first.code, short.code, again.code) == (3, 3, 0), again.err
    assert [each.get("number", 0) for each in records()] == [0, 1]
    assert [each["outcome"] for each in records()] == ["pass", "pass"]
