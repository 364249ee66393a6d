"""The shipped description of xAI, held against the figures of the two documents that it is from."""

from decimal import Decimal

import pytest

from harness.catalogue import load_catalogues, load_register
from harness.catalogue.agreement import find_disagreements
from harness.core.cost import cost_of
from harness.core.reply import Usage

XAI = load_catalogues().provider("xai")
SIMULATED = load_catalogues().provider("xai-sim")
# Model, window in thousands, input and output in dollars, thousands of tokens and requests a minute, at once.
DOCUMENTED = [
    ("grok-4-1-fast-reasoning", 2000, "2.00", "10.00", 4000, 480, 100),
    ("grok-4-1-fast-non-reasoning", 2000, "2.00", "10.00", 4000, 480, 100),
    ("grok-4-fast-reasoning", 2000, "2.00", "10.00", 4000, 480, None),
    ("grok-4-fast-non-reasoning", 2000, "2.00", "10.00", 4000, 480, None),
    ("grok-4-0709", 256, "5.00", "15.00", 2000, 480, 100),
    ("grok-code-fast-1", 256, "0.20", "1.50", 4000, 480, 100),
    ("grok-3", 131, "1.00", "3.00", 131, 600, 50),
    ("grok-3-mini", 131, "0.50", "1.50", 131, 480, 50),
    ("grok-2-vision-1212", 32, "2.00", "10.00", 1000, 300, 50),
]
OBSERVED = {
    "grok-4-1-fast-reasoning": ("0.20", "0.05", "0.50", "0.40", "1.00"),
    "grok-4-1-fast-non-reasoning": ("0.20", "0.05", "0.50", "0.40", "1.00"),
    "grok-4-fast-reasoning": ("0.20", "0.05", "0.50", "0.40", "1.00"),
    "grok-4-fast-non-reasoning": ("0.20", "0.05", "0.50", "0.40", "1.00"),
    "grok-4-0709": ("3.00", "0.75", "15.00", "6.00", "30.00"),
    "grok-code-fast-1": ("0.20", "0.02", "1.50", None, None),
    "grok-3": ("3.00", "0.75", "15.00", None, None),
    "grok-3-mini": ("0.30", "0.075", "0.50", None, None),
    "grok-2-vision-1212": ("2.00", None, "10.00", None, None),
}


def decimals(*figures):
    return tuple(None if figure is None else Decimal(figure) for figure in figures)


def test_the_documents_worked_example_costs_what_they_say():
    usage = Usage(prompt=1000, reasoning=5000, completion=500, total=6500)

    cost = cost_of(usage, XAI.find_tariff("grok-4-1-fast-reasoning", "documented"))

    assert (cost.usd, cost.upper_bound, cost.lower_bound) == (Decimal("0.057"), False, False)


@pytest.mark.parametrize("row", DOCUMENTED, ids=lambda row: row[0])
def test_each_documented_row_is_in_the_catalogue(row):
    name, window, paid, earned, tokens, requests, at_once = row

    model, tariff = XAI.find_model(name), XAI.find_tariff(name, "documented")

    assert (model.window_tokens, model.limits.tokens_per_minute) == (window * 1000, tokens * 1000)
    assert (model.limits.requests_per_minute, model.limits.concurrent_requests) == (requests, at_once)
    assert (tariff.input, tariff.output) == decimals(paid, earned)


@pytest.mark.parametrize(("name", "figures"), OBSERVED.items())
def test_each_price_of_public_evidence_is_in_the_catalogue(name, figures):
    tariff = XAI.find_tariff(name, "observed")
    tier = tariff.long_context

    assert (tariff.input, tariff.cached_input, tariff.output) == decimals(*figures[:3])
    assert ((tier.input, tier.output) if tier else (None, None)) == decimals(*figures[3:])


def test_the_observed_prices_are_those_that_the_server_billed():
    # A recorded grok-3-mini reply of public evidence, billed 1,176,500 ticks of 10^-10 dollars.
    usage = Usage(prompt=12, cached=2, completion=1, total=241, reasoning=228)

    cost = cost_of(usage, XAI.find_tariff("grok-3-mini", "observed"))

    assert cost.usd == Decimal(1_176_500) / 10**10


def test_only_one_documented_model_has_a_price_for_cached_tokens():
    cached = {model.id: model.tariffs[0].cached_input for model in XAI.models if model.tariffs[0].cached_input}

    cost = cost_of(Usage(prompt=10, cached=10, completion=0, total=10), XAI.find_tariff("grok-3", "documented"))

    assert cached == {"grok-4-0709": Decimal("0.75")}
    assert (cost.usd, cost.upper_bound) == (10 * Decimal(1) / 1_000_000, True)


def test_the_tier_for_long_prompts_is_documented_for_grok_4_alone_and_observed_for_the_fast_models_too():
    tiered = {
        profile: [
            model.id for model in XAI.models if (found := XAI.find_tariff(model.id, profile)) and found.long_context
        ]
        for profile in ("documented", "observed")
    }

    assert tiered["documented"] == ["grok-4-0709"]
    assert tiered["observed"] == [*(row[0] for row in DOCUMENTED[:4]), "grok-4-0709"]


def test_a_long_prompt_of_a_fast_model_costs_what_the_documents_say():
    usage = Usage(prompt=128_001, completion=0, total=128_001)

    cost = cost_of(usage, XAI.find_tariff("grok-4-1-fast-reasoning", "documented"))

    assert (cost.usd, cost.lower_bound) == (128_001 * Decimal(2) / 1_000_000, False)


def test_a_long_prompt_of_grok_4_may_cost_more_than_the_documents_say():
    usage = Usage(prompt=128_001, completion=0, total=128_001)

    cost = cost_of(usage, XAI.find_tariff("grok-4", "documented"))

    assert (cost.usd, cost.lower_bound) == (128_001 * Decimal(5) / 1_000_000, True)


@pytest.mark.parametrize("profile", ["documented", "observed"])
def test_searches_and_images_cost_what_both_profiles_have_for_them(profile):
    search = cost_of(
        Usage(prompt=0, completion=0, server_calls={"web_search": 2, "x_search": 1}), XAI.find_tariff("grok-3", profile)
    )
    image = cost_of(Usage(images=2), XAI.find_tariff("grok-2-image-1212", profile))

    assert (search.usd, image.usd) == (Decimal("0.015"), Decimal("0.14"))


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("grok-4", "grok-4-0709"),
        ("grok-4-latest", "grok-4-0709"),
        ("grok-4-1-fast-reasoning-2025-11", "grok-4-1-fast-reasoning"),
    ],
)
def test_an_alias_means_its_model_and_costs_the_same(alias, name):
    assert XAI.find_model(alias).id == name
    assert XAI.find_tariff(alias, "observed") == XAI.find_tariff(name, "observed")


def test_the_file_says_what_its_claims_say():
    assert list(find_disagreements(XAI, load_register(XAI))) == []


def test_every_price_says_where_it_is_from_and_when_it_was_read():
    tariffs = [tariff for model in XAI.models for tariff in model.tariffs]

    assert {tariff.profile for tariff in tariffs} == {"documented", "observed"}
    assert all(tariff.provenance.document and tariff.provenance.read for tariff in tariffs)
    assert all(tariff.claims for tariff in tariffs if tariff.profile == "documented")


def test_the_simulator_has_the_vendors_models_and_none_of_its_addresses_or_keys():
    addresses = [SIMULATED.base_url, *SIMULATED.regions.values(), SIMULATED.management.base_url]
    variables = {SIMULATED.key_variable, SIMULATED.management.key_variable, SIMULATED.management.team_variable}

    assert (SIMULATED.models, SIMULATED.groups, SIMULATED.register) == (XAI.models, XAI.groups, XAI.register)
    assert SIMULATED.simulated
    assert not XAI.simulated
    assert all(address.startswith("http://127.0.0.1:8765") for address in addresses)
    assert variables == {"XAI_SIM_KEY", "XAI_SIM_MANAGEMENT_KEY", "XAI_SIM_TEAM"}
