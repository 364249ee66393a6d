import html
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from scripted_server import ScriptedServer

from harness.simulator.http.server import running

STOP = ("--claim", "comp.parameter.*.stop", "--target", "grok-3")


@pytest.fixture
def verify(harness, monkeypatch):
    """`harness verify` of the simulator at this address."""
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")

    def run(server, *arguments, out="v"):
        where = () if server is None else ("--base-url", server.url, "--no-pacing")
        return harness("verify", "--provider", "xai-sim", *where, "--out", out, *arguments)

    return run


@pytest.fixture(scope="module")
def kept():
    """A simulator that keeps every promise."""
    with running(seed=1, limits=None) as server:
        yield server


def verdicts(folder="v"):
    written = json.loads((Path(folder) / "verdicts.json").read_text())
    return {each["claim"]: each for each in written["verdicts"]}


def test_a_promise_that_is_kept_exits_with_0_and_leaves_verdicts_exchanges_and_a_page(verify, kept):
    result = verify(kept, *STOP)

    assert result.code == 0, result.err
    assert verdicts()["comp.parameter.grok-3.stop"]["verdict"] == "confirmed"
    assert {path.name for path in Path("v").iterdir()} == {"verdicts.json", "exchanges.jsonl", "report.html"}


def test_a_promise_that_is_broken_exits_with_1_and_says_what_was_seen(verify):
    with running(seed=1, limits=None, deviations=["ignores-stop@grok-3"]) as server:
        result = verify(server, *STOP)

    assert result.code == 1
    assert "ignored: comp.parameter.grok-3.stop" in result.out
    assert "the stop shows in 3 of 3 answers with it" in result.out


def test_a_plan_says_what_would_be_sent_and_sends_nothing(harness):
    with ScriptedServer(lambda _: {}) as server:
        result = harness("verify", "--plan", "--base-url", server.base_url, "--api-key-env", "NONE")

    assert result.code == 0
    assert "590 claims" in result.out
    assert server.lines == []


def test_a_plan_is_told_before_anything_is_spent(verify, kept):
    assert verify(kept, *STOP).err.startswith("plan: 1 claims, 1 probes")


def test_a_recording_answers_without_a_server_and_says_the_same(verify, kept, monkeypatch):
    verify(kept, *STOP, "--mode", "record", "--cassettes", "kept", out="first")
    monkeypatch.delenv("XAI_SIM_KEY")

    result = verify(None, *STOP, "--cassettes", "kept", out="again")

    assert result.code == 0, result.out
    first, again = verdicts("first"), verdicts("again")
    assert [each["observed"] for each in first.values()] == [each["observed"] for each in again.values()]


def test_verdicts_are_derived_again_from_the_exchanges_alone(verify, harness, kept):
    verify(kept, *STOP)

    result = harness("grade", "v")

    assert result.code == 0
    assert "every verdict is derived again as it is written" in result.out


def test_evidence_that_is_older_than_its_reader_allows_is_stale_and_too_weak_to_say_yes(verify, harness, kept):
    verify(kept, *STOP, "--mode", "record", "--cassettes", "kept", out="first")
    verify(kept, *STOP)
    written = Path("v/verdicts.json")
    year = json.loads(written.read_text())["started_at"][:4]
    written.write_text(written.read_text().replace(f'"started_at": "{year}', '"started_at": "2001'))

    old, any_age = harness("grade", "v", "--max-age", 365), harness("grade", "v")
    fresh = verify(None, *STOP, "--cassettes", "kept", "--max-age", 1, out="again")

    assert (old.code, any_age.code, fresh.code) == (4, 0, 0)
    assert "stale" in old.out
    assert verdicts("again")["comp.parameter.grok-3.stop"]["flags"] == []


def test_what_was_decided_strictly_and_at_other_prices_is_derived_again_so(verify, harness, kept):
    needs_more = ("--claim", "comp.builtin_tool.web_search.grok-3", "--target", "grok-3")
    made = verify(kept, *needs_more, "--strict", "--prices", "observed")

    again = harness("grade", "v", "--json")

    assert (made.code, again.code) == (3, 3)
    assert json.loads(Path("v/verdicts.json").read_text())["price_profile"] == "observed"


def test_what_is_ignored_is_a_no_even_where_the_documents_contradict_each_other(verify):
    with running(seed=1, limits=None, deviations=["ignores-stop@grok-3"]) as server:
        claims = ("--claim", "comp.request_schema.stop.*", "--claim", "comp.constraint.grok-3.grok3-params")
        result = verify(server, "--target", "grok-3", *claims, "--junit", "junit.xml")

    assert result.code == 1
    assert 'failures="2"' in Path("junit.xml").read_text()


def test_a_line_to_paste_has_the_key_that_was_used(verify, harness, monkeypatch, kept):
    monkeypatch.setenv("MY_KEY", "sim-key")

    verify(kept, *STOP, "--api-key-env", "MY_KEY")

    assert "Bearer $MY_KEY" in html.unescape(Path("v/report.html").read_text())


def test_an_effect_that_was_never_looked_for_is_not_called_too_weak(verify, kept):
    verify(kept, "--claim", "comp.parameter.grok-3.max_tokens", "--target", "grok-3", "--max-requests", 5)

    verdict = verdicts()["comp.parameter.grok-3.max_tokens"]
    assert verdict["verdict"] == "not-tested"
    assert "the budget is spent: the run may send 5 requests" in verdict["observed"]


def test_a_verdict_that_was_tampered_with_is_found_out_by_grading(verify, harness, kept):
    verify(kept, *STOP)
    written = Path("v/verdicts.json")
    written.write_text(written.read_text().replace('"verdict": "confirmed"', '"verdict": "refuted"'))

    assert "kept again: comp.parameter.grok-3.stop" in harness("grade", "v").out


def test_a_baseline_tells_what_changed_and_decides_the_exit_code(verify, kept):
    verify(kept, *STOP, out="before")

    same = verify(kept, *STOP, "--baseline", "before", out="same")
    with running(seed=1, limits=None, deviations=["rejects-stop@grok-3"]) as server:
        changed = verify(server, *STOP, "--baseline", "before", out="changed")

    assert (same.code, changed.code) == (0, 1)
    assert "AS BEFORE" in same.out
    assert "no longer kept: comp.parameter.grok-3.stop: confirmed -> refuted" in changed.out


def test_a_model_that_is_gone_or_another_now_is_not_tested_and_exits_with_3(verify):
    for deviation in ("model-absent@grok-3", "model-redirected@grok-3"):
        with running(seed=1, limits=None, deviations=[deviation]) as server:
            result = verify(server, *STOP, "--overwrite")
        assert result.code == 3
        assert verdicts()["comp.parameter.grok-3.stop"]["verdict"] == "not-tested"


def test_a_budget_that_is_too_small_decides_what_it_can_and_exits_with_3(verify, kept):
    result = verify(kept, "--claim", "parameter", "--target", "grok-3", "--max-requests", 12)

    assert result.code == 3
    assert "the budget is spent: the run may send 12 requests" in result.out
    assert len(Path("v/exchanges.jsonl").read_text().splitlines()) == 12


def test_what_a_budget_cut_short_is_derived_again_as_it_was_decided(verify, harness, kept):
    verify(kept, "--claim", "parameter", "--target", "grok-3", "--max-requests", 12)

    result = harness("grade", "v")

    assert result.code == 3
    assert "every verdict is derived again as it is written" in result.out


def test_what_nobody_recorded_is_said_once_with_what_to_do_next(harness):
    result = harness("verify", "openai-chat", "--target", "small", "--out", "v")

    assert result.code == 3
    remedy = "to record it: harness verify openai-chat --mode record --base-url"
    assert f"107 not-tested: nothing is recorded of it; {remedy}" in result.out


def test_a_server_that_cannot_be_reached_is_said_at_once(verify):
    class Nowhere:
        url = "http://127.0.0.1:9/v1"

    result = verify(Nowhere, *STOP)

    assert result.code == 3
    assert "127.0.0.1:9" in result.out


def test_a_missing_key_is_no_answer_and_names_the_variable(verify, kept, monkeypatch):
    monkeypatch.delenv("XAI_SIM_KEY")

    result = verify(kept, *STOP)

    assert result.code == 3
    assert "XAI_SIM_KEY is not set" in result.out


def test_a_wrong_key_is_an_error_and_no_verdict_about_the_model(verify, kept, monkeypatch):
    monkeypatch.setenv("XAI_SIM_KEY", "sk-wrong")

    result = verify(kept, *STOP)

    assert result.code == 3
    assert verdicts()["comp.parameter.grok-3.stop"]["verdict"] == "not-tested"


def test_a_server_that_answers_html_is_an_error(harness):
    with ScriptedServer(lambda _: (200, b"<html>hello</html>")) as server:
        result = harness(
            "verify", "openai-chat", "--target", "m", "--base-url", server.base_url, "--claim", "parameter"
        )

    assert result.code == 3
    assert "an ordinary request fails" in result.out
    assert f"look at the address, {server.base_url} (--base-url" in result.out


def test_a_model_that_is_not_there_is_told_with_those_that_the_server_lists(harness):
    listed = {"object": "list", "data": [{"id": "one"}, {"id": "two"}]}
    absent = (404, {"error": {"message": "no such model"}})

    with ScriptedServer(lambda _: absent, routes={"GET /v1/models": listed}) as server:
        result = harness(
            "verify", "openai-chat", "--target", "m", "--base-url", server.base_url, "--claim", "parameter"
        )

    assert "model absent, not among what the server lists: one, two (HTTP 404: no such model)" in result.out


def test_a_server_that_is_not_there_is_told_in_plain_words_with_what_to_look_at(harness):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = harness(
            "verify", "openai-chat", "--target", "m", "--base-url", f"http://{address}/v1", "--claim", "parameter"
        )

    assert result.code == 3
    assert f"cannot connect to {address}: connection refused" in result.out
    assert "the model's name (--target)" in result.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "grok-9"), "no model of xai matches 'grok-9'"),
        (("--prices", "foo"), "no catalogue here has a price profile 'foo'"),
        (("--claim", "comp.parametr.*"), "no claim is named 'comp.parametr.*'"),
        (("--mode", "live", "--no-pacing"), "api.x.ai is not this machine"),
        (("openai-chat", "--target", "m", "--mode", "live"), "which one is asked must be said"),
        (("openai-chat",), "lists no models"),
        (("--target", "grok-3", "--claim", "comp.parameter.grok-4-0709.stop"), "no claim is selected"),
        (("acme",), "no catalogue describes a provider 'acme'"),
    ],
)
def test_a_choice_that_fits_nothing_is_told_before_anything_is_sent(harness, arguments, words):
    result = harness("verify", *arguments)

    assert result.code == 2
    assert words in result.err


def test_what_may_have_been_paid_for_is_not_overwritten_unasked(verify, kept):
    verify(kept, *STOP)

    assert verify(kept, *STOP).code == 2
    assert verify(kept, *STOP, "--overwrite").code == 0


def test_any_server_is_held_to_the_contract_of_chat_completions(harness, kept, monkeypatch):
    monkeypatch.setenv("KEY", "sim-key")
    where = ("--base-url", kept.url, "--api-key-env", "KEY", "--no-pacing")

    result = harness("verify", "openai-chat", *where, "--target", "grok-3", "--claim", "*json_schema", "--out", "v")

    assert result.code == 1
    assert verdicts()["contract.request_schema.response_format.json_schema"]["verdict"] == "refuted"
    assert json.loads(Path("v/verdicts.json").read_text())["source"] == "local"


def test_machine_readable_output_is_one_json_object(verify, kept):
    printed = json.loads(verify(kept, *STOP, "--json").out)

    assert (printed["exit_code"], printed["counts"]) == (0, {"confirmed": 1})


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_keeps_what_was_asked_and_decides_what_can_be_decided(tmp_path):
    with running(seed=1, limits=None, speed=1.0) as server:
        command = [sys.executable, "-m", "harness", "verify", "--provider", "xai-sim", "--base-url", server.url]
        chosen = ["--target", "grok-3", "--claim", "parameter", "--concurrency", "1", "--no-pacing", "--out", "v"]
        started = subprocess.Popen(
            [*command, *chosen],
            cwd=tmp_path,
            env={"XAI_SIM_KEY": "sim-key", "PATH": "/usr/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        _wait_for_lines(tmp_path / "v" / "exchanges.jsonl", 12)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=30)

    assert started.returncode == 130, err
    assert "INTERRUPTED" in out
    assert len(json.loads((tmp_path / "v" / "verdicts.json").read_text())["verdicts"]) == 7


def _wait_for_lines(file, count):
    import time

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (not file.exists() or file.read_bytes().count(b"\n") < count):
        time.sleep(0.05)
