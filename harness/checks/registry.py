"""The kinds of check that are installed: ours and anyone's, by the entry-point group `harness.checks`.

It stands apart because it knows no kind by name: built-ins enter through the same door as the rest.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.checks.combine import COMBINATORS
from harness.core.check import CheckKind
from harness.core.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "harness.checks"
_METHODS = ("schema", "parse", "describe", "follow_up", "grade")


class Kinds(Mapping[str, CheckKind]):
    """Kinds by name, each imported when it is first asked for."""

    def __init__(self, doors: Mapping[str, "EntryPoint"]) -> None:
        """Keep the entry points; import nothing."""
        self._doors = dict(doors)
        self._loaded: dict[str, CheckKind] = {}

    def __getitem__(self, name: str) -> CheckKind:
        """The kind; raises KeyError for a name that no one claims, UsageError for one that cannot be loaded."""
        if name not in self._loaded:
            self._loaded[name] = _load(self._doors[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        """Names, sorted."""
        return iter(sorted(self._doors))

    def __len__(self) -> int:
        """How many kinds."""
        return len(self._doors)

    def __contains__(self, name: object) -> bool:
        """True if someone claims the name; imports nothing."""
        return name in self._doors


def load_kinds() -> Kinds:
    """The installed kinds.

    raises  UsageError if two distributions claim one name, or one claims that of a combinator
    """
    from importlib.metadata import entry_points

    doors: dict[str, EntryPoint] = {}
    for door in entry_points(group=GROUP):
        other = doors.get(door.name)
        # An editable install can list one distribution twice; the same door is no rival of itself.
        if other is not None and (_owner(other), other.value) != (_owner(door), door.value):
            message = f"two packages bring a check '{door.name}': {_owner(other)} and {_owner(door)}"
            raise UsageError(message, remedy="uninstall one of them")
        if door.name in COMBINATORS:
            message = f"the package {_owner(door)} brings a check '{door.name}', which is a word of the suite format"
            raise UsageError(message, remedy="uninstall it, or rename its entry point")
        doors[door.name] = door
    return Kinds(doors)


def _owner(door: "EntryPoint") -> str:
    return door.dist.name if door.dist is not None else door.value


def _load(door: "EntryPoint") -> CheckKind:
    where = f"the check '{door.name}' of the package {_owner(door)} ({door.value})"
    remedy = f"reinstall or uninstall {_owner(door)}"
    try:
        kind = door.load()
    except Exception as error:  # a stranger's module may raise anything as it is imported
        message = f"{where} cannot be loaded: {type(error).__name__}: {error}"
        raise UsageError(message, remedy=remedy) from error
    missing = [name for name in _METHODS if not callable(getattr(kind, name, None))]
    if (
        missing
        or getattr(kind, "name", None) != door.name
        or not isinstance(getattr(kind, "judges_errors", None), bool)
    ):
        what = f"it has no {', '.join(missing)}" if missing else "its name or judges_errors does not fit"
        message = f"{where} is no kind of check: {what}"
        raise UsageError(message, remedy=remedy)
    loaded: CheckKind = kind
    return loaded


def check_schema(kinds: Mapping[str, CheckKind]) -> dict[str, Any]:
    """JSON Schema of one check, self-contained; its definitions may be moved to the root of another schema.

    A check is a mapping with one key: the name of a kind, or not, all, any.
    """
    definitions = {f"check-{name}": _rebased(kinds[name].schema(), f"#/$defs/check-{name}") for name in kinds}
    one, several = (
        {"$ref": "#/$defs/any-check"},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/any-check"}},
    )
    properties: dict[str, Any] = {name: {"$ref": f"#/$defs/check-{name}"} for name in kinds}
    for name, summary in COMBINATORS.items():
        properties[name] = {"description": summary, **(one if name == "not" else several)}
    definitions["any-check"] = {
        "type": "object",
        "description": "One expectation: a mapping with one key, the kind of check.",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"$ref": "#/$defs/any-check", "$defs": definitions}


def _rebased(node: Any, root: str) -> Any:
    """A kind's schema with the references into itself bent to where it now stands."""
    if isinstance(node, list):
        return [_rebased(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    bent = {key: _rebased(value, root) for key, value in node.items()}
    reference = bent.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        bent["$ref"] = root + reference[1:]
    return bent
