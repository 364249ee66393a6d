import json
import resource
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from threading import Lock

import pytest
from crash_runs import crash
from recorded_runs import CASE, JUDGED, judge
from scripted_server import ScriptedServer, completion

FIVE = CASE.replace("id: a", "id: a, repeats: 5")
PRICED = """provider: paid
base_url: http://127.0.0.1:9/v1
dialect: openai-chat
models:
  - {id: m, window_tokens: 1000}
prices:
  - {input: 0, output: 100}
"""
TOOL = """  - id: t
    prompt: look
    tools: [{type: function, function: {name: look, parameters: {type: object}}}]
    tool_results: {look: rain}
    expect: [{contains: rain}]"""


def records_of(folder):
    lines = Path(folder, "records.jsonl").read_text().splitlines()
    return [json.loads(line)["trial"] for line in lines if line.startswith('{"trial"')]


def start(suite, server, *more, **options):
    command = [sys.executable, "-m", "harness", "run", str(suite), "--base-url", server.base_url, "--out", "first"]
    return subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_ten_kills_lose_nothing_and_send_again_only_what_was_under_way(tmp_path):
    tally = crash(10, 1, tmp_path)

    assert tally.faults == []
    assert tally.kills >= 10
    assert tally.requests > 72


def test_a_run_that_may_send_so_many_requests_stops_there_says_what_is_left_and_goes_on(harness, suite):
    path = suite(FIVE)

    with ScriptedServer(lambda _: completion("ok")) as server:
        first = harness("run", path, "--base-url", server.base_url, "--out", "first", "--max-requests", 2)
        sent = len(server.requests)
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (first.code, sent, again.code, len(server.requests)) == (3, 2, 0, 5)
    assert "3 trials of 5 not asked yet" in first.err
    assert "--resume --out first" in first.err
    assert [record["outcome"] for record in records_of("first")] == ["pass"] * 5


def test_resume_finds_the_run_that_was_cut_short(harness, suite):
    path = suite(FIVE)

    with ScriptedServer(lambda _: completion("ok")) as server:
        harness("run", path, "--base-url", server.base_url, "--max-requests", 2)
        again = harness("run", path, "--base-url", server.base_url, "--resume")
        none = harness("run", path, "--base-url", server.base_url, "--resume")

    assert (again.code, len(server.requests)) == (0, 5)
    assert (none.code, "--resume" in none.err) == (2, True)


def test_a_budget_is_kept_though_each_reply_may_be_the_longest_there_is(harness, suite, tmp_path):
    (tmp_path / "paid.yaml").write_text(PRICED)
    path, options = suite(FIVE), ("--target", "paid/m", "--catalogue", "paid.yaml")

    with ScriptedServer(lambda _: completion("ok")) as server:
        spend = ("run", path, *options, "--base-url", server.base_url, "--out", "first", "--concurrency", 5)
        first = harness(*spend, "--budget-usd", "0.1003")
        sent = len(server.requests)
        harness(*spend, "--budget-usd", "0.1008", "--resume")

    # 1,000 tokens at $100 a million may cost $0.1; each reply has two, which cost $0.0002.
    assert (first.code, sent) == (3, 2)
    assert "the next request may cost $0.1" in first.err
    assert len(server.requests) == 5


def test_a_budget_holds_under_a_hundred_requests_at_once_of_unknown_length(harness, suite, tmp_path):
    (tmp_path / "paid.yaml").write_text(PRICED)
    path, lengths, lock, billed = suite(CASE.replace("id: a", "id: a, repeats: 140")), cycle([1, 500, 1000]), Lock(), []

    def answer(_):
        with lock:
            length = next(lengths)
            billed.append(length)
        time.sleep(0.005)
        reply = completion("ok")
        return {**reply, "usage": {"prompt_tokens": 10, "completion_tokens": length, "total_tokens": 10 + length}}

    with ScriptedServer(answer) as server:
        options = ("--target", "paid/m", "--catalogue", "paid.yaml", "--base-url", server.base_url, "--no-pacing")
        result = harness("run", path, *options, "--concurrency", 100, "--budget-usd", "3.99")

    spent = Decimal(sum(billed)) * 100 / 1_000_000
    assert result.code == 3
    assert Decimal("3.88") <= spent <= Decimal("3.99")


def test_a_budget_over_a_cost_that_nothing_bounds_is_refused_before_anything_is_sent(harness, suite, tmp_path):
    (tmp_path / "paid.yaml").write_text(PRICED.replace(", window_tokens: 1000", ""))

    with ScriptedServer(lambda _: completion("ok")) as server:
        options = ("--target", "paid/m", "--catalogue", "paid.yaml", "--base-url", server.base_url)
        result = harness("run", suite(CASE), *options, "--budget-usd", "5")

    assert (result.code, server.requests) == (2, [])
    assert "nothing bounds what case 'a' may cost" in result.err


def test_an_answer_within_a_conversation_is_not_asked_again(harness, suite):
    def answer(body):
        if body["messages"][-1]["role"] == "user":
            call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            return completion(None, tool_calls=[call])
        return completion("rain")

    path = suite(TOOL)
    with ScriptedServer(answer) as server:
        first = harness("run", path, "--base-url", server.base_url, "--out", "first", "--max-requests", 1)
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (first.code, again.code, len(server.requests)) == (3, 0, 2)
    assert len(records_of("first")[0]["exchanges"]) == 2


def test_a_judged_reply_is_not_asked_again_for_want_of_its_judge(harness, suite):
    path = suite(JUDGED)

    with ScriptedServer(judge) as server:
        harness("run", path, "--base-url", server.base_url, "--out", "first", "--max-requests", 1)
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (again.code, [body["model"] for body in server.requests]) == (0, ["m", "judge"])


def test_what_nothing_answered_is_asked_again_and_what_failed_is_not(harness, suite):
    down = [True]

    def answer(body):
        if "later" in body["messages"][0]["content"] and down[0]:
            return 401, {"error": {"message": "no"}}
        return completion("no")

    path = suite(CASE + "\n" + CASE.replace("id: a", "id: b").replace("prompt: ", "prompt: later "))
    with ScriptedServer(answer) as server:
        first = harness("run", path, "--base-url", server.base_url, "--out", "first")
        down[0] = False
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (first.code, again.code, len(server.requests)) == (1, 1, 3)
    assert [record["outcome"] for record in records_of("first")] == ["fail", "fail"]


def test_an_edited_suite_does_not_go_on_with_the_old_run(harness, suite):
    path = suite(FIVE)

    with ScriptedServer(lambda _: completion("ok")) as server:
        harness("run", path, "--base-url", server.base_url, "--out", "first", "--max-requests", 2)
        suite(FIVE.replace("contains: ok", "contains: other"))
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (again.code, len(server.requests)) == (2, 2)
    assert "what the suites ask or check is not what it was" in again.err


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_once_waits_for_what_is_under_way_and_the_run_goes_on(suite, tmp_path, harness):
    path, arrived, go_on = suite(FIVE), threading.Event(), threading.Event()

    def answer(_):
        if len(server.requests) == 3:
            arrived.set()
            go_on.wait(20)
        return completion("ok")

    with ScriptedServer(answer) as server:
        process = start(path, server, "--concurrency", "1")
        assert arrived.wait(30)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        go_on.set()
        _, err = process.communicate(timeout=30)
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (process.returncode, b"Traceback" in err) == (130, False)
    assert b"2 trials of 5 not asked yet" in err
    assert (again.code, len(server.requests)) == (0, 5)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_twice_leaves_now_and_what_was_under_way_is_asked_again(suite, tmp_path, harness):
    path, arrived, go_on = suite(FIVE), threading.Event(), threading.Event()

    def answer(_):
        if len(server.requests) == 3:
            arrived.set()
            go_on.wait(20)
        return completion("ok")

    with ScriptedServer(answer) as server:
        process = start(path, server, "--concurrency", "1")
        assert arrived.wait(30)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)
        go_on.set()
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (process.returncode, b"Traceback" in err) == (130, False)
    assert (again.code, len(server.requests)) == (0, 6)


def test_a_disk_that_fills_up_ends_the_run_and_what_was_answered_is_not_asked_again(suite, harness):
    path = suite(CASE.replace("id: a", "id: a, repeats: 20"))

    with ScriptedServer(lambda _: completion("ok")) as server:
        process = start(path, server, "--concurrency", "2", preexec_fn=_no_file_over_5_kb)
        _, err = process.communicate(timeout=60)
        first = len(server.requests)
        again = harness("run", path, "--base-url", server.base_url, "--out", "first", "--resume")

    assert (process.returncode, b"Traceback" in err) == (3, False)
    assert b"journal.jsonl: cannot be written" in err
    assert b"--resume" in err
    assert 2 < first < 20
    assert (again.code, len(server.requests) <= 20 + 2) == (0, True)


def _no_file_over_5_kb():
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))


def test_shards_ask_every_trial_once_between_them(harness, suite):
    path = suite(CASE.replace("id: a", "id: a, repeats: 20"))

    with ScriptedServer(lambda _: completion("ok")) as server:
        codes = [
            harness("run", path, "--base-url", server.base_url, "--out", f"shard-{n}", "--shard", f"{n}/3").code
            for n in (1, 2, 3)
        ]

    asked = [record["trial"] for n in (1, 2, 3) for record in records_of(f"shard-{n}")]
    gap = harness("report", "shard-1", "shard-3", "--html", "joined.html")
    joined = harness("report", "shard-1", "shard-2", "shard-3", "--html", "joined.html", "--markdown", "j.md")
    assert (codes, len(server.requests)) == ([0, 0, 0], 20)
    assert len(set(asked)) == 20
    assert (gap.code, "the shares 2/3 are not here" in gap.err) == (2, True)
    assert (joined.code, "20 of 20" in Path("j.md").read_text()) == (0, True)


@pytest.mark.parametrize("share", ["0/3", "4/3", "1", "1/0", "x"])
def test_a_share_that_is_none_is_refused(harness, suite, share):
    result = harness("run", suite(CASE), "--shard", share)

    assert (result.code, "share such as 1/4" in result.err) == (2, True)
