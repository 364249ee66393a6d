import json
import shutil
from pathlib import Path

import pytest
import yaml
from recorded_runs import CASE, JUDGED, judge, record
from scripted_server import ScriptedServer, completion

from harness.simulator.http.server import running

FOLDER = Path("cassettes/local/s/m")
TWO = CASE + "\n  - {id: b, prompt: Say ok twice., expect: [{contains: ok}]}"
TURNS = "  - {id: a, turns: [{prompt: Say ok.}, {prompt: Again., expect: [{contains: ok}]}]}"


def interactions(path):
    return yaml.safe_load(Path(path).read_text())["interactions"]


def everything():
    return {path: path.read_bytes() for path in sorted(Path("cassettes").rglob("*")) if path.is_file()}


def test_help_names_the_commands(harness):
    told = harness("cassettes", "--help").out

    assert all(f"\n  {name} " in told for name in ("list", "lint", "diff", "prune"))


def test_lint_of_what_was_just_recorded_finds_nothing(harness, suite):
    record(harness, suite(CASE))

    result = harness("cassettes", "lint")

    assert (result.code, result.out) == (0, "no problems\n")


def test_lint_finds_a_key_of_this_environment_and_does_not_show_it(harness, suite, monkeypatch):
    monkeypatch.setenv("XAI_API_KEY", "rosebud-and-sled")
    record(harness, suite(CASE))
    path = FOLDER / "a.yaml"
    path.write_text(path.read_text().replace('"ok"', '"rosebud-and-sled"'))

    result = harness("cassettes", "lint", "--json")

    problems = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, {problem["kind"] for problem in problems}) == (1, {"secret", "edited-body"})
    assert "rosebud" not in result.out


def test_lint_goes_on_after_a_file_that_cannot_be_read(harness):
    Path("cassettes").mkdir()
    Path("cassettes/bad.yaml").write_text("[")
    Path("cassettes/worse.json").write_text('{"a\ud83d' + "\x1b[31m", encoding="utf-8", errors="surrogatepass")

    result = harness("cassettes", "lint")

    assert (result.code, "bad.yaml" in result.out, "worse.json" in result.out) == (1, True, True)
    assert "\x1b[31m" not in result.out
    assert "2 problems" in result.out


@pytest.mark.parametrize("arguments", [["lint", "no"], ["diff", "no", "."], ["prune", "no", "--unreadable"], ["prune"]])
def test_what_is_not_there_is_the_users_mistake(harness, arguments):
    result = harness("cassettes", *arguments)

    assert (result.code, "Traceback" in result.err) == (2, False)


def test_diff_shows_what_a_refresh_changed_and_the_refresh_says_it_too(harness, suite):
    path = suite(CASE)
    record(harness, path)
    shutil.copytree("cassettes", "before")

    with ScriptedServer(lambda _: completion("ok, now")) as server:
        refreshed = harness("run", path, "--mode", "refresh", "--base-url", server.base_url, "--out", "second")
    result = harness("cassettes", "diff", "before", "cassettes")

    change = "choices[0].message.content 'ok' → 'ok, now'"
    assert "1 recorded reply was replaced: 0 unchanged, 1 changed" in refreshed.err
    assert change in refreshed.err
    assert (result.code, change in result.out, "1 changed" in result.out) == (1, True, True)
    assert harness("cassettes", "diff", "before", "before").code == 0


def test_diff_with_a_file_that_cannot_be_read_is_no_answer(harness, suite):
    record(harness, suite(CASE))
    shutil.copytree("cassettes", "before")
    Path("before/bad.yaml").write_text("[")

    result = harness("cassettes", "diff", "before", "cassettes", "--json")

    assert (result.code, json.loads(result.out)["kind"]) == (3, "unreadable")


def test_prune_lists_what_no_trial_asks_for_and_removes_it_only_when_told(harness, suite):
    record(harness, suite(TWO))
    before = everything()

    dry = harness("cassettes", "prune", "--for", suite(CASE))
    unchanged = everything() == before
    done = harness("cassettes", "prune", "--for", suite(CASE), "--apply")

    assert (dry.code, unchanged, "would remove: 1 recordings, 1 whole files" in dry.out) == (0, True, True)
    assert (done.code, [path.name for path in FOLDER.iterdir()]) == (0, ["a.yaml"])
    assert harness("run", suite(CASE), "--out", "second").code == 0


def test_prune_keeps_later_turns_and_judges(harness, suite):
    path = suite(TURNS + "\n" + JUDGED.replace("id: a", "id: j"))
    record(harness, path, judge)
    before = everything()

    result = harness("cassettes", "prune", "--for", path, "--apply")

    assert (result.code, result.out, everything() == before) == (0, "nothing to remove\n", True)


def test_prune_keeps_repeats_and_targets_that_are_asked_for_and_no_others(harness, suite):
    path = suite(CASE)
    record(harness, path, lambda _: completion("ok"), "--repeats", 3)
    record(harness, path, lambda _: completion("ok"), "--repeats", 3, "--target", "local/other", "--overwrite")

    kept = harness("cassettes", "prune", "--for", path, "--repeats", 3, "--target", "local/other")
    assert kept.out == "nothing to remove\n"
    harness("cassettes", "prune", "--for", path, "--repeats", 2, "--apply")
    assert len(interactions(FOLDER / "a.yaml")) == 2
    assert not Path("cassettes/local/s/other/a.yaml").exists()


def test_prune_refuses_while_a_request_has_no_recording(harness, suite):
    record(harness, suite(CASE))
    before = everything()

    refused = harness("cassettes", "prune", "--for", suite(CASE.replace("Say ok", "Say yes")), "--apply")
    unchanged = everything() == before
    told = harness(
        "cassettes", "prune", "--for", suite(CASE.replace("Say ok", "Say yes")), "--despite-misses", "--apply"
    )

    assert (refused.code, unchanged, "--mode record" in refused.err) == (3, True, True)
    assert (told.code, everything()) == (0, {})


def test_prune_leaves_other_suites_verifications_and_skipped_cases_alone(harness, suite):
    record(harness, suite(TWO))
    for folder in ("cassettes/local/another/m", "cassettes/local/verify/m", "cassettes/other/s/m"):
        shutil.copytree(FOLDER, folder)
    before = everything()

    path = suite(TWO.replace("id: b,", "id: b, skip: not today,"))
    result = harness("cassettes", "prune", "--for", path, "--apply")

    assert (result.code, everything() == before) == (0, True)


def test_prune_keeps_what_parameter_rows_ask_for_and_all_verifications_beside_it(harness, tmp_path, monkeypatch):
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")
    (tmp_path / "rows.yaml").write_text(
        "suite: rows\nparameters: [{parameter: stop, models: [xai/grok-3], expect: supported}]\n"
    )
    with running(seed=1, limits=None) as server:
        where = ("--provider", "xai-sim", "--base-url", server.url)
        harness("run", "rows.yaml", *where, "--mode", "record", "--out", "first")
    recorded = sorted(Path("cassettes/xai-sim/verify/grok-3").iterdir())
    shutil.copy(recorded[0], recorded[0].with_name("of-a-verification.yaml"))
    before = everything()

    result = harness("cassettes", "prune", "--for", "rows.yaml", "--provider", "xai-sim", "--apply")

    assert (result.code, everything() == before) == (0, True)


def test_prune_reads_an_absolute_path_and_a_folder_of_another_name_alike(harness, suite, tmp_path):
    record(harness, suite(TWO))
    shutil.copytree("cassettes", tmp_path / "kept")

    first = harness("cassettes", "prune", tmp_path / "cassettes", "--for", suite(CASE), "--json")
    second = harness("cassettes", "prune", "kept", "--for", suite(CASE), "--json")

    assert [Path(json.loads(result.out)["path"]).name for result in (first, second)] == ["b.yaml", "b.yaml"]


def test_prune_takes_out_what_else_it_is_told_to(harness, suite):
    record(harness, suite(CASE))
    Path("cassettes/bad.yaml").write_text("[")

    result = harness(
        "cassettes", "prune", "--unreadable", "--duplicates", "--wrong-provider", "--max-age", 9999, "--apply"
    )

    assert (result.code, Path("cassettes/bad.yaml").exists(), (FOLDER / "a.yaml").exists()) == (0, False, True)
