from dataclasses import replace
from decimal import Decimal

import pytest

from harness.catalogue import load_catalogues
from harness.catalogue.agreement import find_disagreements
from harness.catalogue.claims import load_register


@pytest.fixture(scope="module")
def xai():
    return load_catalogues().provider("xai")


@pytest.fixture(scope="module")
def register(xai):
    return load_register(xai)


@pytest.mark.parametrize("name", ["xai", "xai-sim"])
def test_the_shipped_providers_say_what_their_claims_say(name, register):
    provider = load_catalogues().provider(name)

    assert list(find_disagreements(provider, register)) == []


def with_model(provider, model, **changes):
    models = [replace(each, **changes) if each.id == model else each for each in provider.models]
    return replace(provider, models=tuple(models))


def faults(provider, register):
    return [(each.where, each.fault) for each in find_disagreements(provider, register)]


def test_a_rate_that_its_claim_does_not_state_is_found(xai, register):
    tariff = xai.find_tariff("grok-3", "documented")

    found = faults(with_model(xai, "grok-3", tariffs=(replace(tariff, input=Decimal(2)),)), register)

    assert found == [("grok-3, documented, input", "the file says 2, the claim 1")]


def test_a_rate_that_cites_another_models_claim_is_found(xai, register):
    tariff = xai.find_tariff("grok-4-fast-reasoning", "documented")
    claims = {**tariff.claims, "input": "comp.pricing.grok-2-vision-1212.input"}

    found = faults(with_model(xai, "grok-4-fast-reasoning", tariffs=(replace(tariff, claims=claims),)), register)

    assert found == [("grok-4-fast-reasoning, documented, input", "the claim is about grok-2-vision-1212")]


def test_a_rate_that_cites_no_claim_of_the_register_is_found(xai, register):
    (documented, *rest) = xai.tariffs
    spoilt = replace(documented, claims={"calls.web_search": "comp.none"})

    found = faults(replace(xai, tariffs=(spoilt, *rest)), register)

    assert found == [("every model, documented, calls.web_search", "the register has no such claim")]


def test_a_window_or_limit_that_no_claim_states_is_found(xai, register):
    limits = replace(xai.find_model("grok-3").limits, requests_per_minute=601)

    found = faults(with_model(xai, "grok-3", window_tokens=131072, limits=limits), register)

    assert [where for where, _ in found] == ["grok-3, window_tokens", "grok-3, limits, requests_per_minute"]


def test_a_name_that_no_claim_gives_to_the_model_is_found(xai, register):
    found = faults(with_model(xai, "grok-3", aliases=("grok-4", "grok")), register)

    assert [fault for _, fault in found] == [
        "the register makes it a name of grok-4-0709",
        "the register says nothing of it",
    ]


def test_an_endpoint_that_is_there_against_its_claim_is_found(xai, register):
    rows = tuple(replace(row, available=True) for row in xai.endpoints)

    assert [where for where, _ in faults(replace(xai, endpoints=rows), register)] == ["endpoint embeddings"]


def test_a_use_case_that_the_file_leaves_out_is_found(xai, register):
    groups = {name: members for name, members in xai.groups.items() if name != "budget"}

    assert faults(replace(xai, groups=groups), register) == [("group budget", "the group has no grok-3-mini")]
