from scripted_server import ScriptedServer, completion

from harness.cli.verdict import render_run, run_as_json
from harness.core.outcome import Outcome
from harness.core.record import Run, RunHeader, SuiteRef, TrialRecord

BOTH = ("local/n", "local/o")
TWO = (
    "  - {id: a, prompt: Say ok., expect: [{contains: ok}]}\n  - {id: b, prompt: Say ok too., expect: [{contains: ok}]}"
)


def run(harness, suite, answer, *targets):
    chosen = [option for target in targets for option in ("--target", target)]
    with ScriptedServer(answer) as server:
        return harness("run", suite(TWO), "--base-url", server.base_url, *chosen).out


def test_a_case_that_fails_alike_on_several_targets_is_told_once(harness, suite):
    out = run(harness, suite, lambda _: completion("no"), *BOTH)

    assert [line for line in out.splitlines() if line.startswith("fail:")] == [
        "fail: s/a of local/n, local/o",
        "fail: s/b of local/n, local/o",
    ]


def test_failures_that_differ_are_told_apart(harness, suite):
    out = run(harness, suite, lambda body: completion(f"no {body['model']}"), *BOTH)

    assert len([line for line in out.splitlines() if line.startswith("fail:")]) == 4


def test_one_error_that_every_case_has_is_told_once(harness, suite):
    out = run(harness, suite, lambda _: (401, {"error": "who are you"}))

    assert [line for line in out.splitlines() if line.startswith("undecided:")] == [
        "undecided: s/a and 1 more of local/m"
    ]


def many(outcomes):
    """A finished run whose cases came to these outcomes."""
    told = {"trial": "0", "provider": "p", "source": "p", "model": "m", "suite": "s", "target": "p/m"}
    records = [
        TrialRecord(**told, case=str(n), outcome=Outcome(outcome), reason="busy" if outcome == "error" else None)
        for n, outcome in enumerate(outcomes)
    ]
    suites = (SuiteRef(name="s", path="s.yaml", digest="d"),)
    header = RunHeader(version="1", mode="live", suites=suites, targets=(), plan="p", trials=len(records))
    return Run(header=header, records=tuple(records))


def test_one_error_of_ten_thousand_cases_is_told_once_and_counted():
    lines = render_run(many(["error"] * 10_000)).splitlines()

    assert "undecided: s/0 and 9999 more of p/m" in lines
    assert "   busy" in lines
    assert not [line for line in lines if line.startswith("…")]


def test_failures_beyond_ten_are_counted_and_the_reader_is_told_where_they_are():
    assert "… and 2 more that fail; the page shows all of them" in render_run(many(["fail"] * 12))
    assert "… and 790 more that fail; every trial is a line of records.jsonl" in render_run(many(["fail"] * 800))


def test_what_json_does_not_list_it_counts():
    small, large = (run_as_json(many(["fail"] * count), None) for count in (12, 800))

    assert (len(small["not_passed"]), small["not_listed"]) == (12, 0)
    assert (len(large["not_passed"]), large["not_listed"]) == (500, 300)
