import re

import numpy as np
import pytest

from harness.simulator.language import END_OF_TEXT, LanguageModel, Sampling, generate, load_language_model, tokenize
from harness.simulator.language.model import _SHARPNESS

MODEL = load_language_model()
TINY = LanguageModel(["the cat sat", "the cat ran", "the dog sat"])


def probabilities(model, *context, topic=None):
    """What the model gives each token, its sharpening undone."""
    return dict(zip(model.vocabulary, np.exp(model.logits(context, topic) / _SHARPNESS), strict=True))


@pytest.mark.parametrize("context", ["", "the", "the cat", "cat the", "unheard of", "the unheard cat", "x the cat sat"])
def test_the_next_tokens_of_any_context_have_probabilities_that_sum_to_one(context):
    for model in (TINY, MODEL):
        assert sum(probabilities(model, *tokenize(context)).values()) == pytest.approx(1)


def test_interpolated_kneser_ney_comes_out_as_computed_by_hand():
    # "the" was followed by " cat" in one context of those that lengthen it, by " dog" in one: both have one half.
    # Contexts of three: the edge alone before "the", always followed by it in three texts of three.
    beginning = probabilities(TINY)
    after_cat = probabilities(TINY, "the", " cat")

    single = {"the": 1, " cat": 1, " dog": 1, " sat": 2, " ran": 1, END_OF_TEXT: 2}
    base = {token: 0.02 / 6 + 0.98 * count / 8 for token, count in single.items()}
    expected = mixed(mixed(mixed(base["the"], 1, 1, 1), 1, 1, 1), 3, 3, 1)
    assert beginning["the"] == pytest.approx(expected)
    expected = mixed(mixed(mixed(base[" ran"], 1, 2, 2), 1, 2, 2), 1, 2, 2)
    assert after_cat[" ran"] == pytest.approx(expected)


def mixed(lower, count, total, kinds, discount=0.65):
    """A discounted count, and what the discounts left for the shorter context."""
    return (count - discount) / total + discount * kinds / total * lower


def test_a_text_ends_where_the_texts_it_learnt_from_end():
    after_full_stop = probabilities(TINY, "the", " cat", " sat")[END_OF_TEXT]

    assert after_full_stop > 0.5 > 5 * probabilities(TINY, "the", " cat")[END_OF_TEXT]


def test_only_the_last_three_tokens_count():
    assert np.array_equal(TINY.logits(["x", "y", "the", " cat", " sat"]), TINY.logits(["the", " cat", " sat"]))


def test_an_unknown_token_cuts_off_what_stands_before_it():
    after = probabilities(TINY, "the", "unknown", "the")

    # One of two kinds after "the", and of eight pairs one ends with " cat".
    assert after[" cat"] == pytest.approx(mixed(0.02 / 6 + 0.98 / 8, 1, 2, 2))


def test_a_token_that_never_came_next_has_a_probability_all_the_same():
    assert min(probabilities(MODEL, " the").values()) > 0


def test_the_words_of_a_prompt_and_their_company_become_likelier():
    before, after = (probabilities(MODEL, " the", topic=topic) for topic in (None, MODEL.topic("Of bees")))

    assert after[" bees"] > 3 * before[" bees"]
    assert after[" honey"] > 3 * before[" honey"]
    assert after[" bees"] / before[" bees"] > 2 * after[" honey"] / before[" honey"]
    assert after[" passport"] < before[" passport"]


def test_a_text_begins_more_often_as_those_do_that_the_prompt_calls_to_mind():
    before, after = (probabilities(MODEL, topic=topic) for topic in (None, MODEL.topic("A parcel, Julia: a scarf!")))

    assert after["Dear"] > 3 * before["Dear"]


@pytest.mark.parametrize("prompt", ["", " \n", ".", "\ud800"])
def test_a_prompt_without_words_can_be_used(prompt):
    assert np.isfinite(MODEL.logits([], MODEL.topic(prompt))).all()


def test_an_empty_prompt_changes_nothing():
    assert np.allclose(MODEL.logits([" the"], MODEL.topic("")), MODEL.logits([" the"]))


@pytest.mark.parametrize("temperature", [0, 1])
def test_different_prompts_give_different_texts_even_of_words_unknown_to_the_model(temperature):
    prompts = ["Write about bees.", "Write about a train.", "Quasars?", "Pulsars?", "Tell me of the sea.", "你好"]

    texts = {
        generate(
            MODEL,
            prompt=prompt,
            draft=None,
            sampling=Sampling(temperature=temperature),
            random=np.random.default_rng(1),
        ).text
        for prompt in prompts
    }

    assert len(texts) == len(prompts)


def test_nothing_that_the_model_is_asked_changes_it():
    before = MODEL.logits([" the"])

    MODEL.logits([" the"], MODEL.topic("bees"))[:] = 0

    assert np.array_equal(MODEL.logits([" the"]), before)


def test_the_model_is_made_once_and_knows_the_words_of_every_part_of_its_corpus():
    assert load_language_model() is MODEL
    assert {" bees", " Bergen", " Thursday", "def", " kettle", "Dear"} <= set(MODEL.vocabulary)


def test_the_end_of_text_is_first_in_the_vocabulary_and_cannot_be_typed():
    assert MODEL.vocabulary[0] == END_OF_TEXT
    assert len(tokenize(END_OF_TEXT)) > 1
    assert all(re.fullmatch(r"[\x20-\x7e\n]+", token) for token in MODEL.vocabulary)
