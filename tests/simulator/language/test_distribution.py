"""Draws follow the softmax of the model's own logits, and a chi-square test would notice if they did not."""

import math
from collections import Counter

import numpy as np
import pytest

from harness.simulator.language import Sampling, draws, load_language_model
from harness.simulator.language.sampling import _OPEN_TEXT_HOLD, choose

MODEL = load_language_model()
PROMPT = "Tell me about the sea."
DRAWS = 5000
TEMPERATURES = [0.5, 1.0, 1.7]


def upper_tail(statistic, freedom):
    """The chance of a chi-square of this size or more: the regularised upper incomplete gamma Q(freedom/2, x/2).

    Source: Abramowitz and Stegun, 6.5.29 (series for P, for x < a + 1) and 6.5.31 (continued fraction for Q).
    """
    a, x = freedom / 2, statistic / 2
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for n in range(1, 2000):
            term *= x / (a + n)
            total += term
        return 1 - scale * total
    fraction = 0.0
    for n in range(2000, 0, -1):
        fraction = n * (n - a) / (x + 2 * n + 1 - a - fraction)
    return scale / (x + 1 - a - fraction)


@pytest.mark.parametrize(
    ("statistic", "freedom", "tail"),
    # Printed tables of critical values.
    [(3.841, 1, 0.05), (18.307, 10, 0.05), (29.588, 10, 0.001), (3.940, 10, 0.95), (124.342, 100, 0.05)],
)
def test_the_tail_agrees_with_printed_tables(statistic, freedom, tail):
    assert upper_tail(statistic, freedom) == pytest.approx(tail, rel=2e-3)


def p_value(counts, expected):
    """Pearson's chi-square of the counts, the cells expected fewer than 5 times put together."""
    large = expected >= 5
    seen = np.append(counts[large], counts[~large].sum())
    due = np.append(expected[large], expected[~large].sum())
    return upper_tail(float(((seen - due) ** 2 / due).sum()), len(due) - 1)


def softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def counted(indices, size):
    tally = Counter(indices)
    return np.array([tally[index] for index in range(size)])


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("context", [(), (" on", " the"), (".",)], ids=str)
def test_what_is_chosen_follows_the_softmax_of_the_logits_over_the_temperature(context, temperature):
    logits, random = MODEL.logits(context, MODEL.topic(PROMPT)), np.random.default_rng(3)

    chosen = [choose(logits, Sampling(temperature=temperature), random)[0] for _ in range(DRAWS)]

    assert p_value(counted(chosen, len(logits)), DRAWS * softmax(logits / temperature)) > 0.001


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_first_token_of_an_open_text_follows_the_same_softmax(temperature):
    logits, random = MODEL.logits([], MODEL.topic(PROMPT)), np.random.default_rng(4)
    logits[0] += _OPEN_TEXT_HOLD

    sampling = Sampling(temperature=temperature)
    first = [
        MODEL.index[next(draws(MODEL, prompt=PROMPT, draft=None, sampling=sampling, random=random)).token]
        for _ in range(DRAWS)
    ]

    assert p_value(counted(first, len(logits)), DRAWS * softmax(logits / temperature)) > 0.001


@pytest.mark.parametrize(("claimed", "real"), [(0.5, 1.0), (1.0, 0.5), (1.7, 1.0), (1.0, 1.1), (1.0, 0.0)])
def test_a_sampler_that_takes_another_temperature_than_it_was_given_is_found_out(claimed, real):
    logits, random = MODEL.logits([" on", " the"], MODEL.topic(PROMPT)), np.random.default_rng(5)

    chosen = [choose(logits, Sampling(temperature=real), random)[0] for _ in range(DRAWS)]

    assert p_value(counted(chosen, len(logits)), DRAWS * softmax(logits / claimed)) < 0.001
