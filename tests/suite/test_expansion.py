"""Cases of datasets: built anew for each walk, never kept, and always those that were planned."""

import json
import tracemalloc
from decimal import Decimal

import pytest

from harness.checks import load_kinds
from harness.core.canonical import digest, digest_bytes
from harness.core.catalogue import Ceiling
from harness.core.errors import InputError
from harness.reading import ProblemsError
from harness.suite import parse_suite

HEAD = "suite: s\ntargets: [local/*]\ncases:\n"
CASE = "  - {id: a, dataset: {file: r.jsonl}, prompt: 'Say {{ w }}', expect: [{contains: '{{ w }}'}]}\n"


@pytest.fixture
def suite(tmp_path):
    def load(rows, cases=CASE, head=HEAD):
        (tmp_path / "r.jsonl").write_text(
            "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
        )
        return parse_suite((head + cases).encode(), tmp_path / "s.yaml", load_kinds())

    return load


def problems_of(load, *arguments):
    with pytest.raises(ProblemsError) as refusal:
        load(*arguments)
    return refusal.value.problems


def test_cases_are_counted_and_every_walk_gives_them_in_the_order_of_the_file(suite):
    written = "  - {id: first, prompt: hi, expect: [{contains: x}]}\n" + CASE + CASE.replace("id: a", "id: b")

    cases = suite([{"w": "one"}, {"w": "two"}], written).cases

    assert len(cases) == 5
    assert list(cases) == list(cases)
    said = [(case.id, case.turns[0].messages[0].text) for case in cases]
    assert said == [("first", "hi"), ("a", "Say one"), ("a", "Say two"), ("b", "Say one"), ("b", "Say two")]


def test_the_first_case_of_each_that_is_written_stands_for_what_no_row_changes(suite):
    loaded = suite([{"w": "one"}, {"w": "two"}], CASE + "  - {id: b, tags: [t], prompt: hi, expect: [{contains: x}]}\n")

    assert loaded.written == (next(iter(loaded.cases)), [*loaded.cases][-1])


def test_memory_does_not_grow_with_the_rows(suite):
    suite([{"w": "x"}])  # what is imported or kept once is not the rows'
    peaks = []
    for count in (200, 2_000):
        tracemalloc.start()
        loaded = suite({"id": str(number), "w": "x" * 200} for number in range(count))
        tracemalloc.reset_peak()
        assert sum(1 for _ in loaded.cases) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] - peaks[0] < 40 * 1_800


def test_what_no_row_changes_is_made_once_for_all_rows(suite):
    cases = "  - {id: a, dataset: {file: r.jsonl}, prompt: '{{ w }}', params: {n: 1}, expect: [{contains: x}]}\n"

    one, two = suite([{"w": "one"}, {"w": "two"}], cases).cases

    assert one.params is two.params
    assert one.turns[0].expect is two.turns[0].expect


def test_a_dataset_that_changes_after_it_was_loaded_is_not_asked(suite, tmp_path):
    cases = suite([{"w": "one"}]).cases
    (tmp_path / "r.jsonl").write_text('{"w": "two"}\n{"w": "three"}\n')

    with pytest.raises(InputError, match="has changed"):
        list(cases)


def test_a_dataset_counts_in_the_suites_digest_by_its_bytes(suite, tmp_path):
    loaded = suite(['\ufeff{"w": "one"}\r\n', '{"w": "two"}'], CASE.replace("r.jsonl}", "r.jsonl, limit: 1}"))

    content = (HEAD + CASE.replace("r.jsonl}", "r.jsonl, limit: 1}")).encode()
    rows = digest_bytes((tmp_path / "r.jsonl").read_bytes())
    assert loaded.digest == digest([digest_bytes(content), [("r.jsonl", rows)]])
    assert len(loaded.cases) == 1


def test_every_row_that_is_wrong_is_told_with_its_file_and_line(suite):
    found = problems_of(suite, ['{"w": "1"}\n', "[]\n", '{"w": \n', '{"w": NaN}\n'])

    assert [(problem.path.rpartition("/")[2], problem.line) for problem in found] == [
        ("r.jsonl", line) for line in (2, 3, 4)
    ]
    assert found[1].source_line == '{"w": '


def test_a_template_that_some_rows_cannot_fill_is_one_problem_that_names_the_first(suite):
    cases = CASE.replace("contains: '{{ w }}'", "contains: x")

    (problem,) = problems_of(suite, [{"id": "x", "w": "1"}, {"id": "y"}, {"id": "z"}], cases)

    assert problem.line == 4
    assert "'w' is not defined (row 'y' in line 2 of the dataset and 1 more)" in problem.message


def test_a_check_that_one_row_makes_wrong_is_refused_when_the_suite_is_loaded(suite):
    cases = "  - {id: a, dataset: {file: r.jsonl}, prompt: hi, expect: [{regex: '{{ w }}'}]}\n"

    (problem,) = problems_of(suite, [{"w": "x"}, {"w": "("}], cases)

    assert (problem.line, problem.code) == (4, "suite-check")
    assert "line 2 of the dataset" in problem.message


def test_a_dataset_with_endless_problems_is_not_read_to_its_end(suite):
    found = problems_of(suite, ["[]\n"] * 10_000)

    assert len(found) == 51
    assert "50 problems" in found[-1].message


def test_a_row_of_an_inline_list_is_blamed_where_it_stands(suite):
    cases = "  - id: a\n    dataset:\n      - {id: 1}\n      - {id: 1}\n    prompt: hi\n    expect: [{contains: x}]\n"

    (problem,) = problems_of(suite, [], cases)

    assert (problem.line, problem.code) == (7, "suite-dataset")


def test_a_budget_is_read_exactly_for_the_suite_and_for_a_target(suite):
    targets = "[{model: local/*, budget: {usd: '2.50'}}, local/b]"
    head = f"suite: s\nbudget: {{usd: 0.1, requests: 500}}\ntargets: {targets}\ncases:\n"

    loaded = suite([{"w": "1"}], CASE, head)

    assert loaded.budget == Ceiling(usd=Decimal("0.1"), requests=500)
    assert [target.budget for target in loaded.targets] == [Ceiling(usd=Decimal("2.50")), None]
    assert str(loaded.targets[0].budget.usd) == "2.50"


@pytest.mark.parametrize(
    "budget",
    [
        *(
            "{}",
            "5",
            "{usd: 0}",
            "{usd: -1}",
            "{usd: two}",
            "{usd: '1e3'}",
            "{usd: ' 1'}",
            "{usd: true}",
            "{usd: null}",
        ),
        *("{usd: 1.0e+300}", "{requests: 0}", "{requests: 1.5}", "{requests: '5'}", "{usd: 1, tokens: 5}"),
    ],
)
def test_a_budget_that_bounds_nothing_or_nonsense_is_a_problem_at_its_place(suite, budget):
    found = problems_of(suite, [{"w": "1"}], CASE, f"suite: s\nbudget: {budget}\ntargets: [local/*]\ncases:\n")

    assert {problem.line for problem in found} == {2}
