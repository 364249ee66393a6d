import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reading import Folder
from harness.reading.lines import LinesFile
from harness.suite.dataset import Dataset, DatasetProblem, rows_of_list

cells = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def refuse(problem):
    raise problem


def name_rows(rows):
    return list(rows_of_list(rows, refuse))


def names(rows):
    return [row.name for row in rows]


@pytest.fixture
def dataset(tmp_path):
    def write(name, text, limit=None):
        (tmp_path / name).write_text(text, newline="")
        return Dataset(LinesFile(Folder(tmp_path), name), limit)

    return write


def test_an_id_column_names_the_rows(dataset):
    rows = list(dataset("r.csv", "id,q\nfr-01,Bonjour\nfr-02,Salut\n").rows(refuse))

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
        ("r.csv", "id\na\na\n", "repeats the id 'a' of row 1", 3),
        ("r.csv", "a,b\n1\n", "1 cells, the header has 2", 2),
        ("r.csv", "a,a\n1,2\n", "repeats the column 'a'", 1),
        ("r.csv", 'a\n"x\n', "not CSV", 2),
        ("r.csv", "", "name every column", 1),
        ("r.csv", "a\n", "no rows", None),
        ("r.jsonl", '{"a": 1}\n[1]\n', "line 2 is not a JSON object", 2),
        ("r.jsonl", '{"a": NaN}\n', "NaN is not a JSON value", 1),
        ("r.jsonl", "[" * 100_000, "line 1 is not JSON", 1),
        ("r.jsonl", '{"id": null}\n', "not a text or a whole number", 1),
        ("r.jsonl", '{"id": "a"}\n\n{"q": 1}\n', "row 2 has no id, and others have", 3),
        ("r.jsonl", '\n{"q": 1}\n{"id": "a"}\n', "row 1 has no id, and others have", 2),
        ("r.jsonl", '{"id": 7}\n{"id": " 7 "}\n', "repeats the id '7' of row 1", 2),
        ("r.jsonl", '{"q": "\\ud800"}\n', "half of a surrogate pair", 1),
        ("r.jsonl", '{"q": "\\uD800"}\n', "half of a surrogate pair", 1),
        ("r.txt", "a\n", "neither .csv nor .jsonl", None),
    ],
)
def test_a_dataset_that_cannot_be_used_says_why_and_in_which_line(dataset, name, text, words, line):
    with pytest.raises(DatasetProblem) as problem:
        list(dataset(name, text).rows(refuse))

    assert words in problem.value.message
    assert problem.value.line == line


def test_rows_that_are_in_order_are_read_past_those_that_are_not(dataset):
    problems = []

    rows = dataset("r.jsonl", '{"id": 1}\n{"id": \n{"id": 1}\n{"id": []}\n{"id": 2}\n').rows(problems.append)

    assert names(rows) == ["1", "2"]
    assert [problem.line for problem in problems] == [2, 3, 4]


def test_a_line_separator_inside_a_json_text_does_not_cut_the_row(dataset):
    (row,) = dataset("r.jsonl", '{"q": "a\u2028b"}\n').rows(refuse)

    assert row.columns == {"q": "a\u2028b"}


def test_a_line_break_in_a_quoted_cell_is_part_of_it(dataset):
    rows = list(dataset("r.csv", 'a,b\r\n"x\r\ny",1\r\nz,2\r\n').rows(refuse))

    assert [row.columns["a"] for row in rows] == ["x\ny", "z"]
    assert [row.line for row in rows] == [3, 4]


def test_a_limit_uses_the_first_rows(dataset):
    assert len(list(dataset("r.csv", "a\n1\n2\n3\n", limit=2).rows(refuse))) == 2


@given(rows=st.lists(st.fixed_dictionaries({}, optional={"q": st.integers(0, 2)}), min_size=1, max_size=30))
def test_every_walk_gives_the_same_rows(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("d")
    (folder / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = Dataset(LinesFile(Folder(folder), "r.jsonl"))

    first, second = list(dataset.rows(refuse)), list(dataset.rows(refuse))

    assert first == second
    assert len(set(names(first))) == len(rows)


def test_what_two_rows_share_beside_their_ids_is_no_repetition_of_the_id(monkeypatch):
    # The ids are counted by a hash: here all of them have one.
    monkeypatch.setattr("harness.suite.dataset.hash", lambda _id: 7, raising=False)

    assert names(name_rows([{"id": "a"}, {"id": "b"}, {"id": "c"}])) == ["a", "b", "c"]
    with pytest.raises(DatasetProblem, match="row 3 repeats the id 'b' of row 2"):
        name_rows([{"id": "a"}, {"id": "b"}, {"id": "b"}])
