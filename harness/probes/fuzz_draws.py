"""How Hypothesis draws a request from a domain: fields one by one, and at most one of them outside.

It stands apart because what is drawn, and to what it shrinks, is read in one place; Hypothesis is imported only here
and in the fuzz, when it is asked for.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.probes.domain_values import COMPANIONS, Beyond, Domain, Field, Values
from harness.probes.drafts import Draft, Fault, is_free

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

# Hypothesis mixes numbers of the user's own code into what it draws, one draw in twenty. Up here there are none, so
# that the draws depend on the seed alone, and a recording is found again after the code has changed.
_FAR = 3 * 10**15 + 7

Draw = Callable[["SearchStrategy[Any]"], Any]


class Failed(Exception):
    """A draft failed: what Hypothesis shrinks by."""


def draft_strategy(
    domain: Domain, way: tuple[Field, Beyond] | None, refused: Collection[frozenset[str]]
) -> "SearchStrategy[Draft]":
    """Drafts of requests inside a domain, or, with a way, outside it in that one respect.

    refused  sets of fields that are known to be refused together: they are not drawn again
    """
    return _composed()(domain, way, (*domain.never, *refused))


@cache
def _composed() -> Callable[..., "SearchStrategy[Draft]"]:
    """The strategy, composed once: Hypothesis reads the source of what it composes."""
    from hypothesis import strategies

    return strategies.composite(_draw_draft)


def _draw_draft(
    draw: Draw, domain: Domain, way: tuple[Field, Beyond] | None, apart: Collection[frozenset[str]]
) -> Draft:
    from hypothesis import strategies

    chosen: dict[str, Any] = {}
    for field in domain.fields:
        if not field.inside or not is_free(field, way[0] if way is not None else None):
            continue
        if draw(strategies.booleans()) and not any(each <= {*chosen, field.name} for each in apart):
            chosen[field.name] = _pick(draw, field.inside)
    named = (*chosen, *(way[0].path[:1] if way is not None else ()))
    needed = {key: value for name in named for key, value in COMPANIONS.get(str(name), {}).items()}
    chosen |= {key: value for key, value in needed.items() if key in chosen}
    if way is None:
        return Draft(model=domain.model, chosen=chosen)
    field, beyond = way
    return Draft(
        model=domain.model,
        chosen=chosen,
        fault=Fault(field=field, kind=beyond.kind, value=_pick(draw, (beyond.values,))),
    )


def _pick(draw: Draw, groups: Sequence[Values]) -> Any:
    values = groups[_below(draw, len(groups))]
    return values.at(_below(draw, values.count))


def _below(draw: Draw, count: int) -> int:
    """A number from 0; the smaller, the simpler."""
    from hypothesis import strategies

    return 0 if count == 1 else int(draw(strategies.integers(_FAR, _FAR + count - 1))) - _FAR


def hypothesise(strategy: "SearchStrategy[Draft]", test: Callable[[Draft], None], examples: int, seed: str) -> None:
    """Have Hypothesis draw, and shrink the first draft that fails; the same from the same seed.

    test  raises Failed for a draft that fails; whatever is no Exception ends all of it
    """
    from hypothesis import HealthCheck, Phase, Verbosity, errors, given, settings
    from hypothesis import seed as seeded

    # Everything is set: a profile of whoever runs this must change nothing.
    chosen = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
        verbosity=Verbosity.quiet,
        backend="hypothesis",
    )

    def drawn(draft: Draft) -> None:
        test(draft)

    ready: Callable[[], None] = seeded(seed)(chosen(given(strategy)(drawn)))
    try:
        ready()
    except (Failed, errors.Unsatisfiable):
        # The test has seen the smallest; and where nothing can be drawn, nothing fails.
        return


@contextmanager
def nowhere() -> Iterator[None]:
    """Keep Hypothesis from making a folder where its user stands."""
    from hypothesis.configuration import set_hypothesis_home_dir

    with tempfile.TemporaryDirectory(prefix="harness-fuzz-") as place:
        set_hypothesis_home_dir(place)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
