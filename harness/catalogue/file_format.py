"""The catalogue file as its author writes it: the models that validate it and describe it to editors.

It stands apart from the loader so that the format reads as one page.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")]
Text = Annotated[str, Field(max_length=10_000)]


def _exact(value: object) -> object:
    """Take a YAML number through its shortest spelling, so that 0.1 means 0.1."""
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


Dollars = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0)]


class Strict(BaseModel):
    """A mapping that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProvenanceItem(Strict):
    """Where a figure comes from."""

    document: Text = Field(description="Title or URL of the source.")
    section: Text = Field("", description="Heading or place within it.")
    read: str = Field("", description="Date it was read, YYYY-MM-DD.", pattern=r"^(\d{4}-\d{2}-\d{2})?$")


class PriceItem(Strict):
    """US dollars per million tokens, one rate per kind of token."""

    profile: Name = Field("documented", description="Which account of the prices this is, such as documented.")
    input: Dollars | None = Field(None, description="Dollars per million input tokens.")
    cached_input: Dollars | None = Field(None, description="Dollars per million cached input tokens.")
    output: Dollars | None = Field(None, description="Dollars per million output tokens.")
    reasoning: Dollars | None = Field(
        None, description="Dollars per million reasoning tokens; if absent, at most the output rate."
    )
    provenance: ProvenanceItem | None = Field(None, description="Where the prices come from.")


class LimitsItem(Strict):
    """What the provider allows a model."""

    requests_per_minute: int | None = Field(None, ge=1, description="Requests a minute.")
    tokens_per_minute: int | None = Field(None, ge=1, description="Tokens a minute, all kinds.")
    concurrent_requests: int | None = Field(None, ge=1, description="Requests under way at once.")


class ModelItem(Strict):
    """One model."""

    id: str = Field(min_length=1, max_length=200, description="The name that requests carry.")
    aliases: list[str] = Field(default=[], description="Other names that the provider documents for it.")
    window_tokens: int | None = Field(None, ge=1, description="Context window, in tokens.")
    max_output_tokens: int | None = Field(None, ge=1, description="Longest reply, in tokens.")
    capabilities: list[Name] = Field(default=[], description="Such as vision, tools, reasoning.")
    prices: list[PriceItem] = Field(default=[], description="One entry per price profile.")
    limits: LimitsItem = Field(LimitsItem(), description="Rate limits of this model.")


class ProviderFile(Strict):
    """A provider: who answers, how to reach it, and what it serves."""

    provider: Name = Field(description="The provider's name: what stands before the slash of a target.")
    about: Text = Field("", description="What it is, in a sentence.")
    base_url: str = Field(
        pattern=r"^https?://[^\s?#]+$", description="With the version prefix, such as https://api.example.com/v1."
    )
    regions: dict[Name, str] = Field(default={}, description="Base URL by region name.")
    dialect: Name = Field(description="How requests and replies are spelled, such as openai-chat.")
    auth_header: str = Field("Authorization", description="Header that carries the key.")
    auth_prefix: str = Field("Bearer ", description="What stands before the key in that header.")
    key_variable: str | None = Field(
        None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Environment variable that holds the key."
    )
    hosts: list[str] = Field(default=[], description="Host names that are this provider's own; none for loopback.")
    simulated: bool = Field(
        False, description="True if its answers are a simulation, never evidence about a vendor's model."
    )
    open_models: bool = Field(False, description="True if it also serves models that are not listed here.")
    prices: list[PriceItem] = Field(default=[], description="Prices of a model that lists none of its own.")
    models: list[ModelItem] = Field(default=[], description="The models it serves.")
