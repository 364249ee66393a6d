import json

import pytest
from register_texts import DOCUMENT, REGISTER

from harness.cli import main

PROVIDER = """provider: acme
base_url: https://api.acme.example/v1
dialect: openai-chat
models: [{id: big}]
"""


@pytest.fixture
def catalogue(harness, tmp_path, monkeypatch):
    """`harness catalogue ...` of a vendor with a register and a document of its own."""
    monkeypatch.setitem(main.COMMANDS, "catalogue", "")
    monkeypatch.delenv("HARNESS_DOCUMENTS", raising=False)
    (tmp_path / "acme.yaml").write_text(PROVIDER)
    (tmp_path / "register").mkdir()
    (tmp_path / "register" / "all.yaml").write_text(REGISTER)
    (tmp_path / "acme.md").write_text(DOCUMENT)

    def run(action, *arguments):
        return harness("catalogue", action, "acme", "--catalogue", "acme.yaml", "--register", "register", *arguments)

    return run


def test_check_counts_the_quotes_that_stand_at_their_lines(catalogue):
    result = catalogue("check", "--documents", ".")

    assert result.code == 0
    assert "2 of 2 quotes stand at their lines" in result.out


def test_check_takes_the_folder_from_the_environment(catalogue, monkeypatch):
    monkeypatch.setenv("HARNESS_DOCUMENTS", ".")

    assert catalogue("check").code == 0


def test_check_finds_a_document_that_lies_beside_the_register(catalogue, tmp_path):
    (tmp_path / "acme.md").rename(tmp_path / "register" / "acme.md")

    assert catalogue("check").code == 0


def test_check_tells_claim_place_quote_and_what_stands_there(catalogue, tmp_path):
    (tmp_path / "register" / "all.yaml").write_text(REGISTER.replace("60 requests", "70 requests"))

    result = catalogue("check", "--documents", ".")

    assert result.code == 1
    assert "acme.md:3: claim a: '70 requests a minute' does not stand there" in result.out
    assert "stands: The service takes 60 requests a minute." in result.out
    assert "1 of 2 quotes" in result.out


def test_check_tells_where_the_provider_says_other_than_its_claims(catalogue, tmp_path):
    (tmp_path / "acme.yaml").write_text(PROVIDER.replace("{id: big}", "{id: big, window_tokens: 5}"))

    result = catalogue("check", "--documents", ".")

    assert (result.code, "big, window_tokens: the file says 5, the claims nothing" in result.out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "set HARNESS_DOCUMENTS or --documents to a folder that holds acme.md"),
        (("--documents", "register"), "acme.md"),
    ],
)
def test_check_without_the_documents_says_what_to_set(catalogue, arguments, message):
    result = catalogue("check", *arguments)

    assert (result.code, message in result.err) == (2, True)


def test_show_puts_both_sides_of_a_contradiction_beside_each_other(catalogue):
    result = catalogue("show", "--section", "conflicts")

    (line,) = [line for line in result.out.splitlines() if "sixty" in line]
    assert (result.code, line.split("|")[1].strip()) == (0, "ninety")
    assert "d:3 a" in result.out


def test_show_of_a_section_that_is_empty_says_so(catalogue):
    result = catalogue("show", "--section", "uses")

    assert (result.code, result.out) == (0, "acme: nothing is documented of uses\n")


def test_a_register_cannot_steer_the_terminal(catalogue, tmp_path):
    hostile = REGISTER.replace("says: sixty", r'says: "\e[31msixty"').replace("id: acme", r'id: "\u202eacme"')
    (tmp_path / "register" / "all.yaml").write_text(hostile.replace("rate_limit", "host"))

    result = catalogue("show")

    assert (result.code, "\x1b" in result.out, "\u202e" in result.out) == (0, False, False)
    assert r"\u202eacme" in result.out


@pytest.fixture
def xai(harness, monkeypatch):
    """`harness catalogue show` of the shipped vendor."""
    monkeypatch.setitem(main.COMMANDS, "catalogue", "")

    def run(*arguments):
        return harness("catalogue", "show", *arguments)

    return run


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_show_fits_the_terminal(xai, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = xai().out.splitlines()

    assert [line for line in lines if len(line) > columns] == []


def test_show_prints_each_matrix_of_the_documents(xai):
    titles = xai().out

    for title in ("Models", "Capabilities", "Parameters", "Rate limits", "Prices", "Use cases", "Contradictions: 30"):
        assert f"\n{title}" in titles


@pytest.mark.parametrize("section", ["claims", "request", "constraints", "conflicts"])
@pytest.mark.parametrize("columns", [60, 80, 160])
def test_a_section_of_its_own_fits_the_terminal_too(xai, monkeypatch, section, columns):
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = xai("--section", section).out.splitlines()

    assert [line for line in lines if len(line) > columns] == []


def test_the_section_of_claims_has_each_claim_with_its_place_and_conflicts(xai, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")

    lines = xai("--section", "claims").out.splitlines()

    places = [line for line in lines if line.startswith(("  comp:", "  ref:"))]
    assert len(places) == 590
    at = lines.index("  comp:505  comp.pricing.grok-4-0709.input  [K01 K03]  (K02)")
    assert lines[at + 1] == "    model grok-4-0709: usd per 1m input 5.0"


def test_show_without_a_section_says_which_it_leaves_out(xai):
    shown = xai().out

    assert "Further sections, by --section: constraints, request, reply," in shown
    assert "comp.legend.tick" not in shown
    assert "\nClaims: all 590" not in shown


@pytest.mark.parametrize(
    ("section", "title", "other"),
    [
        ("conflicts", "Contradictions: 30 of 67 conflicts", "The other 37 conflicts leave something open"),
        ("notes", "Open or ambiguous: 37 of 67 conflicts", "The other 30 conflicts are contradictions"),
    ],
)
def test_either_list_of_conflicts_leads_to_the_other_and_explains_its_letters(xai, section, title, other):
    shown = xai("--section", section).out

    assert shown.startswith(title)
    assert other in shown
    assert "X: quotes contradict each other; S: one passage itself" in shown


def test_a_reading_without_a_claim_shows_the_lines_that_it_rests_on(xai, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")

    shown = xai("--section", "conflicts").out

    assert "(comp:466-473)" in shown
    assert "the API refuses it (public evidence)" in shown
    assert "touches: comp.request_schema.images.size" in shown


@pytest.mark.parametrize(("section", "explained"), [("limits", True), ("parameters", True), ("counts", False)])
def test_a_table_with_contradictions_says_what_their_mark_means(xai, section, explained):
    assert ("[Kn]: contradicted by the documents; --section conflicts" in xai("--section", section).out) == explained


def test_show_as_json_holds_every_claim(xai):
    assert len(json.loads(xai("--json").out)["claims"]) == 590


def test_show_as_json_names_the_claims_of_every_cell(xai):
    shown = json.loads(xai("--json").out)

    models = shown["tables"]["models"]["rows"]
    assert models[0][1] == {
        "text": "4.1",
        "claims": ["comp.catalogue.grok-4-1-fast-reasoning.version"],
        "conflicts": [],
    }
    assert (len(shown["conflicts"]), len(shown["notes"])) == (30, 37)
    assert shown["conflicts"][0]["sides"][1]["claims"][0]["where"] == "ref:24"


def test_show_puts_observed_prices_beside_the_documented_ones(xai):
    result = xai("--section", "prices", "--prices", "observed")

    assert "input (observed)" in result.out


def test_a_price_profile_that_does_not_exist_is_refused_with_those_that_do(xai):
    result = xai("--prices", "guessed")

    assert (result.code, "it has documented, observed" in result.err) == (2, True)


def test_a_provider_without_claims_is_refused(xai):
    result = xai("local")

    assert (result.code, "'local' has no register" in result.err) == (2, True)
    assert "a folder of register files: --register DIR" in result.err


def test_an_unknown_provider_is_refused_with_the_way_to_describe_it(xai):
    result = xai("xay")

    assert result.code == 2
    assert "did you mean 'xai'?\n   or describe it in a catalogue file: --catalogue FILE" in result.err
