import pytest
from endpoint_runs import names, verify_simulator
from hypothesis import given, settings
from hypothesis import strategies as st
from reply_runs import JSON, OPTIONAL, PLAIN, THINKER, answer, lineup_alone, look, outcome, reply, used

from harness.core.reply import Usage
from harness.core.verdict import TURNED
from harness.probes.family import Watched
from harness.probes.usage import FAMILY, reckoning

SCHEMA = "comp.response_schema.usage."
SEPARATE = "comp.rule.reasoning-counted-separately"
COUNT = st.integers(0, 10_000)


def seen(usage, *, model=PLAIN, content="ok"):
    return answer(reply(content, model=model, usage=usage), model=model)


def turned(*deviations):
    verdicts = verify_simulator(FAMILY, *deviations, models=(PLAIN, OPTIONAL))
    return {claim.rpartition(".")[2] for claim in names(verdicts, *TURNED)}


def test_each_broken_sum_turns_the_claims_about_it_and_no_others():
    parts = [f"completion-includes-reasoning@{OPTIONAL}", f"cached-exceeds-prompt@{PLAIN}"]

    assert turned() == set()
    assert turned(f"total-off-by-seven@{PLAIN}") == {"total_tokens", "token-budgeting"}
    assert turned(f"total-without-reasoning@{OPTIONAL}") == {"total_tokens", "token-budgeting"}
    assert turned(*parts) == {"reasoning-counted-separately", "prompt_tokens"}
    assert turned(f"reasoning-tokens-missing@{OPTIONAL}") == set()


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (used(completion=-1), "usage.completion_tokens is -1, which is no count"),
        (used(completion=2) | {"completion_tokens": 2.5}, "usage.completion_tokens is 2.5, which is no count"),
        (used() | {"completion_tokens": "2"}, "usage.completion_tokens is '2', which is no count"),
        (used() | {"completion_tokens": True}, "usage.completion_tokens is True, which is no count"),
        ({"prompt_tokens": 1}, "usage.completion_tokens is missing"),
        ([1], "usage.completion_tokens is missing"),
        (used(completion=0), "usage counts no completion tokens for 2 characters"),
    ],
)
def test_what_is_no_count_is_quoted(usage, words):
    found = look(FAMILY, f"{SCHEMA}completion_tokens", seen(usage))

    assert (found.outcome, found.words) == ("broken", words)


@pytest.mark.parametrize(
    ("usage", "model", "expected"),
    [
        (used(10, 2, 12), PLAIN, "holds"),
        (used(10, 2, 19), PLAIN, "broken"),
        (used(10, 2, 19), THINKER, "holds"),
        (used(10, 2, 11), THINKER, "broken"),
        (used(10, 2, 42, reasoning=30), THINKER, "holds"),
        (used(10, 2, 12, reasoning=30), THINKER, "broken"),
        (used(10, 32, 42, reasoning=30), THINKER, "holds"),
        (used(10, 32, 49, reasoning=30), THINKER, "broken"),
    ],
)
def test_the_total_is_one_of_the_two_sums_or_counts_reasoning_that_nothing_else_shows(usage, model, expected):
    assert outcome(FAMILY, f"{SCHEMA}total_tokens", seen(usage, model=model), model=model) == expected


def told_by_logprobs(*tokens, completion, content=None, model=PLAIN, **counts):
    document = reply("".join(tokens) if content is None else content, model=model, usage=used(10, completion, **counts))
    document["choices"][0]["logprobs"] = {"content": [{"token": token, "logprob": -0.1} for token in tokens]}
    return answer(document, model=model)


@pytest.mark.parametrize(
    ("completion", "expected"), [(1, "broken"), (2, "holds"), (3, "holds"), (4, "holds"), (5, "broken"), (14, "broken")]
)
def test_completion_tokens_are_as_many_as_the_reply_tells_one_by_one_save_for_an_end_mark(completion, expected):
    seen = told_by_logprobs("The", " river", " runs", completion=completion)

    assert outcome(FAMILY, f"{SCHEMA}completion_tokens", seen) == expected


def test_completion_tokens_are_not_held_against_tokens_that_are_not_the_whole_answer():
    part = told_by_logprobs("The", " river", completion=14, content="The river runs")

    assert outcome(FAMILY, f"{SCHEMA}completion_tokens", part) == "holds"


@pytest.mark.parametrize("counts", [{"completion": 2, "reasoning": 30}, {"completion": 32, "reasoning": 30}])
def test_reasoning_that_no_logprobs_tell_is_no_miscount_of_the_answer(counts):
    seen = told_by_logprobs("The", " river", model=THINKER, **counts)

    assert outcome(FAMILY, f"{SCHEMA}completion_tokens", seen, model=THINKER) == "holds"


def test_cached_tokens_are_not_more_than_those_of_the_prompt():
    assert outcome(FAMILY, f"{SCHEMA}prompt_tokens", seen(used(10, cached=10))) == "holds"
    assert outcome(FAMILY, f"{SCHEMA}prompt_tokens", seen(used(10, cached=11))) == "broken"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (used(10, 2, 42, reasoning=30), "holds"),
        (used(10, 32, 42, reasoning=30), "broken"),
        (used(10, 32, 50, reasoning=30), "unknown"),
        (used(10, 2, 12), "unknown"),
    ],
)
def test_reasoning_is_counted_beside_the_rest_where_a_sum_shows_it(usage, expected):
    assert outcome(FAMILY, SEPARATE, seen(usage, model=THINKER), model=THINKER) == expected


def test_a_long_thought_before_a_short_answer_decides_what_short_thoughts_leave_open():
    short = seen(used(10, 50, 60, reasoning=30), model=THINKER)
    long = seen(used(10, 2, 12, reasoning=300), model=THINKER)

    assert outcome(FAMILY, SEPARATE, short, model=THINKER) == "broken"
    assert outcome(FAMILY, SEPARATE, short, long, model=THINKER) == "holds"


@given(prompt=COUNT, visible=COUNT, reasoning=st.integers(1, 10_000), beside=st.booleans())
def test_a_true_sum_tells_where_reasoning_is_counted(prompt, visible, reasoning, beside):
    completion = visible if beside else visible + reasoning
    usage = Usage(prompt=prompt, completion=completion, total=prompt + visible + reasoning, reasoning=reasoning)

    assert reckoning([usage]) == ("apart" if beside else "inside")


def test_sums_that_change_from_reply_to_reply_are_neither():
    usages = [Usage(prompt=1, completion=9, total=total, reasoning=5) for total in (10, 15)]

    assert reckoning(usages) == "mixed"


@settings(max_examples=50)
@given(usage=JSON | st.dictionaries(st.sampled_from(sorted(used(reasoning=1, cached=1))), JSON))
def test_no_usage_whatever_it_holds_breaks_those_who_look(usage):
    lineup = lineup_alone(PLAIN)

    found = list(FAMILY.watch(Watched(lineup=lineup, seen=(seen(usage), seen(used())))))

    assert {each.outcome for each in found} <= {"holds", "broken", "unknown"}
