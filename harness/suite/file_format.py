"""The suite file as its author writes it: the models that validate it and describe it to editors.

It stands apart from the loader so that the format reads as one page. Checks are validated by their own kinds; a
mapping whose only key is `file` stands for that file's content and is replaced before these models see it.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
# The length is bounded apart from the pattern: a counted repetition unrolls when the pattern is compiled, once a use.
Identifier = Annotated[str, Field(pattern=IDENTIFIER, max_length=100)]
Text = Annotated[str, Field(strict=True)]
# What the loader has replaced by a file's content; editors see both forms.
INCLUSION = {
    "type": "object",
    "description": "The content of a file beside the suite, inside its folder's tree.",
    "properties": {"file": {"type": "string", "description": "Path relative to the suite's folder."}},
    "required": ["file"],
    "additionalProperties": False,
}
Included = Annotated[str, Field(strict=True), WithJsonSchema({"anyOf": [{"type": "string"}, INCLUSION]})]
IncludedMapping = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
Count = Annotated[int, Field(ge=1, le=10_000)]
Params = Annotated[
    dict[str, Any],
    Field(description="Request parameters by their wire names, sent as they are: a suite may probe unknown ones."),
]
Expectation = dict[str, Any]
FORBIDDEN_PARAMS = {
    "model": "targets:",
    "messages": "prompt: or messages:",
    "stream": "stream: true",
    "tools": "tools:",
    "response_format": "response_format:",
}


class Strict(BaseModel):
    """A mapping that refuses what it does not know."""

    # Deferred, so that what is validated is built once, as a whole, and not model by model before that.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, defer_build=True)


def _exact(value: object) -> object:
    """Take a number through its shortest spelling, so that 0.1 means 0.1, and a text as it is written."""
    if isinstance(value, str) and not _AMOUNT.fullmatch(value):
        raise ValueError("expected US dollars, such as 2.50")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("expected a number of US dollars")  # noqa: TRY004 - pydantic takes no TypeError here
    return Decimal(str(value))


_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,12})?")
_DOLLARS = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000},
        {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"},
    ]
}
Dollars = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=1_000_000_000), WithJsonSchema(_DOLLARS)]


class BudgetItem(Strict):
    """What may be spent at most in one run. At the ceiling the run stops, and --resume goes on with another."""

    usd: Dollars | None = Field(None, description="US dollars, as a number or in quotes: 2.50 means 2.50 exactly.")
    requests: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(None, description="Requests that are sent.")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.usd is None and self.requests is None:
            raise ValueError("a budget has usd, requests or both")
        return self


class TargetItem(Strict):
    """A model with parameters: what trials are run against."""

    model: Text = Field(description="'<provider>/<model>'; * and ? match any name of the catalogue.")
    params: Params = Field(default_factory=dict)
    matrix: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="Parameter -> values: one target for each combination."
    )
    system: Included | None = Field(None, description="A system message put before every conversation of this target.")
    region: Text | None = Field(None, description="One of the provider's regions.")
    label: Text | None = Field(
        None,
        alias="as",
        min_length=1,
        max_length=100,
        description="The target's label; {parameter} is filled from its params.",
    )
    budget: BudgetItem | None = Field(None, description="What each target of this entry may spend in a run.")


class ImagePart(Strict):
    """An image within a message."""

    image: Included = Field(description="An http(s) or data URL, or {file: picture.png}.")
    detail: Literal["low", "high", "auto"] | None = Field(None, description="How closely it is to be looked at.")


class TextPart(Strict):
    """A text within a message."""

    text: Included = Field(description="The text.")


Content = Annotated[
    Included | list[TextPart | ImagePart], Field(description="A text, or a list of text and image parts.")
]


class CallItem(Strict):
    """A tool call that an assistant message made earlier."""

    name: Text = Field(description="The tool's name.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="Its arguments.")
    id: Text = Field("call_1", description="The id that a tool message answers.")


class MessageItem(Strict):
    """One message: the role is its key."""

    system: Content | None = Field(None, description="A system message.")
    user: Content | None = Field(None, description="What the user says.")
    name: Text | None = Field(None, min_length=1, description="A name that goes with the message.")
    assistant: Included | None = Field(None, description="What the assistant said earlier.")
    tool: Included | None = Field(None, description="What a tool returned, with `call` naming the call's id.")
    tool_calls: list[CallItem] = Field(default_factory=list, description="Calls made by this assistant message.")
    call: Text | None = Field(None, description="For a tool message: the id of the call that it answers.")

    @model_validator(mode="after")
    def _one_role(self) -> Self:
        roles = [role for role in ("system", "user", "assistant", "tool") if getattr(self, role) is not None]
        if self.tool_calls and not roles:
            roles = ["assistant"]
        if len(roles) != 1:
            raise ValueError("a message has exactly one of the keys system, user, assistant, tool")
        if self.tool_calls and roles != ["assistant"]:
            raise ValueError("only an assistant message has tool_calls")
        if (self.call is not None) != (roles == ["tool"]):
            raise ValueError("a tool message, and no other, names the `call` that it answers")
        return self


class RequestItem(Strict):
    """A request that is no chat."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = Field(
        None, description="GET if it has no body, POST if it has one."
    )
    path: Text = Field(
        pattern=r"^/[^\s#]*$",
        max_length=2_000,
        description="Below the API's base URL; {model}, {team} and what earlier turns saved are filled.",
    )
    body: dict[str, Any] | list[Any] | Text | None = Field(
        None, description="Sent as JSON, {model} and saved values filled; a text is sent as it is, broken or not."
    )
    domain: Literal["inference", "management"] = Field(
        "inference", description="Which of the provider's APIs: each has its host and its key."
    )


class TurnItem(Strict):
    """One step of a conversation: what is said, and what is expected of the answer."""

    prompt: Included | None = Field(None, description="What the user says.")
    messages: list[MessageItem] | None = Field(None, min_length=1, description="Messages added before asking.")
    request: RequestItem | None = Field(None, description="A request that is no chat.")
    save: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)], Text] = Field(
        default_factory=dict,
        description="Name -> dotted path into the answer's JSON, such as data.0.id, for later requests.",
    )
    expect: list[Expectation] = Field(default_factory=list, description="Checks on the answer to this turn.")

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if sum(way is not None for way in (self.prompt, self.messages, self.request)) != 1:
            raise ValueError("a turn has exactly one of prompt, messages and request")
        if self.save and self.request is None:
            raise ValueError("only a turn with a request saves values of its answer")
        return self


class DatasetFile(Strict):
    """Rows in a file beside the suite."""

    file: Text = Field(description="A .csv file with a header line, or a .jsonl file with an object a line.")
    limit: Count | None = Field(None, description="Use the first rows only.")


class PassItem(Strict):
    """When a case passes."""

    at_least: Count = Field(description="How many of the repeats must pass.")


class Defaults(Strict):
    """What every case begins with; the case's own keys win."""

    params: Params = Field(default_factory=dict)
    system: Included | None = Field(None, description="System message.")
    stream: bool = Field(False, description="Ask for a stream.")
    repeats: Count = Field(1, description="How many times each case is asked.")
    passing: PassItem | None = Field(None, alias="pass", description="When a case passes; all repeats, if absent.")


class CaseItem(Strict):
    """One case: what is asked, and what is expected."""

    id: Identifier = Field(description="Unique within the suite; names recordings, so keep it when the prompt changes.")
    about: Text = Field("", description="What the case shows, in a sentence.")
    tags: list[Identifier] = Field(default_factory=list, description="Words to select by.")
    system: Included | None = Field(None, description="System message.")
    prompt: Included | None = Field(
        None, description="What the user says; a Jinja template over vars and the dataset row."
    )
    messages: list[MessageItem] | None = Field(
        None, min_length=1, description="The conversation so far, the question last."
    )
    turns: list[TurnItem] | None = Field(None, min_length=1, description="A conversation of several questions.")
    request: RequestItem | None = Field(None, description="A request that is no chat.")
    vars: dict[Identifier, Any] = Field(
        default_factory=dict, description="Variables for templates; their values are not templates."
    )
    dataset: DatasetFile | list[dict[str, Any]] | None = Field(
        None,
        description="Rows whose columns become variables: the case is asked once a row. An `id` column names the rows.",
    )
    params: Params = Field(default_factory=dict)
    tools: list[IncludedMapping] = Field(
        default_factory=list, description="Tool definitions as the API takes them, or {file: tool.yaml}."
    )
    tool_results: dict[str, Any] = Field(
        default_factory=dict, description="What each tool returns when the model calls it."
    )
    max_rounds: Count = Field(4, description="How many times tool results are sent back within a turn.")
    response_format: IncludedMapping | None = Field(None, description="As the API takes it.")
    stream: bool | None = Field(None, description="Ask for a stream.")
    dialect: Identifier | None = Field(
        None, description="How it is asked, such as anthropic-messages; the provider's first way, if absent."
    )
    deferred: bool = Field(False, description="Ask for the answer to be made in the background, and fetch it later.")
    credential: Literal["valid", "none", "bad", "other"] = Field(
        "valid", description="Which key goes with the request; other is the key of the provider's other API."
    )
    repeats: Count | None = Field(None, description="How many times it is asked.")
    passing: PassItem | None = Field(None, alias="pass", description="When it passes; all repeats, if absent.")
    only: list[Text] = Field(
        default_factory=list, description="Targets that it is meant for, by label or name; * and ? match any."
    )
    skip: Text | None = Field(None, min_length=1, description="Why it is not run now.")
    expect: list[Expectation] = Field(default_factory=list, description="Checks on the (last) answer; all must pass.")

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if sum(way is not None for way in (self.prompt, self.messages, self.turns, self.request)) != 1:
            raise ValueError("a case has exactly one of prompt, messages, turns and request")
        if self.deferred and (self.stream or self.request is not None):
            raise ValueError("a deferred case is a chat that is not streamed")
        if not self.expect and not any(turn.expect for turn in self.turns or ()):
            raise ValueError("a case that expects nothing cannot fail; give it an expect: list")
        return self


class ParameterItem(Strict):
    """What is expected of the support for a parameter or a capability; probes decide it, as in `harness verify`."""

    parameter: Identifier | None = Field(None, description="The parameter's wire name.")
    capability: Identifier | None = Field(None, description="What the model can do, such as vision or streaming.")
    models: list[Text] = Field(min_length=1, description="'<provider>/<model>'; * and ? match any.")
    expect: Literal["supported", "unsupported", "rejected", "ignored"] = Field(
        description="How the model should treat it: supported means that its effect is seen, rejected that three tries "
        "are refused, ignored that it is taken and shown to do nothing; unsupported is either of the last two."
    )
    values: list[Any] = Field(
        default_factory=list, description="Values to try; the parameter's documented ones if absent."
    )

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.parameter is None) == (self.capability is None):
            raise ValueError("a row is about either a parameter or a capability")
        return self


class SuiteFile(Strict):
    """A suite: cases, and the targets that they are asked of."""

    suite: Identifier = Field(description="The suite's name; names recordings, so keep it.")
    about: Text = Field("", description="What the suite shows, in a sentence.")
    targets: list[Text | TargetItem] = Field(
        default_factory=list, description="Default targets; --target narrows or replaces them."
    )
    budget: BudgetItem | None = Field(None, description="What all cases of the suite may spend in a run.")
    defaults: Defaults = Field(default_factory=Defaults.model_construct, description="What every case begins with.")
    vars: dict[Identifier, Any] = Field(default_factory=dict, description="Variables for every case's templates.")
    cases: list[CaseItem] = Field(default_factory=list, description="The cases.")
    parameters: list[ParameterItem] = Field(default_factory=list, description="Expected parameter support.")

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        if not self.cases and not self.parameters:
            raise ValueError("a suite has cases, parameters or both")
        return self
