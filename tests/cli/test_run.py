import json
import shutil
from pathlib import Path

import pytest
from recorded_runs import CASE, JUDGED, answer_with, judge, record, records_of
from scripted_server import ScriptedServer, completion

from harness.store import read_run_folder

ROOT = Path(__file__).parents[2]


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


def test_json_output_is_one_object_for_machines(harness, suite):
    with ScriptedServer(lambda _: completion("no")) as server:
        result = harness("run", suite(CASE), "--base-url", server.base_url, "--json")

    told = json.loads(result.out)
    assert (told["exit_code"], told["not_passed"][0]["case"]) == (1, "a")


def test_a_judge_added_before_another_does_not_move_the_others_recording(harness, suite):
    record(harness, suite(JUDGED), judge)
    added = "[{judge: {model: local/judge, rubric: FIRST}}, {judge"

    _, requests = record(harness, suite(JUDGED.replace("[{judge", added)), judge, "--overwrite")

    assert ["FIRST" in body["messages"][1]["content"] for body in requests] == [True]


def test_the_tolerance_of_a_run_is_kept_with_it(harness, suite):
    with ScriptedServer(lambda _: (400, {"error": "bad"})) as server:
        harness("run", suite(CASE), "--base-url", server.base_url, "--out", "first", "--max-errors", 3)

    assert read_run_folder(Path("first")).header.max_errors == 3
