"""What the simulator behaves like: one `ModelBehaviour` a model, the style of its wire, and the profile of both.

It stands apart from the loading so that every part of the simulator may name these types and none reads a catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.core.catalogue import Limits, Tariff

Reasoning = Literal["always", "optional", "none"]
ToolUse = Literal["full", "enhanced", "standard", "limited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBehaviour:
    """How one model behaves.

    makes             'text' for a chat model, 'image' for one that draws and does not chat
    released          Unix seconds, for `created` in the listings
    reasoning         'optional' thinks as `reasoning_effort` says, and at the first of `efforts` where it says nothing
    shows_reasoning   whether replies carry `reasoning_content`
    reasoning_tokens  fewest and most tokens of thought in a reply at full effort
    rejects           parameters that are refused when they are sent with any value but null
    answers_500_to    parameters that make the server fail: only deviations have any
    response_formats  the values of `response_format.type` that are accepted
    tools             'limited' never calls two tools in one turn; the others behave alike
    efforts           accepted values of `reasoning_effort`, least first
    ttft_s            seconds until the first token; `seconds_per_token` for each one after it, thoughts included
    """

    id: str
    makes: Literal["text", "image"] = "text"
    aliases: tuple[str, ...] = ()
    released: int = 0
    window_tokens: int = 0
    reasoning: Reasoning = "none"
    shows_reasoning: bool = False
    reasoning_tokens: tuple[int, int] = (0, 0)
    rejects: frozenset[str] = frozenset()
    answers_500_to: frozenset[str] = frozenset()
    tools: ToolUse = "full"
    vision: bool = False
    audio: bool = False
    response_formats: frozenset[str] = frozenset({"text", "json_object"})
    web_search: bool = True
    prompt_cache: bool = False
    streaming: bool = True
    efforts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    tariff: Tariff = field(default_factory=Tariff)
    ttft_s: float = 0.05
    seconds_per_token: float = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class WireStyle:
    """Choices of the wire that belong to no one model. The defaults are the documented ones.

    id_prefix            what stands before the UUID of a reply
    content_of_calls     `message.content` of a reply that calls tools
    finish_null          whether chunks before the last say `finish_reason: null`, or leave it out
    role_alone           whether a stream opens with the role and empty content, or with the role and a first thought
    created_constant     whether all chunks of a stream carry one `created`
    reasoning_at_top     whether `usage.reasoning_tokens` stands beside the details
    refusal_null         whether a message says `refusal: null`
    managed_search       whether web_search and x_search without parameters are run by the server
    live_search          whether `search_parameters` searches, or is answered 410
    image_size           whether an image request may say `size`
    """

    id_prefix: str = "chatcmpl-"
    content_of_calls: Literal[""] | None = None
    finish_null: bool = True
    role_alone: bool = True
    created_constant: bool = True
    reasoning_at_top: bool = True
    refusal_null: bool = False
    managed_search: bool = True
    live_search: bool = True
    image_size: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A whole vendor as the simulator plays it.

    name    'documented' or 'observed'
    models  by id, in the vendor's order, the image model last
    ranges  by parameter, the least and the most that is accepted
    active  the deviations in force: name and the model it is confined to, or None for all
    """

    name: str
    models: Mapping[str, ModelBehaviour]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    wire: WireStyle = WireStyle()
    active: tuple[tuple[str, str | None], ...] = ()
    _names: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index ids and aliases."""
        names = {alias: each.id for each in self.models.values() for alias in each.aliases}
        object.__setattr__(self, "_names", names | {name: name for name in self.models})

    def find(self, name: str) -> ModelBehaviour | None:
        """The model of that id or alias, or None."""
        known = self._names.get(name)
        return self.models[known] if known is not None else None

    def deviations_for(self, model: str | None) -> frozenset[str]:
        """Names of the deviations in force for a model, named by id or alias; for None, those confined to no model."""
        known = self._names.get(model) if model is not None else None
        return frozenset(name for name, only in self.active if only is None or only == known)
