import os
from pathlib import Path

import pytest
from register_texts import DOCUMENT, REGISTER, spoilt

from harness.catalogue.claims import load_register, parse_register
from harness.catalogue.quotes import find_misquotes, read_documents
from harness.core.catalogue import Provider
from harness.core.errors import InputError

CELL = '{document: d, section: Models, lines: "7", quote: big … 128K, cell: Window}'
LINE_3 = '{document: d, section: Limits, lines: "3", quote: 60 requests a minute}'
DOCUMENTS = os.environ.get("HARNESS_DOCUMENTS")


@pytest.fixture
def check(tmp_path):
    """Misquotes of a register against the document, as (claim, line, fault)."""

    def run(content, document=DOCUMENT):
        (tmp_path / "acme.md").write_text(document, encoding="utf-8")
        register = parse_register({"r.yaml": content})
        misquotes = find_misquotes(register, read_documents(register, tmp_path))
        return [(each.claim.id, each.line, each.fault) for each in misquotes]

    return run


def test_quotes_that_stand_at_their_lines_pass(check):
    assert check(REGISTER) == []


def test_a_wrong_line_is_found(check):
    assert check(spoilt('lines: "3"', 'lines: "4"')) == [("a", 4, "'60 requests a minute' does not stand there")]


def test_a_wrong_word_is_found(check):
    (misquote,) = check(spoilt("quote: 60 requests a minute", "quote: 61 requests a minute"))

    assert misquote[:2] == ("a", 3)


def test_fragments_stand_in_the_order_of_the_quote(check):
    (misquote,) = check(spoilt("You may send … 90 requests", "90 requests … You may send"))

    assert misquote == ("b", 10, "'You may send' does not stand there")


def test_every_place_of_the_lines_holds_some_of_the_words(check):
    two = spoilt('lines: "3", quote: 60 requests a minute', 'lines: "3,10", quote: 60 requests … each minute')

    assert check(two) == []
    assert check(two.replace('"3,10"', '"3,9"')) == [("a", 9, "'each minute' does not stand there")]


def test_a_place_of_which_nothing_is_quoted_is_found(check):
    assert check(spoilt('lines: "3"', 'lines: "3,10"')) == [("a", 10, "nothing is quoted of it")]


@pytest.mark.parametrize("words", ["0 requests a minute", "60 requests a minut", "service takes 6"])
def test_a_quote_does_not_begin_or_end_within_a_word(check, words):
    assert [claim for claim, _, _ in check(spoilt("60 requests a minute", words))] == ["a"]


@pytest.mark.parametrize("name", ["big", "2"])
def test_a_name_does_not_stand_within_a_longer_name(check, name):
    row = f'{{document: d, section: Models, lines: "8", quote: {name} … 256K, cell: Window}}'

    assert check(spoilt(LINE_3, row)) == [("a", 8, f"'{name}' does not stand there")]


def test_a_cell_is_compared_whole(check):
    whole = CELL.replace("128K, cell: Window", '"yes, all", cell: Tools').replace("big … ", "")

    assert check(spoilt(LINE_3, CELL)) == []
    assert check(spoilt(LINE_3, whole)) == []
    assert check(spoilt(LINE_3, whole.replace(", all", ""))) == [
        ("a", 7, "the cell under 'Tools' is 'yes, all', not 'yes'")
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("cell: Window", "cell: Tools", "the cell under 'Tools' is 'yes, all', not '128K'"),
        ("cell: Window", "cell: Windows", "the table has no columns 'Windows'"),
        ('lines: "7"', 'lines: "8"', "'big' does not stand there"),
        ("128K", "256K", "'256K' does not stand there"),
    ],
)
def test_a_wrong_cell_is_found(check, old, new, fault):
    (misquote,) = check(spoilt(LINE_3, CELL.replace(old, new)))

    assert misquote[2] == fault


def test_a_row_outside_any_table_has_no_cell(check):
    outside = LINE_3.replace("}", ", cell: Window}")

    assert check(spoilt(LINE_3, outside)) == [("a", 3, "the table has no columns 'Window'")]


def test_a_document_may_have_any_line_end_and_a_byte_order_mark(check):
    assert check(REGISTER, "\ufeff" + DOCUMENT.replace("\n", "\r\n")) == []


def test_a_missing_document_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(InputError, match=r"acme\.md: cannot be read"):
        read_documents(parse_register({"r.yaml": REGISTER}), tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(DOCUMENT.encode() + b"more\n", "has 11 lines, and 10 when it was read on 2026-01-31"), (b"\xff", "not UTF-8")],
)
def test_another_version_of_a_document_is_no_witness(tmp_path, content, message):
    (tmp_path / "acme.md").write_bytes(content)

    with pytest.raises(InputError, match=message):
        read_documents(parse_register({"r.yaml": REGISTER}), tmp_path)


@pytest.mark.skipif(DOCUMENTS is None, reason="HARNESS_DOCUMENTS names no folder with the vendor's documents")
def test_every_shipped_claim_quotes_its_document_rightly():
    register = load_register(Provider(name="xai", base_url="https://x", dialect="openai-chat", register="xai"))

    misquotes = list(find_misquotes(register, read_documents(register, Path(DOCUMENTS))))

    assert misquotes == []
