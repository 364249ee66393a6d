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
        ("prices", "grok-3-mini", "reasoning", "as output"),
        ("prices", "grok-3-mini", "reasoning (observed)", "0.50"),
        ("prices", "grok-4-fast-non-reasoning", "reasoning", "-"),
        ("prices", "grok-4-0709", "beyond 128k", "other, no figure | the same"),
        ("prices", "grok-4-fast-reasoning", "beyond 128k", "-"),
        ("prices", "grok-4-fast-reasoning", "beyond 128k (observed)", "0.40 input, 1.00 output"),
        ("prices", "grok-2-vision-1212", "context", "32K"),
        ("tools", "image generation", "US dollars", "0.07 an image"),
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


@pytest.mark.parametrize(
    ("table", "row", "column", "marked"),
    [
        ("parameters", "grok-4-fast-non-reasoning", "stop", "no | yes [K20]"),
        ("capabilities", "grok-code-fast-1", "prompt cache", "yes | no [K44]"),
        ("capabilities", "grok-4-0709", "structured outputs", "yes | only json_object, text [K30]"),
        ("models", "grok-4-0709", "status", "stable | latest and greatest flagship [K48]"),
        ("models", "grok-4-1-fast-reasoning", "status", "latest | grok-4 instead [K48]"),
        ("models", "grok-3", "released", "2025-03 | by 2025-01 [K47]"),
        ("models", "grok-4-1-fast-reasoning", "other names", "grok-4-1-fast-reasoning-2025-11 [K50]"),
        ("prices", "grok-4-0709", "cached input", "0.75 | as input [K02]"),
        ("limits", "https://api.x.ai/v1", "tokens/minute", "4,000,000 | 3 others [K11]"),
        ("limits", "grok-4-fast-non-reasoning", "tokens/minute", "4,000,000 [K12]"),
        ("endpoints", "/messages", "path", "/messages [K54]"),
    ],
)
def test_a_cell_shows_what_claims_of_another_kind_or_subject_hold_against_it(tables, table, row, column, marked):
    assert cell(tables[table], row, column).marked == marked


def test_only_contradicted_claims_are_marked(tables):
    assert cell(tables["limits"], "grok-4-1-fast-reasoning", "tokens/minute").conflicts == ()
    assert cell(tables["capabilities"], "grok-4-0709", "prompt cache").marked == "yes"


@pytest.mark.parametrize(
    ("table", "what", "documented"),
    [
        ("request", "temperature.range", "0.0 to 2.0"),
        ("request", "max_tokens", "number; optional; default varies; meaning max response tokens"),
        ("request", "reasoning_effort.values", "one of low, high; only Grok 3 models"),
        ("reply", "object", "always chat.completion"),
        ("reply", "choices", "Choice[]; at least 1"),
        ("stream", "first.role", 'delta.role assistant; delta.content ""'),
        ("headers", "x-ratelimit-limit-requests", "present yes; example 480; format integer"),
        ("tool-calls", "1.content-null", "content null"),
        (
            "constraints",
            "grok-4-0709.extended-params",
            r'stop ["\n\n"], frequency_penalty 0.1, presence_penalty 0.1: error',
        ),
        ("rules", "tick", "symbol tick; means fully supported"),
    ],
)
def test_a_row_of_the_protocol_says_what_one_claim_says(tables, table, what, documented):
    (row,) = [row for row in tables[table].rows if row[1].text == what]

    assert row[2].text == documented
    assert row[0].claims == row[1].claims == row[2].claims


def test_every_claim_about_the_protocol_has_a_row_of_its_own(tables):
    kinds = {"constraint", "request_schema", "response_schema", "stream", "auth", "rate_header", "error", "tool_schema"}
    kinds |= {"tool_flow", "builtin_tool", "legend", "rule", "arithmetic"}
    names = ("constraints", "request", "reply", "stream", "headers", "tool-calls", "rules")

    shown = [row[0].claims[0] for name in names for row in tables[name].rows]

    register = load_register(load_catalogues().provider("xai"))
    assert sorted(shown) == sorted(claim.id for claim in register.claims if claim.kind in kinds)


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
