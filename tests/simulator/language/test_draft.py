import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.simulator.language import DRAFT_LOGIT, TOKEN_CAP, Sampling, generate, load_language_model, tokenize

MODEL = load_language_model()
COUNTING = "one two three four five six seven eight nine ten, and then the cat sat down on a mat and went to sleep."
DRAFTS = [
    COUNTING,
    '{"name": "Ünï", "list": [1, 2.5e3, null],\n  "text": "a\\nb"}',
    "def f(x):\n    return x ** 2  # 平方\n\n\nprint(f(3))\n",
    "你好。世界🎉👩‍👩‍👧 e\u0301 \u200f\ufeff\t\r\n",
    " leading and trailing  ",
    "lone \ud800 surrogate",
]
texts = st.text(st.sampled_from("ab \n.é你😀"), max_size=20)


def say(draft, *, seed=1, faithful=False, forbid=(), **settings):
    return generate(
        MODEL,
        prompt="Say it.",
        draft=draft,
        sampling=Sampling(**settings),
        random=np.random.default_rng(seed),
        forbid=forbid,
        faithful=faithful,
    )


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("temperature", [0, 0.7])
def test_a_draft_comes_out_as_it_is(draft, temperature):
    said = say(draft, temperature=temperature)

    assert said.text == draft
    assert said.finish_reason == "stop"
    assert [draw.token for draw in said.draws] == tokenize(draft)


def test_an_empty_draft_is_an_empty_text_and_not_an_open_one():
    said = say("")

    assert (said.text, said.draws, said.finish_reason) == ("", (), "stop")


def test_at_temperature_1_two_hundred_tokens_stray_less_often_than_once_in_fifty():
    draft = "".join(tokenize(COUNTING * 9)[:200])
    bound = (1 + math.exp(-DRAFT_LOGIT)) ** -201

    wholly = [sum(draw.logprob for draw in say(draft, seed=seed).draws) for seed in range(20)]

    # The chance of all tokens as drafted, from the very distributions they were drawn from.
    assert bound > 0.98
    assert max(wholly) >= math.log(bound)


@pytest.mark.parametrize("top_p", [0.9, 0.5])
def test_a_nucleus_takes_the_last_doubt_from_a_draft(top_p):
    assert {say(COUNTING, seed=seed, top_p=top_p).text for seed in range(5)} == {COUNTING}


def test_at_temperature_2_forty_tokens_visibly_stray():
    draft = "".join(tokenize(COUNTING * 2)[:40])

    said = {say(draft, seed=seed, temperature=2).text for seed in range(8)}

    assert len(said) >= 6


def test_after_a_stray_token_the_draft_goes_on_where_it_was():
    said = [draw.token for draw in say(COUNTING, seed=2, temperature=2).draws]

    remaining = iter(said)
    assert len(said) > len(tokenize(COUNTING))
    assert all(token in remaining for token in tokenize(COUNTING))


@pytest.mark.parametrize("word", ["no ", "🎉"])
@pytest.mark.parametrize("temperature", [0, 1])
def test_a_frequency_penalty_of_2_breaks_up_a_repetition(word, temperature):
    said = say((word * 60).strip(), frequency_penalty=2, temperature=temperature)

    assert said.text.startswith(word * 4)
    assert said.text.count(word.strip()) < 15
    assert len(said.draws) <= 70


def test_a_frequency_penalty_of_minus_2_keeps_a_repetition_going():
    said = say(" ".join(["no"] * 60), frequency_penalty=-2, max_tokens=100)

    assert said.text == " ".join(["no"] * 100)


def test_a_draft_longer_than_the_cap_is_said_to_its_end():
    draft = "你" * (TOKEN_CAP + 100)

    assert say(draft, temperature=0).text == draft


@given(draft=texts, temperature=st.floats(0, 5), penalty=st.floats(-3, 3))
@settings(max_examples=30)
def test_a_faithful_draft_is_said_exactly_under_any_setting(draft, temperature, penalty):
    said = say(draft, faithful=True, temperature=temperature, frequency_penalty=penalty, top_logprobs=2)

    assert said.text == draft
    assert all((draw.logprob, draw.top) == (0, ((draw.token, 0),)) for draw in said.draws)


@pytest.mark.parametrize("wrong", [{"draft": None}, {"draft": "a", "forbid": ["a"]}], ids=str)
def test_being_faithful_to_nothing_or_to_what_is_forbidden_is_refused(wrong):
    with pytest.raises(ValueError, match="faithful"):
        say(**wrong, faithful=True)


@pytest.mark.parametrize(
    ("draft", "stop", "text", "stopped_by"),
    [
        ("one two three", (" two",), "one", " two"),
        ("one two three", ("one",), "", "one"),
        ("one two three", ("ne two t",), "o", "ne two t"),
        ("one two three", ("x", "three"), "one two ", "three"),
        ("one two three", ("four",), "one two three", None),
        ("a\n\nb", ("\n",), "a", "\n"),
        ("早上好。再见。", ("。",), "早上好", "。"),
        ("yes 👩‍👧 no", ("\u200d👧",), "yes 👩", "\u200d👧"),
        ("one two", ("two", "e tw"), "on", "e tw"),
        ("abcde", ("bcd", "c"), "ab", "c"),
    ],
)
def test_a_text_ends_before_the_stop_string_that_is_completed_first(draft, stop, text, stopped_by):
    said = say(draft, stop=stop, temperature=0)

    assert (said.text, said.stopped_by, said.finish_reason) == (text, stopped_by, "stop")


@given(draft=texts, stop=st.lists(texts.filter(bool), max_size=3))
def test_where_tokens_are_cut_does_not_change_where_a_text_stops(draft, stop):
    said = say(draft, stop=tuple(stop), faithful=True)

    ends = [end for end in range(len(draft) + 1) if any(draft[:end].endswith(each) for each in stop)]
    if not ends:
        assert (said.text, said.stopped_by) == (draft, None)
        return
    longest = max(len(each) for each in stop if draft[: ends[0]].endswith(each))
    assert said.text == draft[: ends[0] - longest]
    assert said.text + said.stopped_by == draft[: ends[0]]


@given(draft=texts, stop=texts)
def test_the_pieces_to_stream_are_the_text_one_for_each_draw(draft, stop):
    said = say(draft, stop=(stop,) if stop else (), faithful=True)

    assert "".join(said.pieces) == said.text
    assert len(said.pieces) == len(said.draws)
    assert all(draw.token.startswith(piece) for draw, piece in zip(said.draws, said.pieces, strict=True))


def test_the_tokens_of_a_stop_string_are_counted_though_not_shown():
    said = say("one two three", stop=("two thr",), temperature=0)

    assert said.pieces == ("one", " ", "")


def test_a_limit_that_is_met_with_the_last_token_counts_as_one():
    said = say("one two", max_tokens=2, temperature=0)

    assert (said.text, said.finish_reason) == ("one two", "length")


def test_a_stop_string_on_the_last_token_allowed_ends_the_text_first():
    said = say("one two", max_tokens=2, stop=("two",), temperature=0)

    assert (said.text, said.finish_reason, said.stopped_by) == ("one ", "stop", "two")
