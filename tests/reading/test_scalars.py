"""What plain scalars mean, and which are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reading.scalars import ScalarFault, resolve

VALUES = {
    "": None,
    "~": None,
    "null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "FALSE": False,
    "0": 0,
    "-12": -12,
    "+3": 3,
    "0o17": 15,
    "0xfF": 255,
    "1e-3": 0.001,
    "1E3": 1000.0,
    ".5": 0.5,
    "-1.": -1.0,
    "6.02e+23": 6.02e23,
    "18446744073709551615": 2**64 - 1,
}
TEXTS = [
    "nUll",
    "tRue",
    "y",
    "n",
    "2026-01-31",
    "2026-01-31 12:30:45",
    "1.2.3",
    "-",
    ".",
    "+",
    "1e",
    "0x",
    "0o8",
    "1:",
    "12:99",
    "-x",
    "_1",
]
SURPRISES = [
    *("yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"),
    *("12:30", "12:30:45", "-1:30.5", "0777", "08", "00", "1_000", "1_0.5", "0b101", "-0b1", "0x_ff", "-0x1f"),
]


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_a_plain_scalar_is_read_by_the_core_schema(text, value):
    found = resolve(text)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", TEXTS)
def test_what_only_resembles_a_value_is_text(text):
    assert resolve(text) == text


@pytest.mark.parametrize("text", SURPRISES)
def test_what_yaml_1_1_reads_otherwise_is_refused_with_a_remedy(text):
    with pytest.raises(ScalarFault) as caught:
        resolve(text)

    assert caught.value.code == "yaml-1.1"
    assert "quotes" in caught.value.remedy


@pytest.mark.parametrize(
    "text", [".inf", "-.INF", ".nan", ".NaN", "1e999", "18446744073709551616", "9" * 5000, "0." + "1" * 5000]
)
def test_a_number_that_json_or_64_bits_cannot_hold_is_refused(text):
    with pytest.raises(ScalarFault) as caught:
        resolve(text)

    assert caught.value.code == "yaml-number"
    assert len(caught.value.message) < 120


@given(st.integers(-(2**63), 2**64 - 1))
def test_every_integer_of_64_bits_is_read_as_itself(number):
    assert resolve(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_as_itself(number):
    assert resolve(repr(number)) == number
