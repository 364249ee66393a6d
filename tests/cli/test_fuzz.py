import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.simulator.http.server import running

NO_QUESTION = ("--claim", "comp.metadata.document-version")


@pytest.fixture
def fuzz(harness, monkeypatch):
    """`harness verify --fuzz` of a simulator, or of recordings, with a claim that no request decides."""
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")

    def run(server, budget, *arguments, target="grok-3-mini", out="v"):
        where = () if server is None else ("--base-url", server.url, "--no-pacing")
        chosen = (*NO_QUESTION, "--target", target, "--out", out, "--overwrite", "--fuzz", budget)
        return harness("verify", "--provider", "xai-sim", *where, *chosen, *arguments)

    return run


@pytest.fixture(scope="module")
def kept():
    """A simulator that keeps every promise."""
    with running(seed=1, limits=None) as server:
        yield server


@pytest.fixture(scope="module")
def broken():
    """A simulator of which some promises are broken."""
    with running(seed=1, limits=None, deviations=["temperature-unchecked", "rejects-top-p@grok-3-mini"]) as server:
        yield server


def written(folder="v"):
    return json.loads((Path(folder) / "fuzz.json").read_text())


def test_nothing_found_exits_as_the_verdicts_do_and_leaves_no_suite(fuzz, kept):
    result = fuzz(kept, 30)

    assert result.code == 0, result.err
    assert "fuzz: 30 of 30 requests" in result.out
    assert "nothing found" in result.out
    assert (written()["requests"], written()["findings"]) == (30, [])
    assert not Path("v/fuzz.yaml").exists()


def test_a_finding_is_a_no_and_told_as_a_case_and_as_a_curl_line(fuzz, broken):
    result = fuzz(broken, 50)

    assert result.code == 1
    assert "validation missing: temperature 2.01 is accepted (documented: 0 to 2)" in result.out
    assert '"temperature": 2.01}' in result.out
    assert "refused although documented: top_p" in result.out
    assert "curl -sS -i" in result.out
    assert "sim-key" not in result.out


def test_the_curl_line_asks_again_what_failed(fuzz, broken, monkeypatch):
    fuzz(broken, 50)
    finding = next(each for each in written()["findings"] if each["failure"] == "accepted-outside")
    monkeypatch.setenv("XAI_API_KEY", "sim-key")

    ran = subprocess.run(["bash", "-c", finding["curl"]], capture_output=True, text=True, check=True, timeout=20)

    assert ran.stdout.startswith("HTTP/1.1 200")


def test_the_cases_are_a_suite_that_fails_there_and_passes_where_the_promises_are_kept(fuzz, harness, broken, kept):
    fuzz(broken, 50)

    checked = harness("validate", "v/fuzz.yaml")
    again = [
        harness("run", "v/fuzz.yaml", "--provider", "xai-sim", "--base-url", server.url, "--out", f"run-{number}")
        for number, server in enumerate((broken, kept))
    ]

    assert checked.code == 0, checked.err
    assert [each.code for each in again] == [1, 0], again[0].err + again[1].out


def test_exchanges_are_kept_beside_the_others_and_counted(fuzz, broken):
    fuzz(broken, 30)

    kept = [json.loads(line) for line in Path("v/exchanges.jsonl").read_text().splitlines()]
    asked = [each for each in kept if each["probe"] == "fuzz"]
    assert len(asked) == 30
    assert json.loads(Path("v/verdicts.json").read_text())["requests"] == len(kept)
    cited = {each["exchange"] for finding in written()["findings"] for each in finding["evidence"]}
    assert cited <= {each["id"] for each in asked}


def test_a_fuzz_that_was_recorded_is_replayed_and_finds_the_same(fuzz, broken):
    recorded = fuzz(broken, 40, "--mode", "record")
    live = written()

    replayed = fuzz(None, 40)

    assert (recorded.code, replayed.code) == (1, 1), replayed.err
    assert [each["body"] for each in written()["findings"]] == [each["body"] for each in live["findings"]]
    assert written()["requests"] == live["requests"]


def test_a_replay_of_what_was_not_recorded_ends_with_3_and_says_what_differs(fuzz, kept):
    fuzz(kept, 30, "--mode", "record")

    result = fuzz(None, 30, "--seed", "7")

    assert result.code == 3
    assert "it was recorded with another --fuzz, --seed or --target" in result.out
    assert written()["ended_early"]


def test_a_model_that_is_not_there_ends_with_3(fuzz):
    with running(seed=1, limits=None, deviations=["model-absent@grok-3-mini"]) as server:
        result = fuzz(server, 30)

    assert result.code == 3
    assert "grok-3-mini was not fuzzed: an ordinary request fails: HTTP 404" in result.out


def test_an_unreachable_server_ends_with_3_and_no_traceback(fuzz, kept):
    result = fuzz(None, 30, "--base-url", "http://127.0.0.1:9/v1", "--no-pacing")

    assert result.code == 3
    assert "Traceback" not in result.out + result.err


def test_the_budget_of_requests_bounds_the_fuzz_too(fuzz, kept):
    result = fuzz(kept, 60, "--max-requests", "20")

    assert result.code == 3
    assert "the budget is spent: the run may send 20 requests" in result.out
    assert written()["requests"] <= 21


def test_a_plan_says_how_much_more_may_be_sent_and_sends_nothing(fuzz, kept):
    table, machine = fuzz(kept, 60, "--plan"), fuzz(kept, 60, "--plan", "--json")

    assert "fuzz: up to 60 short requests more" in table.out
    assert json.loads(machine.out)["fuzz"] == 60
    assert not Path("v").exists()


def test_for_a_machine_the_fuzz_is_one_more_key(fuzz, broken):
    result = fuzz(broken, 50, "--json")

    told = json.loads(result.out)
    assert told["exit_code"] == result.code == 1
    assert {each["failure"] for each in told["fuzz"]["findings"]} == {"accepted-outside", "refused-inside"}


def test_what_an_earlier_fuzz_left_does_not_stand_beside_new_verdicts(fuzz, harness, broken):
    fuzz(broken, 50)

    harness("verify", *NO_QUESTION, "--provider", "xai-sim", "--out", "v", "--overwrite")

    assert not Path("v/fuzz.json").exists()
    assert not Path("v/fuzz.yaml").exists()


def test_an_interrupted_fuzz_exits_with_130_and_keeps_what_was_found(broken, tmp_path, monkeypatch):
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")
    command = [sys.executable, "-m", "harness", "verify", "--provider", "xai-sim", "--base-url", broken.url]
    command += ["--no-pacing", *NO_QUESTION, "--target", "grok-3-mini", "--fuzz", "100000", "--out", "v"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        exchanges = tmp_path / "v/exchanges.jsonl"
        until = time.monotonic() + 60
        while time.monotonic() < until and not (exchanges.exists() and exchanges.read_text().count("\n") > 50):
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)

    assert run.returncode == 130, err
    assert "Traceback" not in out + err
    assert json.loads((tmp_path / "v/fuzz.json").read_text())["findings"]


def test_hypothesis_is_only_loaded_for_a_fuzz(tmp_path):
    code = (
        "import sys; from harness.cli.main import main\n"
        "try: main(['verify', '--plan', *sys.argv[1:]])\n"
        "except SystemExit: print('hypothesis' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", code, *NO_QUESTION], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "False"
