import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.places import parse_places

runs = st.tuples(st.integers(1, 9999), st.integers(0, 99)).map(lambda run: (run[0], run[0] + run[1]))


@given(st.lists(runs, min_size=1, max_size=5))
def test_places_are_read_as_they_are_written(places):
    written = ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in places)

    assert list(parse_places(written)) == places


@pytest.mark.parametrize("lines", ["", "0", "3-", "-3", "3--4", "3,", "3;4", "\uff14", "3\n", "999999999", "9-3"])
def test_what_names_no_lines_is_refused(lines):
    with pytest.raises(ValueError, match=r"lines are written|ends before"):
        parse_places(lines)
