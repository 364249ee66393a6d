"""How often the interval of a superiority covers the truth, as a table.

    .venv/bin/python tests/stats/coverage_of_superiority.py

Each row is a pair of distributions whose superiority is known, from their definition or by symmetry. Those with a
constant group are the hardest. Beside ours stands a narrower method, to show what the narrowness would cost.
"""

import random
from math import sqrt
from statistics import NormalDist

from harness.stats import superiority, superiority_interval

RUNS, SEED, CONFIDENCE = 5_000, 1, 0.95
SIZES = [(8, 8), (16, 16), (32, 32), (8, 32)]
NORMAL = NormalDist()


def coin(share):
    """Above a constant 0 with that share, else below."""
    return lambda rng: 1 if rng.random() < share else -1


# name -> (draw of low, draw of high, true superiority)
PAIRS = {
    "two equal bells": (lambda rng: rng.gauss(), lambda rng: rng.gauss(), 0.5),
    "bells one apart": (lambda rng: rng.gauss(), lambda rng: rng.gauss(1), NORMAL.cdf(1 / sqrt(2))),
    "bells three apart": (lambda rng: rng.gauss(), lambda rng: rng.gauss(3), NORMAL.cdf(3 / sqrt(2))),
    "bells, one 20 times as wide": (lambda rng: rng.gauss(), lambda rng: rng.gauss(0, 20), 0.5),
    "exponentials, 1 to 5": (lambda rng: rng.expovariate(5), lambda rng: rng.expovariate(1), 5 / 6),
    "counts 0 to 3": (lambda rng: rng.randrange(4), lambda rng: rng.randrange(4), 0.5),
    "counts 0 to 3, and 1 to 4": (lambda rng: rng.randrange(4), lambda rng: rng.randrange(1, 5), 11.5 / 16),
    "yes or no, 1/4 and 3/4": (lambda rng: rng.random() < 1 / 4, lambda rng: rng.random() < 3 / 4, 0.75),
    "a constant, a fair coin": (lambda _: 0, coin(0.5), 0.5),
    "a constant, a coin of 0.7": (lambda _: 0, coin(0.7), 0.7),
    "a constant, a coin of 0.9": (lambda _: 0, coin(0.9), 0.9),
    "a constant, a coin of 0.97": (lambda _: 0, coin(0.97), 0.97),
    "a constant, a coin or a tie": (lambda _: 0, lambda rng: rng.choice((-1, 0, 1)), 0.5),
    "a coin of 0.9, a constant": (coin(0.9), lambda _: 0, 0.1),
}


def newcombe_covers(truth, low, high):
    """Whether the truth lies within Newcombe's method 5 (2006): its variance is that of exponential distributions."""
    m, n = len(low), len(high)
    shape = 1 + ((m + n) / 2 - 1) * ((1 - truth) / (2 - truth) + truth / (1 + truth))
    deviation = sqrt(truth * (1 - truth) * shape / (m * n))
    return abs(superiority(low, high) - truth) <= NORMAL.inv_cdf((1 + CONFIDENCE) / 2) * deviation


def coverage(draw_low, draw_high, truth, sizes):
    """The share of runs in which the truth is covered: by ours, by Newcombe's."""
    rng = random.Random(SEED)  # noqa: S311 - a simulation, and repeatable
    ours = theirs = 0
    for _ in range(RUNS):
        low = [draw_low(rng) for _ in range(sizes[0])]
        high = [draw_high(rng) for _ in range(sizes[1])]
        least, most = superiority_interval(low, high, CONFIDENCE)
        ours += least <= truth <= most
        theirs += newcombe_covers(truth, low, high)
    return ours / RUNS, theirs / RUNS


def main():
    print(f"coverage at {CONFIDENCE}, {RUNS} runs each: ours / Newcombe 5")  # noqa: T201 - the table is the point
    for name, (draw_low, draw_high, truth) in PAIRS.items():
        cells = ["{:.3f} / {:.3f}".format(*coverage(draw_low, draw_high, truth, sizes)) for sizes in SIZES]
        print(f"{name:28}", *cells, sep="   ")  # noqa: T201


if __name__ == "__main__":
    main()
