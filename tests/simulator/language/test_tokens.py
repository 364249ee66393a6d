import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.language import count_tokens, token_id, tokenize

# Every character there is, lone surrogates too, and texts of a few, in which runs and pairs are frequent.
texts = st.text(st.characters()) | st.text(st.sampled_from(" \n\ta'sZé9.,\"你😀\u200d\ud800"))


@given(text=texts)
def test_tokens_joined_are_the_text_and_none_is_empty(text):
    tokens = tokenize(text)

    assert "".join(tokens) == text
    assert "" not in tokens


@given(text=texts)
def test_counting_gives_the_number_that_tokenizing_gives(text):
    assert count_tokens(text) == len(tokenize(text))


def test_english_has_about_four_characters_a_token():
    text = "It is easier to learn on a gentle slope than on flat ground, said the old woman, and she was right. " * 20

    assert 4 < len(text) / count_tokens(text) < 5


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello there", ["Hello", " there"]),
        ("don't", ["don", "'t"]),
        ("in 12345", ["in", " 123", "45"]),
        ("incomprehensibly", ["incomprehe", "nsibly"]),
        ('{"a":', ['{"', "a", '":']),
        ("你好😀", ["你", "好", "😀"]),
        ("a\n\n  b", ["a", "\n\n  ", "b"]),
        (" " * 20, [" " * 16, " " * 4]),
    ],
)
def test_a_text_is_cut_into_words_pieces_digits_and_punctuation(text, tokens):
    assert tokenize(text) == tokens


@given(token=st.text(st.characters(), max_size=8))
def test_a_token_has_a_number_that_fits_31_bits(token):
    assert 0 <= token_id(token) < 2**31


def test_the_number_of_a_token_is_the_same_in_every_run():
    assert (token_id(" the"), token_id("\ud800")) == (1_114_817_750, 499_426_600)


def test_words_have_different_numbers():
    words = [first + second for first in string.ascii_letters for second in string.ascii_letters]

    assert len({token_id(word) for word in words}) == len(words)
