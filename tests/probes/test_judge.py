import pytest

from harness.probes.family import Rule
from harness.probes.judge import judge
from harness.probes.observation import Observation, Topic

A, B = Topic("parameter.stop", "a"), Topic("parameter.stop", "b")


def seen(outcome, topic=A, **more):
    return Observation(topic=topic, outcome=outcome, words=f"{outcome} on {topic.model}", **more)


def verdict(stance, *observations, canary_refused=False):
    rule = Rule(topics=tuple(each.topic for each in observations), stance=stance)
    return judge(rule, {each.topic: each for each in observations}, canary_refused=canary_refused)


# The table of VERDICTS.md, row by row.
@pytest.mark.parametrize(
    ("stance", "outcome", "expected"),
    [
        ("supported", "rejected", "refuted"),
        ("supported", "no-effect", "ignored"),
        ("supported", "effect", "confirmed"),
        ("unsupported", "rejected", "confirmed"),
        ("unsupported", "no-effect", "ignored"),
        ("unsupported", "effect", "undocumented"),
        ("error", "rejected", "confirmed"),
        ("error", "no-effect", "refuted"),
        ("error", "effect", "refuted"),
    ],
)
def test_what_is_claimed_and_what_is_seen_give_the_verdict_of_the_table(stance, outcome, expected):
    assert verdict(stance, seen(outcome)).verdict == expected


@pytest.mark.parametrize("stance", ["supported", "fact"])
def test_acceptance_without_an_effect_confirms_only_where_unknown_fields_and_bad_values_are_refused(stance):
    assert verdict(stance, seen("accepted", by_name=True), canary_refused=True).verdict == "confirmed"
    assert verdict(stance, seen("accepted", by_name=True)).verdict == "inconclusive"
    assert verdict(stance, seen("accepted"), canary_refused=True).verdict == "inconclusive"


def test_acceptance_that_confirms_is_flagged_and_graded_as_parsed():
    judged = verdict("supported", seen("accepted", by_name=True), canary_refused=True)

    assert (judged.grade, judged.flags) == ("E2", ("acceptance-only",))


def test_a_server_error_on_every_try_refutes_support_and_confirms_no_refusal():
    assert verdict("supported", seen("server-error")).verdict == "refuted"
    assert verdict("supported", seen("server-error")).flags == ("server-error",)
    assert verdict("unsupported", seen("server-error")).verdict == "inconclusive"
    assert verdict("error", seen("server-error")).verdict == "inconclusive"


def test_an_error_of_ours_is_never_a_verdict_about_the_model():
    for stance in ("supported", "unsupported", "error", "fact"):
        assert verdict(stance, seen("unknown", error=True)).verdict == "inconclusive"


def test_a_weak_observation_says_how_many_more_trials_would_do():
    assert verdict("supported", seen("unknown", more=32)).words.endswith("about 32 more trials would decide")


def test_what_holds_for_some_models_is_partial_and_names_the_others():
    judged = verdict("fact", seen("holds"), seen("broken", B))

    assert judged.verdict == "partial"
    assert "b: broken on b" in judged.words


def test_what_is_broken_for_all_models_is_refuted_and_not_partial():
    assert verdict("fact", seen("broken"), seen("broken", B)).verdict == "refuted"


def test_a_model_that_was_not_asked_does_not_hold_up_the_others():
    assert verdict("fact", seen("holds"), seen("unasked", B)).verdict == "confirmed"


def test_what_nobody_asked_is_not_tested_for_the_reason_that_was_given():
    judged = verdict("fact", seen("unasked"))

    assert (judged.verdict, judged.words) == ("not-tested", "unasked on a")
