"""JSONPath by RFC 9535, within bounds.

It stands apart because the library that implements it knows no bounds: a path such as $..*..*..* over a long document
would not come to an end in this life.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

MAX_LENGTH = 1_000
MAX_STEPS = 100_000


class TooManySteps(Exception):
    """A path takes more steps over a document than are allowed."""


def path_fault(path: str) -> str | None:
    """Why a path cannot be used, in words; None if it can."""
    from jsonpath import JSONPathError

    if not path.startswith("$"):
        return "not a JSONPath: it does not begin with $"
    if len(path) > MAX_LENGTH:
        return f"the path has {len(path)} characters, and {MAX_LENGTH} are allowed"
    try:
        _compiled(path)
    except (JSONPathError, RecursionError) as error:
        return f"not a JSONPath: {error.args[0] if error.args else 'nested too deeply'}"
    return None


def selects_one(path: str) -> bool:
    """True if the path can select one value at most: names and indices alone, no *, .., slice or filter."""
    return bool(_compiled(path).singular_query())


def select(path: str, document: Any) -> list[Any]:
    """The values that the path selects, in order; raises TooManySteps."""
    left = MAX_STEPS

    def tick() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            message = f"the path takes more than {MAX_STEPS} steps over this document"
            raise TooManySteps(message)

    try:
        return [match.obj for match in _compiled(path).finditer(_counted(document, tick))]
    except RecursionError:
        message = "the document is too deep for the path"
        raise TooManySteps(message) from None
    finally:
        # Whoever looks at the values afterwards takes no steps.
        left = 0


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    from jsonpath import JSONPathEnvironment

    class Environment(JSONPathEnvironment):
        # Documents are read no deeper than this.
        max_recursion_depth = 1_000

    environment = Environment(strict=True)
    for function in ("match", "search"):
        # They match by patterns without a time limit; the check `regex` has one.
        environment.function_extensions.pop(function)
    return environment.compile(path)


def _counted(value: Any, tick: Callable[[], None]) -> Any:
    """The document with every step into it counted: the library has no limit of its own."""
    if isinstance(value, dict):
        return _CountedDict({name: _counted(item, tick) for name, item in value.items()}, tick)
    if isinstance(value, list):
        return _CountedList([_counted(item, tick) for item in value], tick)
    return value


class _CountedDict(dict[str, Any]):
    def __init__(self, content: dict[str, Any], tick: Callable[[], None]) -> None:
        super().__init__(content)
        self._tick = tick

    def __getitem__(self, name: str) -> Any:
        self._tick()
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        for name in super().__iter__():
            self._tick()
            yield name

    def items(self) -> Any:
        for pair in super().items():
            self._tick()
            yield pair

    def values(self) -> Any:
        for value in super().values():
            self._tick()
            yield value


class _CountedList(list[Any]):
    def __init__(self, content: list[Any], tick: Callable[[], None]) -> None:
        super().__init__(content)
        self._tick = tick

    def __getitem__(self, index: Any) -> Any:
        self._tick()
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            self._tick()
            yield item
