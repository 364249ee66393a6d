"""The JSON of what is documented, held against the register that it is from."""

import pytest

from harness.catalogue import load_catalogues, load_register
from harness.catalogue.exported import export
from harness.catalogue.matrices import build_matrices

XAI = load_catalogues().provider("xai")
REGISTER = load_register(XAI)


@pytest.fixture(scope="module")
def exported():
    return export(XAI, REGISTER, build_matrices(REGISTER, XAI))


def test_every_claim_is_exported_once(exported):
    assert sorted(each["id"] for each in exported["claims"]) == sorted(REGISTER.by_id)


def test_claims_are_exported_in_the_order_of_the_documents(exported):
    places = [each["where"].split(":") for each in exported["claims"]]
    lines = [(name != "comp", int(lines.split(",")[0].split("-")[0])) for name, lines in places]

    assert lines == sorted(lines)


def test_a_claim_says_which_contradictions_it_takes_a_side_in_and_which_only_touch_it(exported):
    (claim,) = [each for each in exported["claims"] if each["id"] == "comp.pricing.grok-4-0709.input"]

    assert (claim["contradictions"], claim["conflicts"]) == (["K01", "K03"], ["K01", "K02", "K03"])
    assert (claim["where"], claim["value"]["usd_per_1m_input"]) == ("comp:505", 5.0)


def test_a_conflict_lists_the_claims_that_it_touches_without_their_taking_a_side(exported):
    (size,) = [each for each in exported["conflicts"] if each["id"] == "K58"]

    assert size["touching"] == ["comp.request_schema.images.size"]
    assert [side["claims"] for side in size["sides"]] == [[], []]


@pytest.mark.parametrize("name", ["claims", "conflicts", "notes"])
def test_a_section_is_exported_alone(name):
    alone = export(XAI, REGISTER, build_matrices(REGISTER, XAI), name)

    assert (set(alone), alone["tables"]) == ({"provider", "documents", "tables", name}, {})
