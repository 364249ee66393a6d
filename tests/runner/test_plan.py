from dataclasses import replace
from decimal import Decimal

import pytest
from suite_texts import TARGET, suite_of, trials_of

from harness.catalogue import Catalogues
from harness.checks import load_kinds
from harness.core.catalogue import Limits, Model, Provider, Tariff
from harness.core.errors import UsageError
from harness.runner import plan as plan_module
from harness.runner.estimate import estimate
from harness.runner.plan import Selection, asked_digest, plan_run, trial_key
from harness.runner.worst_case import HIDDEN_TOKENS

CASE = "  - {id: a, prompt: hi, params: {max_tokens: 10}, tags: [t], expect: [{contains: x}]}"
PRICED = Provider(
    name="local",
    base_url="http://127.0.0.1/v1",
    dialect="openai-chat",
    models=(
        Model(
            id="m",
            limits=Limits(requests_per_minute=2),
            tariffs=(Tariff(input=Decimal(1), output=Decimal(2), reasoning=Decimal(3)),),
        ),
    ),
)


def plan(text, **selection):
    suite = suite_of(text)
    return plan_run([suite], {"s": (TARGET,)}, Selection(**selection))


def test_an_edit_of_a_check_changes_no_key():
    (before,), (after,) = trials_of(CASE), trials_of(CASE.replace("contains: x", "contains: y"))

    assert before.key == after.key


@pytest.mark.parametrize(
    "edit", [("prompt: hi", "prompt: ho"), ("max_tokens: 10", "max_tokens: 11"), ("id: a", "id: a, stream: true")]
)
def test_an_edit_of_what_is_sent_changes_the_trial_key_and_still_pairs(edit):
    (before,), (after,) = trials_of(CASE), trials_of(CASE.replace(*edit))

    assert before.key != after.key
    assert before.pair == after.pair


ASKS = """  - id: a
    prompt: hi
    tools: [{type: function, function: {name: f}}]
    tool_results: {f: 1}
    credential: valid
    system: s
    response_format: {type: text}
    params: {seed: 1}
    expect: [{contains: x}]"""


@pytest.mark.parametrize(
    "edit",
    [
        ("prompt: hi", "prompt: ho"),
        ("system: s", "system: t"),
        ("type: function, ", ""),
        ("{f: 1}", "{f: 2}"),
        ("{f: 1}", "{f: 1}\n    max_rounds: 2"),
        ("credential: valid", "credential: none"),
        ("{type: text}", "{type: json_object}"),
        ("seed: 1", "seed: 2"),
        ("prompt: hi", "prompt: hi\n    stream: true"),
    ],
)
def test_everything_that_a_case_asks_is_in_its_digest(edit):
    (before,), (after,) = trials_of(ASKS), trials_of(ASKS.replace(*edit))

    assert asked_digest(before.case) != asked_digest(after.case)


@pytest.mark.parametrize("change", [{"model": "n"}, {"params": {"seed": 2}}, {"system": "t"}, {"region": "eu"}])
def test_everything_that_a_target_changes_is_in_the_trial_key(change):
    (before,), (after,) = trials_of(ASKS), trials_of(ASKS, replace(TARGET, **change))

    assert before.key != after.key


def test_another_target_is_another_trial_of_the_same_pair():
    (before,), (after,) = trials_of(CASE), trials_of(CASE, replace(TARGET, label="other"))

    assert before.key != after.key
    assert before.pair == after.pair


def test_trials_stand_in_the_order_of_case_row_target_and_index():
    cases = "  - {id: a, dataset: [{id: r1}, {id: r2}], prompt: hi, repeats: 2, expect: [{contains: x}]}"

    pairs = [str(trial.pair) for trial in trials_of(cases)]

    assert pairs == ["s/a[r1]", "s/a[r1]#1", "s/a[r2]", "s/a[r2]#1"]


def test_a_case_is_asked_only_of_the_targets_that_it_is_meant_for():
    cases = CASE + "\n  - {id: b, only: ['xai/*'], prompt: hi, expect: [{contains: x}]}"

    assert [trial.case.id for trial in trials_of(cases)] == ["a"]


@pytest.mark.parametrize("selection", [{"cases": ("b*",)}, {"tags": ("u",)}, {"cases": ("a", "b")}])
def test_a_selection_of_nothing_is_refused(selection):
    with pytest.raises(UsageError, match="no case"):
        plan(CASE, **selection)


def test_too_few_repeats_for_a_case_to_pass_are_refused():
    cases = CASE.replace("id: a", "id: a, repeats: 3, pass: {at_least: 3}")

    with pytest.raises(UsageError) as refusal:
        trials_of(cases, repeats=2)

    assert "--repeats 3" in refusal.value.remedy


def test_an_estimate_bounds_cost_by_the_dearest_output_and_time_by_the_limit():
    (row,) = estimate(plan(CASE), Catalogues(providers=(PRICED,)), load_kinds(), "documented")

    assert (row.requests, row.output_tokens, row.minutes) == (1, 10, 0.5)
    assert row.most_usd == (Decimal(2 + HIDDEN_TOKENS) + 30) / 1_000_000


def test_a_reply_without_a_bound_has_no_estimated_cost():
    (row,) = estimate(
        plan(CASE.replace("max_tokens: 10", "seed: 1")), Catalogues(providers=(PRICED,)), load_kinds(), "documented"
    )

    assert (row.output_tokens, row.most_usd) == (None, None)


PAINT = "  - {id: a, request: {path: /images, body: {prompt: a cat}}, expect: [{status: 200}]}"


@pytest.mark.parametrize(("edit", "cost"), [("", None), (", domain: management", Decimal(0))])
def test_a_plain_request_that_asks_a_model_is_not_reckoned_free(edit, cost):
    asked = plan(PAINT.replace("a cat}", "a cat}" + edit))

    (figures,) = estimate(asked, Catalogues(providers=(PRICED,)), load_kinds(), "documented")

    assert figures.most_usd == cost


def test_rows_that_share_all_but_their_words_have_the_keys_that_they_would_have_alone():
    dataset = "dataset: [{id: r1, n: 1}, {id: r2, n: 2}, {id: r3, n: 2}]"
    rows = f"  - {{id: a, {dataset}, prompt: 'hi {{{{ n }}}}', params: {{seed: 1}}, expect: [{{contains: x}}]}}"
    rows += f"\n  - {{id: b, {dataset}, prompt: hi, params: {{seed: '{{{{ n }}}}'}}, expect: [{{contains: x}}]}}"

    trials = trials_of(rows, repeats=2)

    assert [trial.key for trial in trials] == [trial_key(t.case, t.target, t.index) for t in trials]
    assert len({trial.key for trial in trials}) == 12


def test_what_no_row_changes_is_spelled_once_for_all_rows(monkeypatch):
    spelled, fixed = [], plan_module._fixed
    monkeypatch.setattr(plan_module, "_fixed", lambda case: spelled.append(case.id) or fixed(case))
    rows = "  - {id: a, dataset: [{n: 1}, {n: 2}, {n: 3}], prompt: 'hi {{ n }}', expect: [{contains: x}]}"

    trials_of(rows)

    assert spelled == ["a"]
