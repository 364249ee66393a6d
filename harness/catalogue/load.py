"""Catalogue files -> Provider nouns, every problem at once.

It stands apart from the nouns so that the core needs no YAML.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.core.catalogue import Limits, Model, Provenance, Provider, Tariff
from harness.core.errors import InputError, UsageError
from harness.reading import Document, Problem, ProblemsError, did_you_mean, read_yaml, validate

if TYPE_CHECKING:
    from harness.catalogue.file_format import PriceItem, ProviderFile


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
            raise UsageError(f"no catalogue describes a provider '{name}'", remedy=did_you_mean(name, known))
        return found


def load_catalogues(paths: Iterable[Path] = ()) -> Catalogues:
    """The providers that ship with the harness, and those of further files, which win by name.

    raises  ProblemsError with every problem of a file; InputError if one cannot be read
    """
    providers = {provider.name: provider for provider in _shipped()}
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            message = f"{path}: cannot be read: {error.strerror or error}"
            raise InputError(message, remedy="name a catalogue file in YAML") from error
        provider = parse_provider(content, str(path))
        providers[provider.name] = provider
    return Catalogues(providers=tuple(providers.values()))


@cache
def _shipped() -> tuple[Provider, ...]:
    folder = files("harness.catalogue") / "providers"
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name
    )
    return tuple(parse_provider(entry.read_bytes(), f"harness/catalogue/providers/{entry.name}") for entry in entries)


def parse_provider(content: bytes, path: str) -> Provider:
    """One catalogue file.

    path    as messages should name it
    raises  ProblemsError with every problem at once
    """
    # Imported here: pydantic's models cost more than reading the file, and `--help` needs neither.
    from harness.catalogue.file_format import ProviderFile

    document = read_yaml(content, path)
    item = validate(ProviderFile, document, noun="catalogue")
    problems = [*_repeated_names(item, document), *_foreign_hosts(item, document)]
    if problems:
        raise ProblemsError(problems)
    return Provider(
        name=item.provider,
        base_url=item.base_url.rstrip("/"),
        dialect=item.dialect,
        regions={name: url.rstrip("/") for name, url in item.regions.items()},
        auth_header=item.auth_header,
        auth_prefix=item.auth_prefix,
        key_variable=item.key_variable,
        hosts=tuple(host.lower() for host in item.hosts),
        simulated=item.simulated,
        open_models=item.open_models,
        tariffs=_tariffs(item.prices),
        models=tuple(
            Model(
                id=model.id,
                aliases=tuple(model.aliases),
                window_tokens=model.window_tokens,
                max_output_tokens=model.max_output_tokens,
                capabilities=tuple(model.capabilities),
                tariffs=_tariffs(model.prices),
                limits=Limits(**model.limits.model_dump()),
            )
            for model in item.models
        ),
    )


def _repeated_names(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for position, model in enumerate(item.models):
        for name in (model.id, *model.aliases):
            if name in seen:
                message = f"model name '{name}' is already taken by '{seen[name]}'"
                yield document.problem(("models", position), message, "catalogue-duplicate", "rename or remove one")
            seen[name] = model.id


def _foreign_hosts(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    """What answers at a host that is not the provider's own would be filed under its name all the same."""
    places: list[tuple[tuple[str, ...], str]] = [(("base_url",), item.base_url)]
    places += [(("regions", name), url) for name, url in item.regions.items()]
    for where, url in places:
        host = (urlsplit(url).hostname or "").lower()
        if item.hosts and host not in (name.lower() for name in item.hosts):
            message = f"'{host}' is not among the provider's own hosts"
            yield document.problem(where, message, "catalogue-host", "add it to hosts, or correct it")


def _tariffs(prices: Sequence["PriceItem"]) -> tuple[Tariff, ...]:
    return tuple(
        Tariff(
            **price.model_dump(exclude={"provenance"}),
            provenance=Provenance(**price.provenance.model_dump()) if price.provenance else None,
        )
        for price in prices
    )


def catalogue_schema() -> dict[str, Any]:
    """JSON Schema of a catalogue file, for editors and for people."""
    from harness.catalogue.file_format import ProviderFile

    schema = ProviderFile.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A catalogue file of model-harness",
        **{key: value for key, value in schema.items() if key != "title"},
    }
