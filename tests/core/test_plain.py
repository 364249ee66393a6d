import pytest

from harness.core.plain import find_field

BODY = {"id": "k-1", "count": 7, "ok": True, "rate": 0.5, "none": None, "data": [{"id": "a"}, {"id": "b"}]}


@pytest.mark.parametrize(("path", "found"), [("id", "k-1"), ("count", "7"), ("data.1.id", "b")])
def test_a_text_or_whole_number_at_a_path_is_found(path, found):
    assert find_field(BODY, path) == found


@pytest.mark.parametrize("path", ["ok", "rate", "none", "data", "data.2.id", "data.-1.id", "data.x", "id.0", "other"])
def test_nothing_else_is_a_value_to_carry_on(path):
    assert find_field(BODY, path) is None
