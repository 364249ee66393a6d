"""The catalogue file as its author writes it: the models that validate it and describe it to editors.

It stands apart from the loader so that the format reads as one page.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# Lengths are bounded apart from the patterns: a counted repetition unrolls when the pattern is compiled, once a use,
# and a replayed run waits for that.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=50)]
Text = Annotated[str, Field(max_length=10_000)]
ModelName = Annotated[str, Field(min_length=1, max_length=200)]
ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=64)]
ClaimId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=200)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
Path = Annotated[str, Field(pattern=r"^/[^\s?#]*$", max_length=200)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _exact(value: object) -> object:
    """Take a YAML number through its shortest spelling, so that 0.1 means 0.1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number of dollars")  # noqa: TRY004 - pydantic takes no TypeError for a bad value
    return Decimal(str(value))


Dollars = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0)]


class Strict(BaseModel):
    """A mapping that refuses what it does not know."""

    # Deferred, so that what is validated is built once, as a whole, and not model by model before that.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ProvenanceItem(Strict):
    """Where a figure comes from."""

    document: Text = Field(description="Title or URL of the source.")
    section: Text = Field("", description="Heading or place within it.")
    lines: str = Field("", description="Lines of it, such as 101 or 354,359-376.", pattern=r"^(\d+(-\d+)?(,|$))*$")
    quote: str = Field("", max_length=300, description="A few words that stand there; ' … ' parts words that do not.")
    read: str = Field("", description="Date it was read, YYYY-MM-DD.", pattern=r"^(\d{4}-\d{2}-\d{2})?$")


class LongContextItem(Strict):
    """Rates of requests whose prompt is long: they hold for all of its tokens."""

    above_tokens: int = Field(ge=1, description="A prompt with more tokens than this is billed by these rates.")
    input: Dollars | None = Field(
        None, description="Dollars per million input tokens; if absent, the ordinary rate, as a lower bound."
    )
    cached_input: Dollars | None = Field(None, description="Dollars per million cached input tokens; likewise.")
    output: Dollars | None = Field(None, description="Dollars per million output tokens; likewise.")


class PriceItem(Strict):
    """US dollars per million tokens, one rate per kind of token."""

    profile: Name = Field("documented", description="Which account of the prices this is, such as documented.")
    input: Dollars | None = Field(None, description="Dollars per million input tokens.")
    cached_input: Dollars | None = Field(
        None, description="Dollars per million cached input tokens; if absent, at most the input rate."
    )
    output: Dollars | None = Field(None, description="Dollars per million output tokens.")
    reasoning: Dollars | None = Field(
        None, description="Dollars per million reasoning tokens; if absent, at most the output rate."
    )
    long_context: LongContextItem | None = Field(None, description="What changes beyond a length of the prompt.")
    calls: dict[ToolName, Dollars] = Field(
        default={}, description="Dollars for one call of a tool that the provider itself runs, by the tool's name."
    )
    image: Dollars | None = Field(None, description="Dollars for one generated image.")
    provenance: ProvenanceItem | None = Field(None, description="Where the prices come from.")
    claims: dict[str, ClaimId] = Field(
        default={},
        description="Id of the register's claim that a rate was taken from, by the rate's name: input, calls.<tool>, "
        "long_context, long_context.input and so on.",
    )


class LimitsItem(Strict):
    """What the provider allows a model."""

    requests_per_minute: int | None = Field(None, ge=1, description="Requests a minute.")
    tokens_per_minute: int | None = Field(None, ge=1, description="Tokens a minute, all kinds.")
    concurrent_requests: int | None = Field(None, ge=1, description="Requests under way at once.")


class ModelItem(Strict):
    """One model."""

    id: ModelName = Field(description="The name that requests carry.")
    makes: Literal["text", "image"] = Field(
        "text", description="'image' for a model that draws and does not chat: '<provider>/*' leaves it out."
    )
    aliases: list[ModelName] = Field(default=[], description="Other names that the provider documents for it.")
    window_tokens: int | None = Field(None, ge=1, description="Context window, in tokens.")
    max_output_tokens: int | None = Field(None, ge=1, description="Longest reply, in tokens.")
    capabilities: list[Name] = Field(default=[], description="Such as vision, tools, reasoning.")
    prices: list[PriceItem] = Field(default=[], description="One entry per price profile.")
    limits: LimitsItem = Field(default_factory=LimitsItem.model_construct, description="Rate limits of this model.")


class ManagementItem(Strict):
    """A second API domain, for keys and access: another address, another key."""

    base_url: Address = Field(description="Its address, such as https://management.example.com.")
    key_variable: Variable = Field(description="Environment variable that holds the management key.")
    team_variable: Variable | None = Field(
        None, description="Environment variable that holds the team's id, which fills {team} in paths."
    )


class EndpointItem(Strict):
    """An endpoint as the provider documents it."""

    name: Name = Field(description="What it is called here, such as chat-completions.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(description="HTTP method.")
    path: Path = Field(description="Below the domain's base_url, places such as {team} unfilled.")
    domain: Literal["inference", "management"] = Field("inference", description="Below which of the two addresses.")
    about: Text = Field("", description="What it does, in a few words.")
    available: bool = Field(True, description="False if the provider says that it is not there yet.")
    claims: list[ClaimId] = Field(default=[], description="Ids of the register's claims that promise it.")


class ProviderFile(Strict):
    """A provider: who answers, how to reach it, and what it serves."""

    # A file that is like another has its dialect from there; the loader tells a missing one in the same words.
    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["dialect"]}, {"required": ["like"]}]})

    provider: Name = Field(description="The provider's name: what stands before the slash of a target.")
    like: Name | None = Field(
        None,
        description="Another provider, whose every key holds here too unless this file has it. Keys are taken whole: "
        "`models` replaces all models. Addresses and key variables are never shared.",
    )
    about: Text = Field("", description="What it is, in a sentence.")
    base_url: Address = Field(description="With the version prefix, such as https://api.example.com/v1.")
    regions: dict[Name, Address] = Field(default={}, description="Base URL by region name.")
    dialect: Name | None = Field(None, description="How requests and replies are spelled, such as openai-chat.")
    dialects: list[Name] = Field(default=[], description="Further dialects that it speaks, if a case asks for one.")
    auth_header: str = Field("Authorization", pattern=r"^[A-Za-z0-9_-]+$", description="Header that carries the key.")
    auth_prefix: str = Field("Bearer ", pattern=r"^[ -~]*$", description="What stands before the key in that header.")
    key_variable: Variable | None = Field(None, description="Environment variable that holds the key.")
    url_variable: Variable | None = Field(
        None,
        description="Environment variable that holds the base URL where it varies from one start of a server on this "
        "machine to the next. It may name loopback only.",
    )
    management: ManagementItem | None = Field(None, description="Its second API domain, for keys and access.")
    model_list: Path | None = Field(None, description="Path that lists the models served now, such as /models.")
    endpoints: list[EndpointItem] = Field(default=[], description="What it documents, on both domains.")
    groups: dict[Name, Annotated[list[ModelName], Field(min_length=1)]] = Field(
        default={}, description="Models by what they are recommended for; a target may be '<provider>/@<group>'."
    )
    # Pydantic's models have a method of the key's name.
    claim_register: Name | None = Field(
        None, alias="register", description="Name of the register that holds its documented claims."
    )
    hosts: list[str] = Field(default=[], description="Host names that are this provider's own; none for loopback.")
    simulated: bool = Field(
        False, description="True if its answers are a simulation, never evidence about a vendor's model."
    )
    open_models: bool = Field(False, description="True if it also serves models that are not listed here.")
    prices: list[PriceItem] = Field(
        default=[],
        description="Prices of a model that lists none of its own; their `calls` hold for every text model.",
    )
    models: list[ModelItem] = Field(default=[], description="The models it serves.")
