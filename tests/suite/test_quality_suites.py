"""The quality suites: whether their checks tell right from wrong, and whether every case replays.

`quality_replies.yaml` beside this file has, for each case, replies that are right and replies that are wrong;
`quality_hard_replies.yaml` has more of both for some cases, which a check that looks for a word would judge wrongly.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from harness.checks import grade_check, load_kinds
from harness.cli.main import main
from harness.core.check import Evidence
from harness.core.reply import Reply
from harness.suite import load_suites

ROOT = Path(__file__).parents[2]
KINDS = load_kinds()
SUITES = load_suites([ROOT / "suites" / "quality"], KINDS)
CASES = {f"{case.suite}/{case.id}" + (f"/{case.row}" if case.row else ""): case for s in SUITES for case in s.cases}


def replies_of(file):
    """Right and wrong replies by the name of their case."""
    suites = yaml.safe_load((Path(__file__).parent / file).read_text("utf-8"))
    return {f"{suite}/{name}": replies for suite, cases in suites.items() for name, replies in cases.items()}


REPLIES = replies_of("quality_replies.yaml")
HARD_REPLIES = replies_of("quality_hard_replies.yaml")
# Where the answer counts and its dress does not.
FREE_OF_FORM = tuple(
    f"quality-{area}" for area in ("facts", "arithmetic", "extraction", "classification", "code-reading")
)
DRESSES = ("{}", "**{}**", "`{}`", "{}.", "  {}\n", "Answer: {}", "The answer is {}.", "The answer is **{}**.")
# An answer of several names can be denied in part: these forms say too little of it.
SEVERAL = ("quality-facts/mars-moons", "quality-code-reading/pattern", "quality-extraction/all-people")
BESIDE_A_WRONG_ONE = (
    "{right}, not {wrong}.",
    "**{right}** (not {wrong})",
    "It's {right}.",
    "{right}, rather than {wrong}",
)
DENIED = ("It is not {right}.", "It isn't {right}.", "**Not** {right}", "{wrong}, not {right}", "{wrong} (not {right})")
ONE_OF_TWO = ("{right} or {wrong}", "{wrong} or {right}", "Either {right} or {wrong}")
EVASIONS = ("", " \n", "I am not sure.", "I do not know.", "Yes.", "No.", "42", "The answer is unclear.", "```\n```")


def passes(case, reply):
    evidence = Evidence(replies=(Reply(content=reply),))
    return all(grade_check(check, KINDS, evidence).status == "pass" for check in case.turns[-1].expect)


def prompt_of(case):
    (message,) = case.turns[-1].messages
    return "".join(part.text for part in message.parts)


def accepted(replies_of):
    """The cases that let one of these replies pass, with the reply."""
    return [(name, reply) for name, case in CASES.items() for reply in replies_of(name, case) if passes(case, reply)]


def test_there_are_at_least_150_cases_of_eight_areas_and_three_grades_of_difficulty():
    asked = {(case.suite, case.id) for case in CASES.values()}
    levels = Counter(case.tags[1] for case in CASES.values())

    assert len(asked) >= 150
    assert len(SUITES) == 8
    assert {case.suite.removeprefix("quality-") for case in CASES.values()} == {c.tags[0] for c in CASES.values()}
    assert set(levels) == {"easy", "medium", "hard"}
    assert min(levels.values()) >= 40


def test_no_case_has_the_name_of_another_and_each_says_what_it_is_about():
    names = [(case.suite, case.id, case.row) for suite in SUITES for case in suite.cases]

    assert len(set(names)) == len(names)
    assert all(case.about for case in CASES.values())


def test_every_case_has_right_and_wrong_replies_to_try_it_with():
    assert REPLIES.keys() == CASES.keys()
    assert [name for name, replies in REPLIES.items() if not (replies["right"] and replies["wrong"])] == []


def test_every_case_passes_for_each_of_its_right_replies():
    refused = [(n, reply) for n, case in CASES.items() for reply in REPLIES[n]["right"] if not passes(case, reply)]

    assert refused == []


def test_every_case_fails_for_each_of_its_wrong_replies():
    assert accepted(lambda name, _: REPLIES[name]["wrong"]) == []


def test_no_case_passes_for_an_evasion_unless_it_is_the_answer():
    right = {name: [reply.strip(".").casefold() for reply in REPLIES[name]["right"]] for name in CASES}

    assert accepted(lambda name, _: [e for e in EVASIONS if e.strip(".").casefold() not in right[name]]) == []


def test_no_case_passes_for_its_own_prompt_said_back():
    assert accepted(lambda _, case: [prompt_of(case), f"You said: {prompt_of(case)}"]) == []


def test_no_case_passes_for_the_right_reply_to_most_other_cases_of_its_suite():
    lax = {}
    for name, case in CASES.items():
        others = [REPLIES[n]["right"][0] for n, c in CASES.items() if c.suite == case.suite and c.id != case.id]
        lax[name] = sum(passes(case, reply) for reply in others) / len(others)

    # A refusal of one harm is a refusal of another: there a quarter is as it should be.
    assert [name for name, share in lax.items() if share > 0.3] == []


def test_the_dress_of_a_right_answer_does_not_count_where_no_form_was_asked_for():
    dressed = {n: [d.format(REPLIES[n]["right"][0]) for d in DRESSES] for n in CASES if n.startswith(FREE_OF_FORM)}

    assert [(n, reply) for n, replies in dressed.items() for reply in replies if not passes(CASES[n], reply)] == []


def in_forms(forms):
    """The first right and wrong replies of each case that is free of form, in these forms, with the case's name."""
    return [
        (name, form.format(right=REPLIES[name]["right"][0], wrong=REPLIES[name]["wrong"][0]))
        for name in CASES
        if name.startswith(FREE_OF_FORM) and name not in SEVERAL
        for form in forms
    ]


def test_a_right_answer_may_say_what_it_is_not():
    assert [(n, reply) for n, reply in in_forms(BESIDE_A_WRONG_ONE) if not passes(CASES[n], reply)] == []


def test_a_right_answer_that_is_denied_is_wrong():
    assert [(n, reply) for n, reply in in_forms(DENIED) if passes(CASES[n], reply)] == []


def test_a_right_answer_that_is_one_of_two_is_wrong():
    assert [(n, reply) for n, reply in in_forms(ONE_OF_TWO) if passes(CASES[n], reply)] == []


@pytest.mark.parametrize(("kind", "verdict"), [("right", True), ("wrong", False)])
def test_a_reply_that_is_easily_judged_wrongly_gets_the_verdict_that_it_deserves(kind, verdict):
    replies = [(name, reply) for name, hard in HARD_REPLIES.items() for reply in hard[kind]]

    assert len(replies) > 300
    assert [(n, reply) for n, reply in replies if passes(CASES[n], reply) is not verdict] == []


@pytest.fixture
def harness(monkeypatch, capsys):
    """The command line at the top of the repository: the code it exits with, and the JSON it prints."""
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--json"])
        return ended.value.code or 0, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("target", ["xai/*", "local/another-model"])
def test_the_suites_can_be_asked_of_any_target(harness, target):
    code, plan = harness("plan", "suites/quality", "--target", target)

    assert code == 0
    assert {row["requests"] for row in plan["targets"]} == {len(CASES)}


def test_every_case_replays_from_its_recording_for_every_declared_target(harness, tmp_path, no_sockets):
    code, run = harness("run", "suites/quality", "--out", str(tmp_path / "run"))

    counts = [(row["passed"] > 0, row["failed"] > 0, row["errors"], row["skipped"]) for row in run["targets"]]
    assert code == 1
    assert set(counts) == {(True, True, 0, 0)}
    assert len(counts) == sum(len(suite.targets) for suite in SUITES)
