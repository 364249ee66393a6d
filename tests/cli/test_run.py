import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from scripted_server import ScriptedServer, completion

from harness.core.record import TrialRecord
from harness.store import read_run_folder

ROOT = Path(__file__).parents[2]
CASE = "  - {id: a, prompt: Say ok., expect: [{contains: ok}]}"


def answer_with(*contents):
    remaining = list(contents)
    return lambda _: completion(remaining.pop(0) if len(remaining) > 1 else remaining[0])


def record(harness, path, answer=lambda _: completion("ok"), *more):
    with ScriptedServer(answer) as server:
        result = harness("run", path, "--mode", "record", "--base-url", server.base_url, "--out", "first", *more)
    return result, server.requests


def records_of(folder) -> tuple[TrialRecord, ...]:
    return read_run_folder(Path(folder)).records


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda _: completion("ok"), 0),
        (lambda _: completion("no"), 1),
        (lambda _: (400, {"error": "bad"}), 3),
        (lambda _: (401, {"error": "who are you"}), 3),
        (lambda _: b"\x00 not json", 3),
    ],
)
def test_the_exit_code_says_yes_no_or_no_answer(harness, suite, answer, code):
    with ScriptedServer(answer) as server:
        assert harness("run", suite(CASE), "--base-url", server.base_url).code == code


def test_a_certain_no_stands_beside_errors(harness, suite):
    path = suite(CASE + "\n  - {id: b, prompt: Fall over., expect: [{contains: ok}]}")

    def answer(body):
        return (400, {"error": "bad"}) if "Fall" in body["messages"][0]["content"] else completion("no")

    with ScriptedServer(answer) as server:
        assert harness("run", path, "--base-url", server.base_url).code == 1


def test_tolerated_errors_leave_a_yes(harness, suite):
    path = suite(CASE + "\n  - {id: b, prompt: Fall over., expect: [{contains: ok}]}")

    def answer(body):
        return (400, {"error": "bad"}) if "Fall" in body["messages"][0]["content"] else completion("ok")

    with ScriptedServer(answer) as server:
        result = harness("run", path, "--base-url", server.base_url, "--max-errors", 1)

    assert result.code == 0
    assert "1 error of" in result.out


def test_what_was_recorded_replays_without_a_socket(harness, suite, request):
    path = suite(CASE)
    record(harness, path)

    request.getfixturevalue("no_sockets")

    assert harness("run", path, "--out", "second").code == 0


def test_the_same_replay_twice_is_the_same_to_the_byte(harness):
    shipped = ROOT / "suites" / "local"
    shutil.copytree(ROOT / "cassettes", "cassettes")

    for out in ("one", "two"):
        harness("run", shipped, "--out", out, "--junit", f"{out}/junit.xml", "--markdown", f"{out}/summary.md")

    for name in ("records.jsonl", "report.html", "junit.xml", "summary.md"):
        assert (Path("one") / name).read_bytes() == (Path("two") / name).read_bytes()


def test_the_order_in_which_replies_arrive_does_not_change_the_records(harness):
    shipped = ROOT / "suites" / "local"
    shutil.copytree(ROOT / "cassettes", "cassettes")

    for concurrency in (1, 20):
        harness("run", shipped, "--out", str(concurrency), "--concurrency", concurrency)

    assert (Path("1") / "records.jsonl").read_bytes() == (Path("20") / "records.jsonl").read_bytes()


def test_an_edit_of_a_check_replays(harness, suite):
    record(harness, suite(CASE))

    result = harness("run", suite(CASE.replace("contains: ok", "equals: ok")), "--out", "second")

    assert result.code == 0
    assert records_of("second")[0].exchanges[0].recorded


def test_an_edit_of_a_prompt_is_a_miss_that_shows_the_difference_and_still_pairs(harness, suite):
    record(harness, suite(CASE))

    result = harness("run", suite(CASE.replace("Say ok.", "Say okay.")), "--out", "second")

    assert result.code == 3
    assert any(line.strip().startswith("-") and "Say ok." in line for line in result.out.splitlines())
    assert any(line.strip().startswith("+") and "Say okay." in line for line in result.out.splitlines())
    assert "--mode record" in result.out
    assert records_of("first")[0].pair == records_of("second")[0].pair


def test_recording_again_asks_only_what_is_missing(harness, suite):
    record(harness, suite(CASE))

    _, requests = record(
        harness,
        suite(CASE + "\n  - {id: b, prompt: New., expect: [{contains: ok}]}"),
        lambda _: completion("ok"),
        "--overwrite",
    )

    assert [body["messages"][0]["content"] for body in requests] == ["New."]


def test_repeats_are_recorded_and_replayed_one_by_one(harness, suite):
    path = suite(CASE.replace("id: a", "id: a, repeats: 3, pass: {at_least: 2}"))
    record(harness, path, answer_with("ok", "no", "ok"), "--concurrency", "1")

    result = harness("run", path, "--out", "second")

    assert result.code == 0
    assert [r.exchanges[0].reply.content for r in records_of("second")] == ["ok", "no", "ok"]


def test_a_tool_round_trip_sends_the_scripted_result_and_judges_the_final_answer(harness, suite):
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    path = suite("""
  - id: a
    prompt: Rain in Oslo?
    tools: [{type: function, function: {name: weather}}]
    tool_results: {weather: {condition: rain}}
    expect: [{tool_call: {name: weather, arguments: {city: Oslo}}}, {contains: rain}]
""")

    def answer(body):
        last = body["messages"][-1]
        return completion("It rains: rain.") if last["role"] == "tool" else completion(None, tool_calls=[call])

    result, requests = record(harness, path, answer)

    assert result.code == 0
    assert requests[1]["messages"][-1] == {"role": "tool", "content": '{"condition":"rain"}', "tool_call_id": "c1"}
    assert harness("run", path, "--out", "second").code == 0


JUDGED = "  - {id: a, prompt: Say ok., expect: [{judge: {model: local/judge, rubric: RUBRIC}}]}"


def judge(body):
    return completion('{"score": 0.9, "reason": "fine"}') if body["model"] == "judge" else completion("ok")


def test_a_judge_is_asked_recorded_and_replayed_in_a_cassette_of_its_own(harness, suite):
    result, requests = record(harness, suite(JUDGED), judge)

    assert result.code == 0
    assert [body["model"] for body in requests] == ["m", "judge"]
    assert Path("cassettes/local/s/judge/a.yaml").exists()
    assert harness("run", suite(JUDGED), "--out", "second").code == 0
    assert records_of("second")[0].judge_cost_usd == 0


def test_a_changed_rubric_is_a_missing_recording_for_grade(harness, suite):
    record(harness, suite(JUDGED), judge)
    suite(JUDGED.replace("RUBRIC", "Is it rude?"))

    result = harness("grade", "first")

    assert result.code == 3
    assert "no recording of what turn 1 asks local/judge" in result.out


def test_a_recording_never_answers_for_another_provider(harness, suite):
    path = suite(CASE)
    record(harness, path)

    result = harness("run", path, "--provider", "other", "--cassettes", "cassettes/local", "--out", "second")

    assert result.code == 3
    assert "local" in result.out
    assert "other" in result.out


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


def test_json_output_is_one_object_for_machines(harness, suite):
    with ScriptedServer(lambda _: completion("no")) as server:
        result = harness("run", suite(CASE), "--base-url", server.base_url, "--json")

    told = json.loads(result.out)
    assert (told["exit_code"], told["not_passed"][0]["case"]) == (1, "a")


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
    assert len(server.requests) == 3 + 3


def test_a_judge_added_before_another_does_not_move_the_others_recording(harness, suite):
    record(harness, suite(JUDGED), judge)
    added = "[{judge: {model: local/judge, rubric: FIRST}}, {judge"

    _, requests = record(harness, suite(JUDGED.replace("[{judge", added)), judge, "--overwrite")

    assert ["FIRST" in body["messages"][1]["content"] for body in requests] == [True]


def test_the_tolerance_of_a_run_is_kept_with_it(harness, suite):
    with ScriptedServer(lambda _: (400, {"error": "bad"})) as server:
        harness("run", suite(CASE), "--base-url", server.base_url, "--out", "first", "--max-errors", 3)

    assert read_run_folder(Path("first")).header.max_errors == 3


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


def test_a_journal_that_cannot_be_written_is_no_answer_and_no_traceback(harness, suite, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        "harness.store.run_folder.encode_line", lambda line: b"x" if not hasattr(line, "trial") else fail()
    )

    with ScriptedServer(lambda _: completion("ok")) as server:
        result = harness("run", suite(CASE), "--base-url", server.base_url, "--out", "first")

    assert (result.code, "cannot be written" in result.err, "Traceback" in result.err) == (3, True, False)


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
