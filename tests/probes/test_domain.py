import json

import pytest
from fuzz_runs import claim, documented, field, lineup_of, parameter

from harness.catalogue import load_catalogues, load_register
from harness.probes.domain import read_domain
from harness.probes.domain_values import MISSING, Numbers, OneOf
from harness.probes.drafts import Draft, Fault, find_alike, is_free, spell
from harness.probes.lineup import Lineup, bind


def shipped(provider, *models):
    """The domain of each of these models, or of all, by a register that travels with the package."""
    row = load_catalogues().provider(provider)
    models = models or tuple(model.id for model in row.models if model.makes == "text")
    lineup = Lineup(provider=row, register=bind(load_register(row), models), models=models)
    return [read_domain(lineup, model) for model in models]


def domain(*claims, **options):
    return read_domain(lineup_of(*claims, **options), "m")


def inside(found, name):
    return [values.at(index) for values in found.find(name).inside for index in range(values.count)]


def outside(found, name):
    """Kind -> first value just outside."""
    return [(beyond.kind, beyond.values.at(0)) for beyond in found.find(name).outside]


def test_a_range_is_taken_up_to_its_ends_and_a_step_beyond_either_lies_outside():
    found = domain(parameter("m", "temperature"), field("temperature.range", min=0.0, max=2.0))

    assert inside(found, "temperature")[:: len(inside(found, "temperature")) - 1] == [0.0, 2.0]
    assert outside(found, "temperature") == [("range", 2.01), ("range", -0.01), ("type", "harness")]


def test_of_two_ranges_the_narrower_is_inside_and_only_what_lies_beyond_both_is_outside():
    found = domain(
        parameter("m", "temperature"),
        field("temperature.range", min=0.0, max=2.0),
        field("temperature.range", min=0.5, max=1.0),
    )

    assert {min(inside(found, "temperature")), max(inside(found, "temperature"))} == {0.5, 1.0}
    assert outside(found, "temperature")[:2] == [("range", 2.01), ("range", -0.01)]


def test_a_bound_on_one_side_leaves_the_other_open():
    found = domain(parameter("m", "n"), field("n.range", min=1))

    assert inside(found, "n") == [1, 2]
    assert outside(found, "n") == [("range", 0), ("type", "harness")]


def test_a_field_of_which_nothing_is_documented_but_its_name_has_no_outside():
    found = domain(parameter("m", "top_p"))

    assert inside(found, "top_p")
    assert found.find("top_p").outside == ()


def test_values_that_are_named_one_by_one_close_no_set():
    found = domain(field("tool_choice.auto", value="auto"), field("tool_choice.none", value="none"))

    assert inside(found, "tool_choice") == ["auto", "none"]
    assert found.find("tool_choice").outside == ()


def test_a_name_that_nobody_has_lies_outside_a_closed_set():
    found = domain(parameter("m", "reasoning_effort"), field("reasoning_effort.values", allowed=["low", "high"]))

    assert inside(found, "reasoning_effort") == ["low", "high"]
    assert outside(found, "reasoning_effort") == [("set", "harness-no-such-value"), ("type", 7)]


def test_wrong_types_are_those_that_no_claim_names_and_neither_null_nor_true_for_a_number():
    found = domain(
        parameter("m", "stop"),
        field("stop.string", type="string"),
        field("stop.list", type="string[]"),
        field("max_tokens", type="number"),
        parameter("m", "max_tokens"),
    )

    assert found.find("stop").outside[0].values == OneOf((7, True, {"harness": 1}))
    assert found.find("max_tokens").outside[0].values == OneOf(("harness", ["harness"], {"harness": 1}))


def test_a_list_may_have_as_many_items_as_are_documented_and_no_more():
    found = domain(parameter("m", "stop"), field("stop.list", type="string[]"), field("stop.count", max=4))

    assert [len(value) for kind, value in outside(found, "stop") if kind == "range"] == [5]


def test_a_parameter_that_the_model_does_not_take_lies_outside_whatever_its_value():
    found = domain(parameter("m", "stop", "unsupported"), field("stop.string", type="string"))

    assert found.find("stop").inside == ()
    assert outside(found, "stop") == [("refused", "zq")]


def test_what_documents_say_both_ways_of_a_parameter_is_not_drawn_at_all():
    accepted = claim("constraint", "m", {"model": "m", "params": {"stop": "x"}, "effect": "accepted"}, about="model")

    assert domain(parameter("m", "stop", "unsupported"), accepted).find("stop") is None


def test_a_field_reserved_for_some_models_is_not_drawn_where_the_model_has_no_row_of_its_own():
    reserved = field("frequency_penalty.range", min=-2.0, max=2.0, only="non-reasoning models")

    assert domain(reserved).find("frequency_penalty") is None
    assert domain(reserved, parameter("m", "frequency_penalty")).find("frequency_penalty") is not None


def test_fields_whose_company_is_an_error_or_in_dispute_are_never_drawn_together():
    error = claim("constraint", "m", {"model": "m", "params": {"a": 1, "b": 1}, "effect": "error"}, about="model")
    shared = {"model": "m", "params": {"c": 1, "d": 1, "e": 1}, "effect": "accepted"}
    disputed, rival = claim("constraint", "m", shared, about="model"), field("c", type="string")
    agreed = claim("constraint", "m", {"model": "m", "params": {"d": 1, "e": 1}, "effect": "accepted"}, about="model")

    found = domain(error, disputed, agreed, rival, contradicting=[(disputed, rival)])

    pairs = {"".join(sorted(each)) for each in found.never if "max_tokens" not in each}
    assert pairs == {"ab", "cd", "ce"}


def test_that_a_field_is_required_counts_only_where_no_claim_contradicts_it():
    required, rival = field("model", required=True, type="string"), field("messages", type="Message[]")

    assert ("missing", MISSING) in outside(domain(required), "model")
    assert outside(domain(required, rival, contradicting=[(required, rival)]), "model") == [("type", 7)]


def test_claims_about_another_endpoint_say_nothing_of_a_chat():
    assert domain(field("n", endpoint="POST /v1/images/generations", type="number")).find("n") is None


@pytest.mark.parametrize(("value", "drawn"), [(True, "inside"), (False, "outside"), (None, None), ("limited", None)])
def test_images_and_tools_follow_what_the_model_is_said_to_be_able_to(value, drawn):
    can = [
        claim("capability", "m", {"model": "m", "capability": name, "value": value}, about="model")
        for name in ("vision", "tool_use")
    ]
    found = domain(field("tools", type="Tool[]"), *(can if value is not None else []))

    image, tools = found.find("messages[].content image"), found.find("tools")
    assert (image and ("inside" if image.inside else "outside")) == drawn
    assert (tools and ("inside" if tools.inside else "outside")) == ("inside" if value is None else drawn)


def test_the_shipped_documents_have_a_domain_for_every_model():
    for found in shipped("xai"):
        names = {each.name for each in found.fields if each.outside}
        assert {"model", "messages", "temperature", "top_p", "messages[].role", "response_format.type", "body"} <= names
        assert found.find("messages[].role tool") is not None or found.model == "grok-2-vision-1212"


def test_what_the_shipped_documents_contradict_themselves_about_is_left_out():
    (grok_3, disputed) = shipped("xai", "grok-3", "grok-4-fast-non-reasoning")

    assert frozenset({"stop", "reasoning_effort"}) in grok_3.never
    assert frozenset({"stop", "frequency_penalty"}) not in grok_3.never
    assert disputed.find("stop") is None
    assert disputed.find("reasoning_effort").inside == ()


def test_the_contract_of_any_server_has_a_domain_too():
    (found,) = shipped("openai-chat", "any")

    assert inside(found, "response_format")[-1]["json_schema"]["schema"]
    assert {"n", "seed", "top_logprobs", "parallel_tool_calls", "tool_choice"} <= {each.name for each in found.fields}


def ways(found):
    return [
        Fault(field=each, kind=beyond.kind, value=beyond.values.at(0))
        for each in found.fields
        for beyond in each.outside
    ]


@pytest.mark.parametrize("found", shipped("xai", "grok-3", "grok-2-vision-1212") + shipped("openai-chat", "any"))
def test_a_request_outside_differs_from_the_one_inside_in_the_field_that_is_blamed_and_in_nothing_else(found):
    for fault in ways(found):
        chosen = {
            each.name: each.inside[0].at(0) for each in found.fields if each.inside and is_free(each, fault.field)
        }
        twin, body = Draft(model="m", chosen=chosen), Draft(model="m", chosen=chosen, fault=fault)
        if isinstance(spell(body), str):
            continue
        differing = {key for key in {*spell(twin), *spell(body)} if spell(twin).get(key) != spell(body).get(key)}
        assert fault.field.path[0] in differing
        assert differing <= {fault.field.path[0], "logprobs", "stream", "tools"}


def test_a_body_that_is_no_json_is_none():
    (found,) = shipped("xai", "grok-3")
    broken = found.find("body").outside[0].values

    for index in range(broken.count):
        fault = Fault(field=found.find("body"), kind="json", value=broken.at(index))
        with pytest.raises(json.JSONDecodeError):
            json.loads(spell(Draft(model="grok-3", chosen={}, fault=fault)))


def test_a_draft_is_another_models_only_if_its_documents_say_the_same():
    lineup = lineup_of(*documented("m"), parameter("n", "top_p", "unsupported"), models=("m", "n"))
    hot = Draft(model="m", chosen={"temperature": 2.0})

    assert find_alike(hot, read_domain(lineup, "n")) == Draft(model="n", chosen={"temperature": 2.0})
    assert find_alike(Draft(model="m", chosen={"top_p": 1.0}), read_domain(lineup, "n")) is None


def test_numbers_are_as_their_decimals_say():
    fine = Numbers(first=2.01, count=50, step=0.01)

    assert [fine.at(index) for index in (0, 1, 49)] == [2.01, 2.02, 2.5]
    assert Numbers(first=21, count=50, step=1).at(3) == 24
