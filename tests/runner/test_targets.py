from dataclasses import replace

import pytest
from suite_texts import suite_of

from harness.catalogue import Catalogues
from harness.checks import load_kinds
from harness.core.catalogue import Model, Provider, TargetSpec
from harness.core.errors import InputError
from harness.runner.targets import check_judges, check_targets, expand_target, select_targets

PAINTER = Model(id="painter", makes="image")
ACME = Provider(
    name="acme",
    base_url="https://acme.example/v1",
    dialect="openai-chat",
    regions={"eu": "https://eu.acme.example/v1"},
    models=(Model(id="big-1", aliases=("big",)), Model(id="big-2"), Model(id="small"), PAINTER),
    groups={"best": ("big-1",), "both": ("big-1", "small"), "draw": ("painter",), "all": ("small", "painter")},
)
CATALOGUES = Catalogues(
    providers=(ACME, Provider(name="local", base_url="http://127.0.0.1/v1", dialect="openai-chat", open_models=True))
)


def expand(**spec):
    return expand_target(TargetSpec(**spec), CATALOGUES, lambda provider: provider.name)


def test_a_glob_is_every_model_that_it_matches():
    assert [target.model for target in expand(model="acme/big-*")] == ["big-1", "big-2"]


def test_an_alias_is_asked_under_the_name_that_was_written():
    assert [target.model for target in expand(model="acme/big")] == ["big"]


def test_a_group_is_each_of_its_models():
    assert [target.name for target in expand(model="acme/@both")] == ["acme/big-1", "acme/small"]


def test_a_glob_over_groups_is_each_of_their_models_once():
    assert [target.model for target in expand(model="acme/@b*")] == ["big-1", "small"]


def test_a_group_belongs_to_those_providers_that_have_it():
    assert [target.name for target in expand(model="*/@best")] == ["acme/big-1"]


def test_an_unknown_group_is_refused_with_what_groups_there_are():
    many = replace(ACME, groups={f"group-{number}": ("small",) for number in range(20)})

    with pytest.raises(InputError) as refusal:
        expand_target(TargetSpec(model="acme/@zz"), Catalogues(providers=(many,)), lambda provider: provider.name)

    assert all(f"@{name}" in refusal.value.remedy for name in many.groups)


@pytest.mark.parametrize("pattern", ["*", "@*", "@a*", "[a-z]*"])
def test_a_glob_leaves_out_models_that_do_not_chat(pattern):
    assert "painter" not in {target.model for target in expand(model=f"acme/{pattern}")}


@pytest.mark.parametrize("pattern", ["painter", "paint*", "@draw", "@dr*"])
def test_a_model_that_does_not_chat_is_a_target_where_it_alone_can_be_meant(pattern):
    assert [target.model for target in expand(model=f"acme/{pattern}")] == ["painter"]


def test_a_group_that_is_named_is_whole():
    assert [target.model for target in expand(model="acme/@all")] == ["small", "painter"]


def test_a_models_name_may_begin_like_a_group():
    models = (Model(id="@maker/m"), Model(id="@m"))
    at = Provider(name="at", base_url="http://h/v1", dialect="d", open_models=True, models=models)

    found = [
        expand_target(TargetSpec(model=name), Catalogues(providers=(at,)), lambda provider: provider.name)[0].model
        for name in ("at/@maker/m", "at/@m", "at/@maker/other")
    ]

    assert found == ["@maker/m", "@m", "@maker/other"]


def test_a_matrix_is_a_target_for_each_combination():
    targets = expand(model="acme/small", params={"seed": 1}, matrix={"temperature": (0, 1), "top_p": (0.5,)})

    assert [dict(target.params) for target in targets] == [
        {"seed": 1, "temperature": 0, "top_p": 0.5},
        {"seed": 1, "temperature": 1, "top_p": 0.5},
    ]
    assert targets[0].label == "acme/small seed=1 temperature=0 top_p=0.5"


def test_a_label_is_filled_from_model_and_parameters():
    targets = expand(model="acme/big-*", params={"temperature": 0}, label="{model} at {temperature}")

    assert [target.label for target in targets] == ["big-1 at 0", "big-2 at 0"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"model": "acme"}, "is not a target"),
        ({"model": "acmee/small"}, "no catalogue describes a provider 'acmee'"),
        ({"model": "acme/smal"}, "no model of acme matches 'smal'"),
        ({"model": "acme/@bst"}, "acme has no group '@bst'"),
        ({"model": "acme/@"}, "acme has no group '@'"),
        ({"model": "local/@best"}, "local has no groups of models"),
        ({"model": "acme/small", "region": "us"}, "has no region 'us'"),
        ({"model": "acme/small", "label": "{temp}"}, "nothing fills"),
    ],
)
def test_a_target_that_names_nothing_is_refused_with_what_there_is(spec, words):
    with pytest.raises(InputError) as refusal:
        expand(**spec)

    assert words in refusal.value.message
    assert refusal.value.remedy


@pytest.mark.parametrize("pattern", ["acme/bgi-1", "acmee/*", "big-1"])
def test_a_parameter_row_about_a_model_that_nobody_has_is_refused_at_its_place(pattern):
    row = f"\nparameters:\n  - {{parameter: stop, models: [acme/small, {pattern}], expect: supported}}"
    suite = suite_of("  - {id: a, prompt: hi, expect: [{contains: x}]}" + row, "s")

    with pytest.raises(InputError, match=r":\d+:\d+: ") as refusal:
        check_targets(replace(suite, targets=()), CATALOGUES, load_kinds())

    assert pattern.partition("/")[0] in refusal.value.message
    assert refusal.value.remedy


def select(*patterns):
    suites = [suite_of("  - {id: a, prompt: hi, expect: [{contains: x}]}", name) for name in ("s", "t")]
    selected = select_targets(suites, patterns, CATALOGUES, lambda provider: provider.name)
    assert selected["s"] == selected["t"]
    return [target.label for target in selected["s"]]


def test_a_pattern_narrows_the_suites_own_targets_where_it_matches_some():
    assert select("local/*") == ["local/m"]


def test_a_pattern_replaces_the_suites_targets_where_it_matches_none():
    assert select("acme/big-*", "acme/small") == ["acme/big-1", "acme/big-2", "acme/small"]


def test_a_group_narrows_the_suites_own_targets_to_its_models():
    suite = replace(
        suite_of("  - {id: a, prompt: hi, expect: [{contains: x}]}"),
        targets=(TargetSpec(model="acme/*", params={"seed": 1}),),
    )

    selected = select_targets([suite], ["acme/@both"], CATALOGUES, lambda provider: provider.name)

    assert [target.label for target in selected["s"]] == ["acme/big-1 seed=1", "acme/small seed=1"]


def test_a_group_replaces_the_suites_targets_where_it_has_none_of_them():
    assert select("acme/@both") == ["acme/big-1", "acme/small"]


@pytest.mark.parametrize(
    ("judge", "words"),
    [("acme/@best", "is no single model"), ("acme/painter", "makes images")],
)
def test_a_judge_is_one_model_that_answers_in_words(judge, words):
    case = f"  - {{id: a, prompt: hi, expect: [{{judge: {{rubric: good, model: '{judge}'}}}}]}}"

    with pytest.raises(InputError, match=words):
        check_judges([suite_of(case)], CATALOGUES, load_kinds())


def test_two_targets_never_share_a_label():
    with pytest.raises(InputError, match="two targets have the label"):
        select("acme/big-1", "acme/big-*")


@pytest.mark.parametrize("patterns", [("local/m", "acme/big-1"), ("locl",), ("local/m", "nothing")])
def test_every_pattern_must_mean_a_target_and_all_in_one_way(patterns):
    with pytest.raises(InputError) as refusal:
        select(*patterns)

    assert "is no target of the suites" in refusal.value.message


def test_a_suite_that_the_patterns_leave_out_is_left_out():
    cases = "  - {id: a, prompt: hi, expect: [{contains: x}]}"
    other = replace(suite_of(cases, "t"), targets=(TargetSpec(model="acme/small"),))

    selected = select_targets([suite_of(cases), other], ["local/*"], CATALOGUES, lambda provider: provider.name)

    assert [len(selected["s"]), len(selected["t"])] == [1, 0]
