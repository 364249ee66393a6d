"""Where cassettes lie: the file of a case, and the files that a user names.

It stands apart because names come from suites and vendors, and none of them may choose a place outside the folder.
"""

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from harness.core.canonical import digest_bytes
from harness.core.errors import InputError, UnreadableCassette
from harness.wire.transport import CassetteAddress

JOURNAL_SUFFIX = ".journal"
_CASSETTE_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
# Windows takes these for devices, whatever extension follows.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
# File systems allow 255 bytes, and '.yaml.journal' and a temporary suffix must still fit.
_MAX_SEGMENT = 150


def cassette_path(root: Path, address: CassetteAddress) -> Path:
    """`<root>/<provider>/<suite>/<model>/<case>.yaml`, each name made safe; different names stay different."""
    provider, suite, model, case = map(_segment, (address.provider, address.suite, address.model, address.case))
    return Path(root, provider, suite, model, f"{case}.yaml")


def choose_cassette(path: Path) -> Path:
    """The file that a case's recordings are in or go to: `<case>.yaml`, or the `<case>.json` that vcrpy has made.

    path    `<case>.yaml`
    raises  UnreadableCassette if there are both: whichever answered, somebody would expect the other
    """
    name = str(path)
    if not is_there(name.removesuffix(".yaml") + ".json"):
        return path
    other = path.with_suffix(".json")
    if is_there(name) or is_there(name + JOURNAL_SUFFIX):
        raise UnreadableCassette(
            f"{path}: cannot read this cassette: the same case has {other.name}, too, and only one of them can answer",
            remedy=f"keep one of the two, with its {JOURNAL_SUFFIX} if it has one: recordings go where recordings are",
        )
    return other


def folder_of(name: str) -> str:
    """The name of the folder that a provider's or a suite's recordings lie in."""
    return _segment(name)


def provider_folder(path: Path, places: Iterable[Path]) -> str | None:
    """The provider's folder that a case's cassette lies in; None if it is laid out in another way.

    places  roots, or folders or files within a root called `cassettes`
    """
    levels = 4
    for place in places:
        if path.is_relative_to(place) and len(parts := path.relative_to(place).parts) == levels:
            return parts[0]
    below = path.parts[::-1].index("cassettes") if "cassettes" in path.parts else 0
    return path.parts[-levels] if below == levels else None


def is_there(path: Path | str) -> bool:
    """Whether a file exists: quicker than `Path.exists`, which a replay of thousands would feel."""
    return os.access(path, os.F_OK)


def journal_path(cassette: Path) -> Path:
    """The side file that recordings are first written to."""
    return Path(f"{cassette}{JOURNAL_SUFFIX}")


def find_cassettes(places: Iterable[Path]) -> list[Path]:
    """The cassettes that files and folders hold, folders searched throughout; each once, in a stable order.

    raises  InputError for a place that does not exist
    """
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            inside = (path for path in place.rglob("*") if path.suffix in _CASSETTE_SUFFIXES and path.is_file())
            found.update(dict.fromkeys(sorted(inside)))
        elif place.exists() and place.suffix not in _CASSETTE_SUFFIXES:
            raise InputError(
                f"{place}: no cassette: it does not end in {' or '.join(sorted(_CASSETTE_SUFFIXES))}",
                remedy="name a cassette, or a folder that holds some",
            )
        elif place.exists():
            found[place] = None
        else:
            raise InputError(f"{place}: there is no such cassette or folder", remedy="correct the path")
    return list(found)


@lru_cache(maxsize=1024)
def _segment(name: str) -> str:
    """A name as one safe path segment, percent-encoded where it must be, and so readable where it can be."""
    safe = _UNSAFE.sub(lambda match: _percent(match[0]), name)
    if safe.startswith(".") or _DEVICE.fullmatch(safe):
        safe = _percent(safe[0]) + safe[1:]
    if safe.endswith("."):
        safe = safe[:-1] + _percent(".")
    if len(safe) > _MAX_SEGMENT:
        # '#' occurs in no encoded name, so that no short name can be taken for a shortened one.
        safe = f"{safe[: _MAX_SEGMENT - 33]}#{digest_bytes(_bytes(name))}"
    return safe or "%"


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in _bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
