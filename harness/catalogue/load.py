"""Catalogue files -> Provider nouns, every problem at once.

It stands apart from the nouns so that the core needs no YAML.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.catalogue.build import build_provider
from harness.catalogue.provider_rules import check_provider
from harness.catalogue.schemas import titled_schema
from harness.core.catalogue import Provider
from harness.core.errors import InputError, UsageError
from harness.reading import Document, Problem, ProblemsError, did_you_mean, read_yaml, validate
from harness.reading.source import MAX_BYTES

if TYPE_CHECKING:
    from harness.catalogue.file_format import ProviderFile

# What a file may not take from the provider that it is like: its answers would come from that provider's servers and be
# filed under another name, or that provider's key would go to other servers.
_NEVER_SHARED = ("regions", "hosts", "key_variable", "url_variable", "management")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogues:
    """Every provider that is known, by name."""

    providers: tuple[Provider, ...]

    def find(self, name: str) -> Provider | None:
        """The provider of that name, or None."""
        return next((provider for provider in self.providers if provider.name == name), None)

    def provider(self, name: str) -> Provider:
        """The provider of that name.

        raises  UsageError naming the nearest one
        """
        found = self.find(name)
        if found is None:
            known = [provider.name for provider in self.providers]
            remedy = f"{did_you_mean(name, known)}\n   or describe it in a catalogue file: --catalogue FILE"
            raise UsageError(f"no catalogue describes a provider '{name}'", remedy=remedy)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A catalogue file, read and of the right shape; what it shares of another provider is not in it yet."""

    document: Document
    item: "ProviderFile"


def load_catalogues(paths: Iterable[Path] = ()) -> Catalogues:
    """The providers that ship with the harness, and those of further files, which win by name.

    raises  ProblemsError with every problem of a file; InputError if one cannot be read
    """
    drafts = [_read(_content(path), str(path)) for path in paths]
    known = {name: draft.item for name, draft in _shipped_drafts().items()} if drafts else {}
    known |= {draft.item.provider: draft.item for draft in drafts}
    providers = dict(_shipped()) | {draft.item.provider: _finish(draft, known) for draft in drafts}
    return Catalogues(providers=tuple(providers.values()))


def parse_provider(content: bytes, path: str) -> Provider:
    """One catalogue file; it may be like a provider that ships with the harness.

    path    as messages should name it
    raises  ProblemsError with every problem at once
    """
    draft = _read(content, path)
    known = {name: shipped.item for name, shipped in _shipped_drafts().items()} if draft.item.like else {}
    return _finish(draft, known)


@cache
def _shipped() -> Mapping[str, Provider]:
    drafts = _shipped_drafts()
    known = {name: draft.item for name, draft in drafts.items()}
    return {name: _finish(draft, known) for name, draft in drafts.items()}


@cache
def _shipped_drafts() -> Mapping[str, _Draft]:
    folder = files("harness.catalogue") / "providers"
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name
    )
    drafts = [_read(entry.read_bytes(), f"harness/catalogue/providers/{entry.name}") for entry in entries]
    return {draft.item.provider: draft for draft in drafts}


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte beyond what is read of a file: enough to refuse a device that never ends.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise InputError(message, remedy="name a catalogue file in YAML") from error


def _read(content: bytes, path: str) -> _Draft:
    # Imported here: pydantic's models cost more than reading the file, and `--help` needs neither.
    from harness.catalogue.file_format import ProviderFile

    document = read_yaml(content, path)
    return _Draft(document=document, item=validate(ProviderFile, document, noun="catalogue"))


def _finish(draft: _Draft, known: Mapping[str, "ProviderFile"]) -> Provider:
    """The provider of a file, with what it shares of another.

    known  every file's content by provider, the draft's own among them or not
    """
    item = draft.item
    problems = list(_refusals(draft, known)) if item.like is not None else []
    if not problems:
        if item.like is not None:
            own = {name: getattr(item, name) for name in item.model_fields_set}
            item = known[item.like].model_copy(update=own)
        problems = list(check_provider(item, draft.document))
    if problems:
        raise ProblemsError(problems)
    return build_provider(item)


def _refusals(draft: _Draft, known: Mapping[str, "ProviderFile"]) -> Iterator[Problem]:
    """Why a file cannot be like the provider that it names."""
    item, document = draft.item, draft.document
    name = item.like or ""
    other = known.get(name)
    if name == item.provider:
        remedy = "name another provider, or give this one a name of its own"
        yield document.problem(("like",), f"'{name}' cannot be like itself", "catalogue-like", remedy)
    elif other is None:
        message = f"no catalogue describes a provider '{name}'"
        yield document.problem(("like",), message, "catalogue-like", did_you_mean(name, known))
    elif other.like is not None:
        message = f"'{name}' is itself like '{other.like}'"
        yield document.problem(("like",), message, "catalogue-like", f"write 'like: {other.like}' and what differs")
    else:
        for key in _NEVER_SHARED:
            if getattr(other, key) and key not in item.model_fields_set:
                message = f"'{name}' has '{key}', which another provider never shares"
                yield document.problem(("like",), message, "catalogue-like", f"write '{key}: …' here")


def catalogue_schema() -> dict[str, Any]:
    """JSON Schema of a catalogue file, for editors and for people."""
    from harness.catalogue.file_format import ProviderFile

    return titled_schema(ProviderFile, "A catalogue file of model-harness")
