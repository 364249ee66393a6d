"""Parts of a case that wait for a row's variables; a part that needs none is made once, and every row shares it.

It stands apart so that the builder can say what a case is made of, and need not tell which parts a row changes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Known = Mapping[str, Any]


class Blank(Generic[T]):
    """One part.

    fill   makes it from the variables; None if it is the same whatever they are
    value  it is then this
    """

    __slots__ = ("fill", "value")

    def __init__(self, fill: Callable[[Known], T] | None, value: Any = None) -> None:
        """Use `ready` for a part that waits for nothing."""
        self.fill = fill
        self.value: T = value


def ready(value: T) -> Blank[T]:
    """A part that waits for nothing."""
    return Blank(None, value)


def combined(make: Callable[[list[Any]], T], parts: Sequence[Blank[Any]]) -> Blank[T]:
    """A part made of others, in their order; made at once if none of them waits."""
    values: list[Any] = []
    waiting: list[tuple[int, Callable[[Known], Any]]] = []
    for part in parts:
        if part.fill is not None:
            waiting.append((len(values), part.fill))
        values.append(part.value)
    if not waiting:
        return Blank(None, make(values))

    def fill(known: Known) -> T:
        filled = values.copy()
        for at, fill_part in waiting:
            filled[at] = fill_part(known)
        return make(filled)

    return Blank(fill)


def keyed(parts: Mapping[str, Blank[Any]]) -> Blank[dict[str, Any]]:
    """A mapping of parts."""
    names = [*parts]
    return combined(lambda values: dict(zip(names, values, strict=True)), [*parts.values()])


def listed(parts: Sequence[Blank[Any]]) -> Blank[tuple[Any, ...]]:
    """A tuple of parts."""
    return combined(tuple, parts)
