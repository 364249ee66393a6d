import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.suite.dataset import DatasetProblem, name_rows, rows_of_file

cells = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def names(rows):
    return [row.name for row in rows]


def test_an_id_column_names_the_rows():
    rows = rows_of_file("r.csv", "id,q\nfr-01,Bonjour\nfr-02,Salut\n")

    assert names(rows) == ["fr-01", "fr-02"]
    assert rows[0].columns == {"id": "fr-01", "q": "Bonjour"}


@given(st.lists(st.dictionaries(st.sampled_from("ab"), cells, min_size=1), min_size=2, max_size=5), st.randoms())
def test_a_row_without_an_id_keeps_its_name_wherever_it_stands(rows, random):
    before = {(row.name, json.dumps(row.columns, sort_keys=True)) for row in name_rows(rows)}
    random.shuffle(rows)

    after = {(row.name, json.dumps(row.columns, sort_keys=True)) for row in name_rows(rows)}

    assert before == after


def test_equal_rows_are_numbered_among_themselves():
    rows = name_rows([{"q": "a"}, {"q": "b"}, {"q": "a"}])

    assert names(rows)[2] == f"{names(rows)[0]}-2"


@pytest.mark.parametrize(
    ("name", "text", "words", "line"),
    [
        ("r.csv", "id\na\na\n", "repeats the id 'a' of row 1", 2),
        ("r.csv", "a,b\n1\n", "1 cells, the header has 2", 2),
        ("r.csv", "a,a\n1,2\n", "repeats the column 'a'", 1),
        ("r.csv", 'a\n"x\n', "not CSV", 2),
        ("r.csv", "", "name every column", 1),
        ("r.csv", "a\n", "no rows", None),
        ("r.jsonl", '{"a": 1}\n[1]\n', "line 2 is not a JSON object", 2),
        ("r.jsonl", '{"a": NaN}\n', "NaN is not a JSON value", 1),
        ("r.jsonl", "[" * 100_000, "line 1 is not JSON", 1),
        ("r.jsonl", '{"id": null}\n', "not a text or a whole number", 1),
        ("r.jsonl", '{"id": "a"}\n{"q": 1}\n', "row 2 has no id, and others have", 2),
        ("r.jsonl", '{"q": "\\ud800"}\n', "half of a surrogate pair", 1),
        ("r.txt", "a\n", "neither .csv nor .jsonl", None),
    ],
)
def test_a_dataset_that_cannot_be_used_says_why_and_in_which_line(name, text, words, line):
    with pytest.raises(DatasetProblem) as problem:
        rows_of_file(name, text)

    assert words in problem.value.message
    assert problem.value.line == line


def test_a_line_separator_inside_a_json_text_does_not_cut_the_row():
    rows = rows_of_file("r.jsonl", '{"q": "a\u2028b"}\n')

    assert rows[0].columns == {"q": "a\u2028b"}


def test_a_limit_uses_the_first_rows():
    assert len(rows_of_file("r.csv", "a\n1\n2\n3\n", limit=2)) == 2
