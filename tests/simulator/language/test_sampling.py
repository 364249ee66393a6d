import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.language import END_OF_TEXT, TOKEN_CAP, Sampling, draws, generate, load_language_model, tokenize
from harness.simulator.language.sampling import choose, nucleus, penalty

MODEL = load_language_model()
weight_lists = st.lists(st.floats(0, 1), min_size=1, max_size=12).filter(lambda each: sum(each) > 0)


def say(draft=None, *, seed=1, prompt="Write freely.", forbid=(), faithful=False, **settings):
    return generate(
        MODEL,
        prompt=prompt,
        draft=draft,
        sampling=Sampling(**settings),
        random=np.random.default_rng(seed),
        forbid=forbid,
        faithful=faithful,
    )


@pytest.mark.parametrize(
    "setting",
    [
        *({name: value} for name in ("temperature", "top_p") for value in (math.nan, math.inf, -0.1)),
        *({name: value} for name in ("frequency_penalty", "presence_penalty") for value in (math.nan, -math.inf, 1e7)),
        {"max_tokens": -1},
        {"top_logprobs": -1},
        {"stop": ("a", "")},
    ],
    ids=str,
)
def test_a_setting_without_meaning_is_refused(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        Sampling(**setting)


def test_temperature_0_takes_the_first_of_the_likeliest():
    chosen, _ = choose(np.array([0.5, 2.0, 1.0, 2.0]), Sampling(temperature=0), np.random.default_rng(1))

    assert chosen == 1


@pytest.mark.parametrize("temperature", [1e-300, 1e-9])
def test_a_temperature_near_0_takes_the_likeliest_too(temperature):
    chosen, _ = choose(np.array([0.5, 2.0, 1.0]), Sampling(temperature=temperature), np.random.default_rng(1))

    assert chosen == 1


def test_a_very_high_temperature_makes_all_tokens_alike():
    _, logprobs = choose(np.array([-50.0, 11.0]), Sampling(temperature=1e300), np.random.default_rng(1))

    assert logprobs == pytest.approx([math.log(0.5)] * 2)


@pytest.mark.parametrize("number", [0.0, 0.5, math.nextafter(1, 0)])
def test_what_is_masked_is_never_drawn_whatever_the_random_number(number):
    class Fixed:
        def random(self):
            return number

    chosen, _ = choose(np.array([-math.inf, 0.1, 0.2, 0.3, -math.inf]), Sampling(), Fixed())

    assert chosen in {1, 2, 3}


@given(weights=weight_lists, top_p=st.floats(0, 1))
def test_top_p_keeps_the_smallest_set_with_that_share_and_changes_no_weight(weights, top_p):
    weights = np.array(weights)

    kept = nucleus(weights, top_p)

    inside = weights[kept > 0]
    assert set(kept) <= {0, *weights}
    assert min(inside) >= max([*weights[kept == 0], 0])
    assert sum(inside) >= top_p * sum(weights) - 1e-9
    assert len(inside) == 1 or sum(inside) - min(inside) < top_p * sum(weights) + 1e-9


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (0, [0, 0.5, 0, 0]),
        (0.5, [0, 0.5, 0, 0]),
        (0.51, [0, 0.5, 0, 0.25]),
        (0.75, [0, 0.5, 0, 0.25]),
        (0.76, [0.125, 0.5, 0, 0.25]),
    ],
)
def test_top_p_is_met_exactly_at_its_edge_and_of_equals_the_first_stay(top_p, kept):
    assert nucleus(np.array([0.125, 0.5, 0.125, 0.25]), top_p).tolist() == kept


@pytest.mark.parametrize("top_p", [0.2, 0.9])
def test_no_token_outside_the_nucleus_is_ever_drawn_and_all_within_are(top_p):
    logits, random = MODEL.logits([" the"]), np.random.default_rng(1)
    order = np.argsort(-logits, kind="stable")
    size = int((np.cumsum(np.exp(logits[order]) / np.exp(logits).sum()) < top_p).sum()) + 1

    chosen = {choose(logits, Sampling(top_p=top_p), random)[0] for _ in range(3000)}

    assert chosen <= set(order[:size].tolist())
    assert set(order[: min(size, 10)].tolist()) <= chosen


@pytest.mark.parametrize("prompt", ["", "Hello", "Write a poem about bees."])
def test_a_tiny_top_p_gives_one_text_at_temperature_2_whatever_the_seed(prompt):
    texts = {say(prompt=prompt, seed=seed, temperature=2, top_p=0.001, max_tokens=80).text for seed in range(5)}

    assert len(texts) == 1


def test_seeds_reproduce_a_text_and_differ_from_each_other():
    first, again, other = say(seed=1), say(seed=1), say(seed=2)

    assert first == again
    assert first.text != other.text


def test_temperature_0_needs_no_seed():
    assert say(seed=1, temperature=0) == say(seed=2, temperature=0)


def test_penalties_equal_the_formula():
    sampling = Sampling(frequency_penalty=0.5, presence_penalty=-1.25)

    assert [penalty(count, sampling) for count in (0, 1, 4)] == [0, 0.5 - 1.25, 4 * 0.5 - 1.25]


def test_penalties_lower_the_logit_of_each_token_by_how_often_it_was_drawn_before():
    draft = "well well well, yes"

    plain = margins(draft)
    punished = margins(draft, frequency_penalty=0.4, presence_penalty=0.3)

    assert tokenize(draft) == ["well", " well", " well", ",", " yes"]
    assert [before - after for before, after in zip(plain, punished, strict=True)] == pytest.approx(
        [0, 0, 0.4 + 0.3, 0, 0, 0]
    )


def margins(draft, **settings):
    """How far the logit of each token drawn was above that of one that is never drawn."""
    sampling = Sampling(temperature=0, top_logprobs=10**6, **settings)
    steps = draws(MODEL, prompt="", draft=draft, sampling=sampling, random=np.random.default_rng(1))
    return [draw.logprob - dict(draw.top)[" passport"] for draw in steps]


@pytest.mark.parametrize("prompt", ["Write freely about whatever comes to mind.", "Describe your day."])
def test_a_presence_penalty_of_2_gives_more_words_than_one_of_minus_2_in_every_sample(prompt):
    more, fewer = (
        [
            len(set(say(prompt=prompt, seed=seed, presence_penalty=presence, max_tokens=80).text.lower().split()))
            for seed in range(8)
        ]
        for presence in (2, -2)
    )

    assert min(more) > max(fewer)


@pytest.mark.parametrize("temperature", [0, 2])
def test_a_text_that_negative_penalties_keep_going_ends_at_the_cap(temperature):
    said = say(frequency_penalty=-2, presence_penalty=-2, temperature=temperature)

    assert len(said.draws) == TOKEN_CAP
    assert said.finish_reason == "length"


@pytest.mark.parametrize("seed", range(5))
def test_an_open_text_ends_of_itself_at_a_moderate_length(seed):
    said = say(seed=seed)

    assert said.finish_reason == "stop"
    assert 60 < len(said.draws) < 260


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_max_tokens_is_exact_and_its_reason_is_length(limit):
    said = say(max_tokens=limit)

    assert len(said.draws) == limit
    assert said.finish_reason == "length"
    assert said.text == "".join(draw.token for draw in said.draws)


@pytest.mark.parametrize("temperature", [0, 0.7, 2])
def test_logprobs_are_those_of_the_distribution_before_top_p_cuts_it(temperature):
    said = say(temperature=temperature, top_p=0.5, top_logprobs=5, max_tokens=1)
    logits = MODEL.logits([], MODEL.topic("Write freely.")) / (temperature or 1)

    logprobs = logits - math.log(np.exp(logits).sum())
    draw = said.draws[0]
    assert draw.logprob == pytest.approx(logprobs[MODEL.index[draw.token]], abs=0.02)
    assert [value for _, value in draw.top] == pytest.approx(sorted(logprobs)[: -5 - 1 : -1], abs=0.02)


def test_top_logprobs_are_as_many_as_asked_for_in_order_and_none_by_default():
    asked, plain = say(top_logprobs=3, max_tokens=9), say(max_tokens=9)

    assert {len(draw.top) for draw in asked.draws} == {3}
    assert all([*draw.top] == sorted(draw.top, key=lambda each: -each[1]) for draw in asked.draws)
    assert {draw.top for draw in plain.draws} == {()}
    assert asked.text == plain.text


def test_more_top_logprobs_than_there_are_tokens_gives_every_possible_one():
    draw = say(top_logprobs=10**6, max_tokens=1, forbid=["The"]).draws[0]

    assert {token for token, _ in draw.top} == {*MODEL.vocabulary} - {"The"}


def test_logprobs_of_all_tokens_sum_to_one():
    draw = say(top_logprobs=10**6, max_tokens=1, temperature=1.3).draws[0]

    assert sum(math.exp(logprob) for _, logprob in draw.top) == pytest.approx(1)


def test_a_forbidden_token_is_never_drawn_and_is_left_out_of_a_draft():
    said = say("one two three", forbid=[" two", END_OF_TEXT, "not a token"])
    likely = {draw.token for seed in range(5) for draw in say(seed=seed).draws}
    spoken = {draw.token for seed in range(5) for draw in say(seed=seed, forbid=[" the", ","]).draws}

    assert said.text == "one three"
    assert {" the", ","} <= likely
    assert not {" the", ","} & spoken


def test_a_draw_for_a_caller_who_streams_is_the_one_that_generate_makes():
    steps = draws(MODEL, prompt="Write freely.", draft=None, sampling=Sampling(), random=np.random.default_rng(1))

    drawn = [*steps]

    assert drawn[-1].token == END_OF_TEXT
    assert tuple(drawn[:-1]) == say(seed=1).draws


def test_settings_can_be_changed_only_by_making_others():
    with pytest.raises(ValueError, match="temperature"):
        replace(Sampling(), temperature=-1)
