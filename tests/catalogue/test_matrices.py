from dataclasses import replace

import pytest

from harness.catalogue import load_catalogues
from harness.catalogue.claims import load_register
from harness.catalogue.matrices import build_matrices


@pytest.fixture(scope="module")
def tables():
    provider = load_catalogues().provider("xai")
    return {matrix.name: matrix for matrix in build_matrices(load_register(provider), provider, "observed")}


def cell(table, row, column):
    (found,) = [cells for cells in table.rows if cells[0].text == row]
    return found[table.header.index(column)]


@pytest.mark.parametrize(
    ("table", "row", "column", "text"),
    [
        ("models", "grok-4-0709", "other names", "grok-4, grok-4-latest"),
        ("capabilities", "grok-4-1-fast-reasoning", "reasoning", "always on"),
        ("capabilities", "grok-2-vision-1212", "vision", "yes"),
        ("parameters", "grok-4-1-fast-reasoning", "stop", "no, error"),
        ("parameters", "grok-3", "reasoning_effort", "yes"),
        ("limits", "grok-3", "tokens/minute", "131,000 | 4,000,000"),
        ("limits", "grok-4-fast-reasoning", "at once", "-"),
        ("prices", "grok-code-fast-1", "input", "0.20"),
        ("prices", "grok-3-mini", "cached input (observed)", "0.075"),
        ("prices", "grok-4-0709", "input (observed)", "3.00"),
        ("tools", "web_search", "US dollars", "0.005 a call | not in the total"),
        ("endpoints", "/embeddings", "there", "not yet"),
        ("counts", "all", "claims", "590"),
    ],
)
def test_a_cell_says_what_the_documents_say(tables, table, row, column, text):
    assert cell(tables[table], row, column).text == text


def test_a_cell_that_the_documents_contradict_shows_both_sides_and_the_contradiction(tables):
    shown = cell(tables["limits"], "grok-4-0709", "requests/minute")

    assert shown.marked == "480 | 120 [K10]"


def test_a_cell_names_the_claims_behind_it(tables):
    shown = cell(tables["parameters"], "grok-3", "stop")

    assert shown.claims == ("comp.parameter.grok-3.stop",)


def test_the_matrices_have_a_row_for_each_of_the_nine_chat_models(tables):
    assert [len(tables[name].rows) for name in ("capabilities", "parameters")] == [9, 9]


@pytest.mark.parametrize("wrong", ["cheap", None, True, ["a"], {}])
@pytest.mark.parametrize(
    ("kind", "key"),
    [("pricing", "usd_per_1m_input"), ("tool_cost", "usd_per_call"), ("constraint", "param"), ("guidance", "use_case")],
)
def test_a_value_of_the_wrong_kind_is_shown_as_it_is(kind, key, wrong):
    provider = load_catalogues().provider("xai")
    register = load_register(provider)
    spoilt = [replace(c, value={**c.value, key: wrong}) if c.kind == kind else c for c in register.claims]

    assert build_matrices(replace(register, claims=tuple(spoilt)), provider)


def test_a_claim_that_lacks_what_its_column_shows_is_no_figure():
    provider = load_catalogues().provider("xai")
    register = load_register(provider)
    bare = [replace(c, value={"capability": "vision"}) if c.kind == "capability" else c for c in register.claims]

    shown = {each.name: each for each in build_matrices(replace(register, claims=tuple(bare)), provider)}

    assert cell(shown["capabilities"], "grok-2-vision-1212", "vision").text == "-"
