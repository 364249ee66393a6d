"""Providers, models, prices and targets: data about who answers, never code.

It stands apart from the loader so that planning, cost and pages can use the nouns without reading YAML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a figure or a claim comes from.

    document  title or URL; for a claim, the id of one of its register's documents
    section   heading or place within it
    lines     1-based lines of the document, such as '101' or '354,359-376'; '' where it has none
    quote     a few words that stand there; ' … ' parts words that stand apart, in this order
    cell      the column's heading where the quote is one cell of a Markdown table's row; '' elsewhere
    read      date it was read, YYYY-MM-DD
    """

    document: str
    section: str = ""
    lines: str = ""
    quote: str = ""
    cell: str = ""
    read: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongContext:
    """What changes beyond a length of the prompt.

    above_tokens  prompts longer than this are billed by these rates, all of their tokens
    input         US dollars per million tokens, as in a Tariff; None where the source says that it differs and not how
    """

    above_tokens: int
    input: Decimal | None = None
    cached_input: Decimal | None = None
    output: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """US dollars per million tokens, one rate per kind of token; None where the source gives none.

    reasoning     None means that reasoning tokens cost at most what output does
    long_context  rates for long prompts, where the source has any
    calls         dollars for one call of a tool that the vendor runs, by the tool's name
    image         dollars for one generated image
    profile       'documented', 'observed' or the like: every figure says which it used
    claims        id of the claim that a rate was taken from, by the rate's name
    """

    input: Decimal | None = None
    cached_input: Decimal | None = None
    output: Decimal | None = None
    reasoning: Decimal | None = None
    long_context: LongContext | None = None
    calls: Mapping[str, Decimal] = field(default_factory=dict)
    image: Decimal | None = None
    profile: str = "documented"
    provenance: Provenance | None = None
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the provider allows a model; None where it does not say."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent_requests: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of a provider.

    makes              'text' for a chat model, 'image' for one that draws and does not chat
    aliases            other names for it that the provider documents
    window_tokens      context window; max_output_tokens the longest reply; None where unknown
    max_output_tokens  likewise
    capabilities       such as 'vision', 'tools', 'reasoning'
    """

    id: str
    makes: Literal["text", "image"] = "text"
    aliases: tuple[str, ...] = ()
    window_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Management:
    """A provider's second API domain, for keys and access: another host, another key.

    base_url       no trailing slash
    key_variable   environment variable that holds the management key
    team_variable  environment variable that holds the team's id, which fills `{team}` in paths; None if none has it
    """

    base_url: str
    key_variable: str
    team_variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """An endpoint as the provider documents it.

    path       below the domain's base URL, places such as {team} unfilled
    available  False where the provider says that it is not there yet
    """

    name: str
    method: str
    path: str
    domain: Literal["inference", "management"] = "inference"
    about: str = ""
    available: bool = True
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who answers, and how to reach and understand it.

    base_url      with the version prefix and no trailing slash
    regions       base URL by region name
    dialect       name of a registered dialect
    dialects      names of further dialects that it speaks, for cases that ask for one
    auth_header   header that carries the key
    auth_prefix   what stands before the key in it
    key_variable  environment variable that holds the key; None if no key is needed
    url_variable  environment variable that holds the base URL where it varies, on loopback; None if it never does
    management    its second API domain, or None
    model_list    path that lists the models which are served now, such as '/models'; None if there is none
    endpoints     what it documents, on both domains
    groups        models by what they are recommended for: a target may be '<provider>/@<group>'
    register      name of the folder with its documented claims; None if it has none
    hosts         host names that are this provider's own; empty for loopback
    simulated     True if its answers are a simulation, and never evidence about a vendor's model
    open_models   True if it serves models that the catalogue does not list, as whatever runs on loopback may
    tariffs       prices of a model that lists none of its own
    """

    name: str
    base_url: str
    dialect: str
    dialects: tuple[str, ...] = ()
    regions: Mapping[str, str] = field(default_factory=dict)
    auth_header: str = "Authorization"
    auth_prefix: str = "Bearer "
    key_variable: str | None = None
    url_variable: str | None = None
    management: Management | None = None
    model_list: str | None = None
    endpoints: tuple[EndpointRow, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    register: str | None = None
    hosts: tuple[str, ...] = ()
    simulated: bool = False
    open_models: bool = False
    tariffs: tuple[Tariff, ...] = ()
    models: tuple[Model, ...] = ()

    def find_model(self, name: str) -> Model | None:
        """The model of that id or alias; one without particulars if any name may be served; else None."""
        listed = next((model for model in self.models if name == model.id or name in model.aliases), None)
        return Model(id=name) if listed is None and self.open_models else listed

    def find_tariff(self, model: str, profile: str) -> Tariff | None:
        """The prices of a model under a profile, or None if the catalogue has none."""
        found = self.find_model(model)
        tariffs = (found.tariffs if found is not None else ()) or self.tariffs
        return next((tariff for tariff in tariffs if tariff.profile == profile), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """What may be spent; None where there is no bound."""

    usd: Decimal | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """A target as a suite writes it, globs and matrices unexpanded.

    model     '<provider>/<model>', globs allowed
    matrix    parameter -> values; one target per combination
    label     the author's name for it, with {parameter} places; None for the default
    budget    what may be spent on it in one run
    location  file:line:column, for messages
    """

    model: str
    location: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    matrix: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    system: str | None = None
    region: str | None = None
    label: str | None = None
    budget: Ceiling | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model with parameters and a label: what trials are run against.

    provider  the catalogue's provider
    source    who really answers: the provider, its simulator, or 'local'; recordings and records carry this
    model     the model's name as it is sent
    system    a system message put before every conversation, or None
    budget    what may be spent on it in one run
    """

    provider: str
    source: str
    model: str
    label: str
    params: Mapping[str, Any] = field(default_factory=dict)
    system: str | None = None
    region: str | None = None
    budget: Ceiling | None = None

    @property
    def name(self) -> str:
        """`<source>/<model>`, as every page and table shows it."""
        return f"{self.source}/{self.model}"
