from pathlib import Path

import pytest
from effect_page import EXPECTED, grouped, page, read_as, read_runs
from effect_probes import PARAMETERS

PUBLISHED = Path(__file__).parents[2] / "reports/examples/effect-probes"
RUNS = read_runs(PUBLISHED / "runs.jsonl")
GROUPS = grouped(RUNS)


def test_the_published_page_is_written_from_the_published_runs():
    assert (PUBLISHED / "README.md").read_text() == page(RUNS)


@pytest.mark.parametrize("tampering", EXPECTED)
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_each_parameter_was_tried_ten_times_in_each_way_and_never_called_what_it_is_not(parameter, tampering):
    group = GROUPS[parameter, tampering]

    assert len({run.seed for run in group}) >= 10
    assert [run.observed for run in group if read_as(run) == "wrong"] == []


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_each_parameter_was_found_in_nine_runs_of_ten_and_its_absence_in_eight(parameter):
    found, absent = (
        [read_as(run) for run in GROUPS[parameter, tampering]].count("right") / len(GROUPS[parameter, tampering])
        for tampering in ("none", "strip")
    )

    assert found >= 0.9
    assert absent >= 0.8
