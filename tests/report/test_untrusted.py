"""What must become of text that nobody vouches for."""

import unicodedata
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.untrusted import cut, json_text, one_line, shown_image, visible

any_text = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("hidden", "mark"),
    [
        ("\x1b", "⟨ESC⟩"),
        ("\x01", "⟨U+0001⟩"),
        ("\r", "⟨CR⟩"),
        ("\u202e", "⟨U+202E⟩"),
        ("\u200b", "⟨U+200B⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
    ],
)
def test_what_cannot_be_seen_is_marked(hidden, mark):
    assert visible(f"a{hidden}b") == f"a{mark}b"


def test_ordinary_text_of_any_script_stays_as_it_is():
    text = "naïve\n\t漢字 \N{ARABIC LETTER BEH} \N{ROCKET}\u200d\u200c"

    assert visible(text) == text


@given(text=any_text)
def test_visible_text_can_be_encoded_and_controls_nothing(text):
    shown = visible(text).encode("utf-8").decode("utf-8")

    assert not {unicodedata.category(c) for c in shown if c not in "\n\t"} & {"Cc", "Cs", "Zl", "Zp"}


@given(text=any_text)
def test_one_line_is_one_line(text):
    assert len(f"x{one_line(text)}".splitlines()) == 1


@given(text=any_text, longest=st.integers(1, 20))
def test_a_cut_text_is_no_longer_than_it_may_be_and_shows_that_it_was_cut(text, longest):
    shown = cut(text, longest)

    assert len(shown) <= longest
    assert shown == text or shown.endswith("…")


def test_a_small_inline_picture_is_shown():
    assert shown_image("data:image/png;base64,iVBORw0KGgo=") is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.png",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html;base64,PHN2Zz4=",
        'data:image/png;base64,AA"onerror=x',
        "data:image/png;base64,AAAA\n",
        "data:image/png;base64," + "A" * 300_000,
    ],
)
def test_any_other_picture_is_not(url):
    assert shown_image(url) is None


def test_json_is_sorted_and_reads_mappings_of_any_kind():
    assert json_text(MappingProxyType({"b": 1, "a": {"c": MappingProxyType({})}})) == '{"a": {"c": {}}, "b": 1}'


@pytest.mark.parametrize("value", [10**5000, {1: 2, "a": 3}], ids=["digits", "keys"])
def test_what_json_cannot_hold_is_said_and_not_raised(value):
    assert json_text(value).startswith("(cannot be shown as JSON")
