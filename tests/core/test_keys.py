from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.canonical import canonical_json, digest
from harness.core.keys import PairKey, RequestKey, TrialKey

REQUEST = RequestKey(provider="local", method="POST", path="/v1/chat/completions", model="m", body="b")
PAIR = PairKey(suite="s", case="c", row="r", index=1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "change",
    [
        {"provider": "xai"},
        {"region": "us-east-1"},
        {"method": "GET"},
        {"path": "/v1/chat/completions?a=1"},
        {"model": "n"},
        {"body": "d"},
        {"credential": "none"},
        {"index": 1},
        {"exchange": 1},
    ],
)
def test_every_part_of_a_request_key_tells_requests_apart(change):
    assert replace(REQUEST, **change).digest != REQUEST.digest


def test_a_pair_key_does_not_know_the_target_and_a_trial_key_does():
    one = TrialKey(pair=PAIR, target="a", rendered="r")
    other = TrialKey(pair=PAIR, target="b", rendered="r")

    assert one.pair == other.pair
    assert one.digest != other.digest


def test_a_pair_key_reads_as_a_path_to_the_trial():
    assert str(PAIR) == "s/c[r]#1"
    assert str(PairKey(suite="s", case="c")) == "s/c"


@given(st.dictionaries(st.text(max_size=3), json_values, min_size=2, max_size=4))
def test_the_order_of_keys_does_not_change_a_digest(value):
    reordered = dict(reversed(value.items()))

    assert digest(value) == digest(reordered)


def test_what_json_cannot_hold_has_no_canonical_form():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
