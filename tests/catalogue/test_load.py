from decimal import Decimal

import pytest

from harness.catalogue import load_catalogues, parse_provider
from harness.core.errors import UsageError
from harness.reading import ProblemsError

VALID = b"""provider: acme
base_url: https://api.acme.example/v1/
dialect: openai-chat
hosts: [API.acme.example]
models:
  - id: big
    aliases: [large]
    prices: [{input: 0.1, output: 1e-1}]
"""


def test_a_price_is_the_number_that_was_written():
    provider = parse_provider(VALID, "acme.yaml")

    tariff = provider.find_tariff("large", "documented")

    assert (tariff.input, tariff.output) == (Decimal("0.1"), Decimal("0.1"))


def test_a_provider_never_claims_a_server_that_is_not_its_own():
    broken = VALID.replace(b"https://api.acme.example", b"http://127.0.0.1:80")

    with pytest.raises(ProblemsError, match="not among the provider's own hosts"):
        parse_provider(broken, "acme.yaml")


def test_all_problems_of_a_catalogue_are_told_at_once():
    broken = VALID.replace(b"dialect", b"dialekt").replace(b"id: big", b"name: big")

    with pytest.raises(ProblemsError) as refusal:
        parse_provider(broken, "acme.yaml")

    codes = {problem.code for problem in refusal.value.problems}
    assert {"catalogue-unknown-key", "catalogue-missing-key"} <= codes


def test_one_name_never_means_two_models():
    broken = VALID + b"  - id: large\n"

    with pytest.raises(ProblemsError, match="already taken by 'big'"):
        parse_provider(broken, "acme.yaml")


def test_an_unknown_provider_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError) as refusal:
        load_catalogues().provider("locl")

    assert "local" in refusal.value.remedy


def test_whatever_runs_on_loopback_may_have_any_name_and_costs_nothing():
    local = load_catalogues().provider("local")

    assert local.find_model("never-heard-of") is not None
    assert local.find_tariff("never-heard-of", "documented").output == 0
