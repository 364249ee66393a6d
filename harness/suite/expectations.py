"""Checks as a suite writes them -> Check nouns, through the kinds that the caller registered.

It stands apart so that the loader needs to know neither our checks nor a third party's.
"""

from collections.abc import Mapping
from typing import Any

from harness.core.canonical import canonical_json
from harness.core.check import Check, CheckKind, SpecInvalid
from harness.reading import did_you_mean
from harness.suite.faults import Faults, Where

COMBINATORS = ("not", "all", "any")
MAX_DEPTH = 20
_KEPT = 1000


class Expectations:
    """Parses checks.

    faults  take what is wrong with them
    kinds   the registered kinds, by name
    """

    def __init__(self, faults: Faults, kinds: Mapping[str, CheckKind]) -> None:
        """Nothing parsed yet."""
        self._faults = faults
        self._kinds = kinds
        # Many cases and rows expect the same, and a schema or a pattern is dear to read.
        self._parsed: dict[tuple[str, str], object] = {}

    def parse(self, value: Any, where: Where, depth: int = 0) -> Check | None:
        """One check, templates filled; None if it has problems."""
        if not isinstance(value, dict) or len(value) != 1:
            known = ", ".join(sorted(self._kinds))
            self._add(where, "a check is a mapping with one key, its kind", f"write one of {known}, not, all, any")
            return None
        ((kind, argument),) = value.items()
        if depth > MAX_DEPTH:
            self._add(where, f"checks are nested more than {MAX_DEPTH} deep", "flatten them with all or any")
            return None
        if kind in COMBINATORS:
            return self._combinator(kind, argument, (*where, kind), depth)
        if kind not in self._kinds:
            remedy = did_you_mean(kind, [*self._kinds, *COMBINATORS])
            self._faults.add((*where, kind), f"unknown check '{kind}'", "suite-unknown-check", remedy, key=True)
            return None
        spec = self._spec(kind, argument, (*where, kind))
        return None if spec is None else Check(kind=kind, argument=argument, spec=spec[0])

    def _combinator(self, kind: str, argument: Any, where: Where, depth: int) -> Check | None:
        if kind == "not":
            child = self.parse(argument, where, depth + 1)
            return None if child is None else Check(kind=kind, argument=argument, children=(child,))
        if not isinstance(argument, list) or not argument:
            self._add(where, f"'{kind}' takes a list of checks", f"write {kind}: [{{contains: a}}, {{contains: b}}]")
            return None
        children = [self.parse(item, (*where, index), depth + 1) for index, item in enumerate(argument)]
        if any(child is None for child in children):
            return None
        return Check(kind=kind, argument=argument, children=tuple(child for child in children if child is not None))

    def _spec(self, kind: str, argument: Any, where: Where) -> tuple[object] | None:
        key = (kind, canonical_json(argument))
        if key not in self._parsed:
            if len(self._parsed) == _KEPT:
                self._parsed.clear()
            try:
                self._parsed[key] = self._kinds[kind].parse(argument)
            except SpecInvalid as invalid:
                for fault in invalid.problems:
                    message = f"{kind}: {fault.message}"
                    self._faults.add((*where, *fault.path), message, "suite-check", fault.remedy, key=fault.key)
                return None
        return (self._parsed[key],)

    def _add(self, where: Where, message: str, remedy: str) -> None:
        self._faults.add(where, message, "suite-check", remedy)
