from pathlib import Path

import pytest
from kill_matrix import read_outcomes
from kill_miniatures import miniatures
from kill_page import page_of
from kill_rules import expected_of

from harness.catalogue import load_catalogues, load_register

PUBLISHED = Path(__file__).parents[2] / "reports/examples/kill-matrix"
OUTCOMES = read_outcomes(PUBLISHED / "outcomes.jsonl")
REGISTER = load_register(load_catalogues().provider("xai"))
MINIATURES = {(each.deviation, each.models): each for each in miniatures()}


def test_the_published_page_is_written_from_the_published_outcomes():
    assert (PUBLISHED / "README.md").read_text() == page_of(OUTCOMES)


def test_every_miniature_of_today_was_run():
    assert [(each.miniature, each.models) for each in OUTCOMES] == list(MINIATURES)


def test_each_miniature_turned_all_that_it_had_to_and_nothing_without_cause():
    assert {each.miniature: (each.missed, each.unrelated) for each in OUTCOMES if each.missed or each.unrelated} == {}


@pytest.mark.parametrize("name", sorted({each.miniature.partition("@")[0] for each in OUTCOMES}))
def test_what_had_to_turn_is_what_the_rules_of_today_demand(name):
    for outcome in (each for each in OUTCOMES if each.miniature.partition("@")[0] == name):
        miniature = MINIATURES[outcome.miniature, outcome.models]
        expected = expected_of(miniature.deviation, miniature.models, miniature.allow)

        assert set(outcome.must) <= expected.must
        # The losing side of a contradiction does not hold without a broken promise either.
        assert all(REGISTER.contradictions(claim) for claim in expected.must - set(outcome.must))
        assert set(outcome.may) <= expected.may
