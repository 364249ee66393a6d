import json
import shutil
from pathlib import Path

import pytest
from scripted_server import ScriptedServer, completion

ROOT = Path(__file__).parents[2]
CASE = "  - {id: a, prompt: Say ok., params: {max_tokens: 5}, expect: [{contains: ok}]}"
PROVIDER = """provider: acme
base_url: https://api.acme.example/v1
dialect: openai-chat
hosts: [api.acme.example]
key_variable: ACME_KEY
models:
  - {id: big, prices: [{input: 1, output: 2}], limits: {requests_per_minute: 60}}
"""


def run_once(harness, path, out="first"):
    with ScriptedServer(lambda _: completion("ok")) as server:
        return harness("run", path, "--mode", "record", "--base-url", server.base_url, "--out", out)


def test_validate_says_what_is_valid(harness, suite):
    result = harness("validate", suite(CASE))

    assert (result.code, "suite s, 1 case" in result.out) == (0, True)


def test_validate_tells_the_problems_of_all_files_with_place_caret_and_remedy(harness, suite):
    one = suite(CASE.replace("contains", "contians"))
    two = suite(CASE.replace("prompt:", "promt:"), name="t")

    result = harness("validate", one, two)

    assert result.code == 2
    assert f"{one}:4:" in result.err
    assert f"{two}:4:" in result.err
    assert "did you mean 'contains'" in result.err
    assert "^^^^^^^^" in result.err


def test_validate_reads_catalogues_too(harness, tmp_path):
    (tmp_path / "acme.yaml").write_text(PROVIDER)

    result = harness("validate", "acme.yaml")

    assert (result.code, "provider acme, 1 model" in result.out) == (0, True)


def test_plan_shows_requests_cost_and_time_and_sends_nothing(harness, suite, tmp_path, no_sockets):
    (tmp_path / "acme.yaml").write_text(PROVIDER)

    result = harness("plan", suite(CASE), "--catalogue", "acme.yaml", "--target", "acme/big", "--repeats", 30, "--json")

    (target,) = json.loads(result.out)["targets"]
    assert (result.code, target["requests"], target["output_tokens"], target["minutes"]) == (0, 30, 150, 0.5)
    assert not Path("reports").exists()


def test_plan_counts_what_recordings_answer(harness, suite):
    run_once(harness, suite(CASE))

    result = harness("plan", suite(CASE + "\n  - {id: b, prompt: New., expect: [{contains: x}]}"), "--json")

    (target,) = json.loads(result.out)["targets"]
    assert (target["requests"], target["recorded"]) == (2, 1)


def test_grade_judges_old_replies_by_todays_checks_and_sends_nothing(harness, suite, request):
    run_once(harness, suite(CASE))
    suite(CASE.replace("contains: ok", "contains: never"))
    request.getfixturevalue("no_sockets")

    result = harness("grade", "first", "--out", "second")

    assert result.code == 1
    assert "pass -> fail" in result.out
    assert harness("grade", "second").code == 1


def test_grade_does_not_judge_a_reply_to_another_prompt(harness, suite):
    run_once(harness, suite(CASE))
    suite(CASE.replace("Say ok.", "Say okay."))

    result = harness("grade", "first")

    assert (result.code, "asks something else" in result.out) == (3, True)


def test_grade_prices_by_todays_catalogue(harness, suite, tmp_path):
    run_once(harness, suite(CASE))
    dear = PROVIDER.replace("acme\n", "local\n").replace("id: big", "id: m")
    (tmp_path / "dear.yaml").write_text(dear)

    result = harness("grade", "first", "--catalogue", "dear.yaml", "--json")

    assert json.loads(result.out)["targets"][0]["cost_usd"] == "0.000014"


def test_report_makes_every_page_of_a_run(harness, suite):
    run_once(harness, suite(CASE))

    result = harness(
        "report", "first", "--html", "a.html", "--junit", "b.xml", "--markdown", "c.md", "--title", "Hello"
    )

    assert result.code == 0
    assert "Hello</title>" in Path("a.html").read_text()
    assert Path("b.xml").exists()
    assert Path("c.md").exists()


@pytest.mark.parametrize("command", ["report", "grade"])
def test_what_is_not_a_run_is_refused_without_a_traceback(harness, command):
    result = harness(command, "nowhere")

    assert (result.code, "error:" in result.err, "Traceback" in result.err) == (2, True, False)


def test_cassettes_are_listed_with_who_answered(harness, suite):
    run_once(harness, suite(CASE))

    result = harness("cassettes", "list")

    assert result.code == 0
    assert "cassettes/local/s/m/a.yaml" in result.out
    assert "1 cassette, 1 recording\n" in result.out


def test_a_cassette_that_cannot_be_read_is_listed_as_such(harness):
    Path("cassettes").mkdir()
    Path("cassettes/bad.yaml").write_text("interactions: [")

    result = harness("cassettes", "list")

    assert (result.code, "bad.yaml" in result.err) == (3, True)


@pytest.mark.parametrize("name", ["suite", "catalogue", "records"])
def test_every_schema_is_a_valid_one(harness, name):
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(json.loads(harness("schema", name).out))


def test_the_committed_suite_schema_is_current(harness):
    assert harness("schema", "suite").out == (ROOT / "suites" / "suite.schema.json").read_text()


def test_every_shipped_suite_fits_its_schema(harness):
    from jsonschema import Draft202012Validator

    from harness.reading import read_yaml

    validator = Draft202012Validator(json.loads(harness("schema", "suite").out))

    for path in sorted((ROOT / "suites").rglob("*.yaml")):
        value = read_yaml(path.read_bytes(), str(path)).value
        if "suite" in value:
            assert [error.message for error in validator.iter_errors(value)] == []


def test_the_schema_describes_every_key(harness):
    schema = json.loads(harness("schema", "suite").out)

    undescribed = [
        f"{name}.{key}"
        for name, definition in [("suite", schema), *schema["$defs"].items()]
        for key, value in definition.get("properties", {}).items()
        if "description" not in value and "$ref" not in value
    ]
    assert undescribed == []


def test_the_demo_writes_a_whole_run_folder_in_an_empty_folder_without_a_socket(harness, no_sockets):
    result = harness("demo")

    assert result.code == 0
    files = {"records.jsonl", "report.html", "junit.xml", "summary.md"}
    assert {path.name for path in Path("demo-report").iterdir()} == {*files, "xai-sim", "verified"}
    assert {path.name for path in Path("demo-report/xai-sim").iterdir()} == files
    assert "What xAI documents, unverified" in result.out
    assert "answered by a simulator: no evidence" in result.out
    assert "simulat" in Path("demo-report/xai-sim/report.html").read_text().lower()
    assert "nothing was sent" in result.out
    assert harness("demo").code == 0


def test_the_demo_says_so_when_a_recording_is_missing(harness, monkeypatch, tmp_path):
    shutil.copytree(ROOT / "suites", tmp_path / "tour" / "suites")
    shutil.copytree(ROOT / "cassettes", tmp_path / "tour" / "cassettes")
    next((tmp_path / "tour" / "cassettes").rglob("sky.yaml")).unlink()
    monkeypatch.setattr("harness.cli.demo.shipped_root", lambda: tmp_path / "tour")

    assert harness("demo").code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["runn"],
        ["run"],
        ["run", "nowhere.yaml"],
        ["run", "s.yaml", "--target", "acme/x"],
        ["run", "s.yaml", "--case", "zzz"],
        ["run", "s.yaml", "--base-url", "nonsense"],
        ["run", "s.yaml", "--catalogue", "nowhere.yaml"],
        ["run", "s.yaml", "--cassettes", "nowhere"],
        ["run", "s.yaml", "--concurrency", "0"],
        ["schema", "nothing"],
        ["cassettes", "list", "nowhere"],
        ["validate", "."],
    ],
)
def test_wrong_input_exits_with_2_and_says_why_without_a_traceback(harness, suite, arguments):
    if "." not in arguments:
        suite(CASE)

    result = harness(*arguments)

    assert result.code == 2
    assert result.err.strip()
    assert "Traceback" not in result.err


def test_a_judge_that_no_catalogue_knows_is_refused_before_anything_is_sent(harness, suite, no_sockets):
    path = suite("  - {id: a, prompt: hi, expect: [{judge: {model: acme/judge, rubric: kind?}}]}")

    result = harness("run", path, "--base-url", "http://127.0.0.1:9/v1")

    assert (result.code, "acme" in result.err) == (2, True)


def test_a_case_that_no_target_is_meant_for_does_not_vanish_without_a_word(harness, suite):
    path = suite(CASE.replace("id: a", "id: a, only: [local/n]"))

    result = harness("validate", path)

    assert (result.code, "is no target of the suite" in result.err) == (2, True)


def test_validate_knows_the_models_of_the_catalogue(harness, suite):
    path = suite(CASE)
    path.write_text(path.read_text().replace("local/m", "acme/m"))

    result = harness("validate", path)

    assert result.code == 2
    assert f"{path}:2:11: no catalogue describes a provider 'acme'" in result.err


def test_an_unknown_price_profile_is_refused(harness, suite):
    assert harness("plan", suite(CASE), "--prices", "nope").code == 2


def test_one_label_never_means_two_targets(harness, suite):
    one, two = suite(CASE), suite(CASE, name="t")
    two.write_text(two.read_text().replace("[local/m]", "[{model: local/n, as: local/m}]"))

    assert harness("plan", one, two).code == 2


def test_plan_counts_the_judges(harness, suite):
    path = suite("  - {id: a, prompt: hi, repeats: 3, expect: [{judge: {model: local/j, rubric: kind?}}]}")

    (target,) = json.loads(harness("plan", path, "--json").out)["targets"]

    assert (target["requests"], target["judgements"]) == (3, 3)


def test_report_shows_a_run_that_was_cut_short_as_not_complete(harness, suite):
    run_once(harness, suite(CASE))
    records = Path("first/records.jsonl").read_bytes().splitlines(keepends=True)
    Path("first/records.jsonl").unlink()
    Path("first/journal.jsonl").write_bytes(b"".join(records[:2]) + records[1][:20])

    result = harness("report", "first", "--markdown", "m.md")

    assert result.code == 0
    assert "not complete" in Path("m.md").read_text()
    assert harness("grade", "first").code == 2
