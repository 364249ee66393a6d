import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from recorded_runs import CASE, JUDGED, judge, record
from scripted_server import ScriptedServer, completion


def test_a_key_never_reaches_a_file(harness, suite, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", "abcdef-123456-secret")

    def answer(body):
        return completion("ok, your key is abcdef-123456-secret")

    result, _ = record(harness, suite(CASE), answer, "--api-key-env", "MY_KEY")

    assert result.code == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if b"abcdef-123456-secret" in path.read_bytes()]


def test_the_key_is_sent_to_the_server_that_was_named(harness, suite, monkeypatch):
    monkeypatch.setenv("MY_KEY", "k-123456")

    with ScriptedServer(lambda _: completion("ok")) as server:
        harness("run", suite(CASE), "--base-url", server.base_url, "--api-key-env", "MY_KEY")

    assert {k.lower(): v for k, v in server.headers[0].items()}["authorization"] == "Bearer k-123456"


def test_a_missing_key_is_no_answer_and_names_the_variable(harness, suite, monkeypatch):
    monkeypatch.delenv("MY_KEY", raising=False)

    with ScriptedServer(lambda _: completion("ok")) as server:
        result = harness("run", suite(CASE), "--base-url", server.base_url, "--api-key-env", "MY_KEY")

    assert result.code == 3
    assert "MY_KEY" in result.out
    assert server.requests == []


def test_a_paid_run_is_not_overwritten_by_accident(harness, suite):
    path = suite(CASE)
    record(harness, path)
    before = Path("first/records.jsonl").read_bytes()

    result = harness("run", path, "--out", "first")

    assert (result.code, "--overwrite" in result.err) == (2, True)
    assert Path("first/records.jsonl").read_bytes() == before


def test_an_unreadable_cassette_is_no_answer_and_never_counts_as_empty(harness, suite):
    path = suite(CASE)
    record(harness, path)
    Path("cassettes/local/s/m/a.yaml").write_text("interactions: [")

    result = harness("run", path, "--out", "second")

    assert result.code == 3
    assert "a.yaml" in result.out + result.err


def test_an_output_that_cannot_be_written_is_a_usage_error(harness, suite):
    Path("taken").write_text("a file")

    assert harness("run", suite(CASE), "--out", "taken").code == 2


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_run_keeps_what_was_answered_and_records_only_the_rest_again(suite, tmp_path):
    path = suite(CASE.replace("id: a", "id: a, repeats: 5"))
    second = threading.Event()

    def answer(_):
        if len(server.requests) == 3:
            second.set()
            time.sleep(1)
        return completion("ok")

    with ScriptedServer(answer) as server:
        options = ["--mode", "record", "--base-url", server.base_url, "--out", "first", "--concurrency", "1"]
        command = [sys.executable, "-m", "harness", "run", str(path), *options]
        started = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        assert second.wait(30)
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=30)
        again = subprocess.run([*command, "--overwrite"], cwd=tmp_path, capture_output=True, check=False)

    assert (started.returncode, b"stopped" in err, again.returncode) == (130, True, 0)
    assert len(server.requests) == 3 + 2


def test_a_judge_of_another_provider_is_never_asked_at_the_targets_address(harness, suite, monkeypatch, tmp_path):
    monkeypatch.setenv("ACME_KEY", "acme-key-123")
    row = "provider: acme\nbase_url: http://127.0.0.1:9/v1\ndialect: openai-chat\nkey_variable: ACME_KEY\n"
    row += "models: [{id: judge}]\n"
    (tmp_path / "acme.yaml").write_text(row)
    path = suite(JUDGED.replace("local/judge", "acme/judge"))

    with ScriptedServer(judge) as server:
        harness("run", path, "--base-url", server.base_url, "--catalogue", "acme.yaml", "--out", "first")

    assert [body["model"] for body in server.requests] == ["m"]
    assert "acme-key-123" not in str(server.headers)


def test_a_closed_pipe_does_not_change_the_exit_code(suite, tmp_path):
    command = [sys.executable, "-m", "harness", "plan", str(suite(CASE))]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.stdout.close()
    _, err = started.communicate(timeout=30)

    assert (started.returncode, err) == (0, b"")


def test_an_output_that_is_full_is_no_answer_and_no_traceback(suite, tmp_path):
    command = [sys.executable, "-m", "harness", "plan", str(suite(CASE))]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False)

    assert (ended.returncode, b"Traceback" in ended.stderr) == (3, False)


def test_an_error_inside_a_200_is_not_recorded_and_is_asked_again(harness, suite):
    path = suite(CASE)
    first, _ = record(harness, path, lambda _: {"error": {"message": "rate limit exceeded"}})

    second, requests = record(harness, path, lambda _: completion("ok"), "--overwrite")

    assert (first.code, second.code, len(requests)) == (3, 0, 1)


def test_a_key_that_a_reply_hides_by_escapes_reaches_no_file(harness, suite, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", "Zq123456789secret")
    hidden = json.dumps(completion("ok KEY")).replace("KEY", "\\u005aq123456789secret").encode()

    record(harness, suite(CASE), lambda _: hidden, "--api-key-env", "MY_KEY")

    contents = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(contents) >= 3
    assert not [content for content in contents if b"q123456789secret" in content]


def test_what_a_dataset_names_its_rows_cannot_steer_the_terminal(harness, suite):
    path = suite('  - {id: a, dataset: [{id: "r\\n::error::x\\u001b]0;x"}], prompt: hi, expect: [{contains: never}]}')

    with ScriptedServer(lambda _: completion("ok")) as server:
        result = harness("run", path, "--base-url", server.base_url)

    assert result.code == 1
    assert "\x1b" not in result.out
    assert not [line for line in result.out.splitlines() if line.startswith("::")]


def test_a_half_answered_conversation_is_an_error_for_grade_too(harness, suite):
    case = "  - {id: a, turns: [{prompt: one, expect: [{contains: ok}]}, {prompt: two}], expect: [{contains: ok}]}"
    record(harness, suite(case))
    lines = Path("first/records.jsonl").read_text().splitlines()
    trial = json.loads(lines[1])
    trial["trial"]["exchanges"].pop()
    Path("first/records.jsonl").write_text("\n".join([lines[0], json.dumps(trial), lines[2]]) + "\n")

    assert harness("grade", "first").code == 3


def test_a_recording_that_cannot_be_written_ends_the_run_before_more_is_paid_for(harness, suite):
    path = suite(CASE.replace("id: a", "id: a, repeats: 20"))
    Path("cassettes/local/s/m").mkdir(parents=True)
    Path("cassettes/local/s/m/a.yaml.journal").symlink_to("elsewhere")

    result, requests = record(harness, path, lambda _: completion("ok"), "--concurrency", "1")

    assert (result.code, len(requests) <= 1, Path("cassettes/local/s/m/elsewhere").exists()) == (3, True, False)
