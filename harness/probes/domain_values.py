"""What a domain is made of: fields, values that can be counted off, and values that chat completions are known to take.

It stands apart from the reading of claims so that drawing, spelling and showing a request need no register.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

QUESTION: Final = "?"
"""A step of a path: the place of the user's question among the messages."""

MISSING: Final = "\0missing"
"""Stands for a field that is left out."""

STEPS_OUTSIDE: Final = 50
"""How many steps beyond a bound still count as just outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Evenly spaced numbers; the first is the simplest."""

    FINE: ClassVar[float] = 0.01

    first: float
    count: int
    step: float

    def at(self, index: int) -> int | float:
        """The number of that index, as its decimals say: an integer where the step is one."""
        if self.step in (1, -1) and float(self.first).is_integer():
            return int(self.first) + index * int(self.step)
        return round(self.first + index * self.step, 6)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Given values; the first is the simplest."""

    values: tuple[Any, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.values)

    def at(self, index: int) -> Any:
        """The value of that index."""
        return self.values[index]


Values = Numbers | OneOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """One way of lying just outside.

    kind  'refused' is what is documented as not taken at all; 'json' what is no JSON
    """

    kind: Literal["range", "set", "type", "missing", "refused", "json"]
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a request, or a form that its conversation may take.

    path        where it stands; empty for the body as a whole
    inside      values that are documented; empty if it is not drawn
    outside     ways of lying just outside; empty if the documents do not say that anything is refused
    documented  in a few words
    claims      ids of the claims that say so
    """

    name: str
    path: tuple[str | int, ...]
    inside: tuple[Values, ...] = ()
    outside: tuple[Beyond, ...] = ()
    documented: str = ""
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What the documents say of requests to a model.

    never  sets of fields that are not drawn together
    """

    model: str
    fields: tuple[Field, ...]
    never: tuple[frozenset[str], ...] = ()

    def find(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)


JSON_TYPES: Mapping[str, Any] = {
    "string": "harness",
    "number": 7,
    "boolean": True,
    "array": ["harness"],
    "object": {"harness": 1},
}
"""JSON's types but null, which many servers take for an absent field; each with a value that is no other type's."""


def type_of(value: Any) -> str:
    """The JSON type of a value; 'null' for None."""
    if isinstance(value, bool):
        return "boolean"
    kinds = {str: "string", int: "number", float: "number", list: "array", tuple: "array", dict: "object"}
    return kinds.get(type(value), "null")


TOOL: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "The time of day in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
NAMED_TOOL: Mapping[str, Any] = {"type": "function", "function": {"name": "get_time"}}

_SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
FORMATS: Mapping[str, Any] = {
    "json_schema": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": _SCHEMA}}
}
"""Formats of a reply that are more than their type."""

COMPANIONS: Mapping[str, Mapping[str, Any]] = {
    "tool_choice": {"tools": [TOOL]},
    "parallel_tool_calls": {"tools": [TOOL]},
    "stream_options": {"stream": True},
    "top_logprobs": {"logprobs": True},
}
"""Fields that mean nothing without another one, and that other one."""

SYNONYMS = (frozenset({"max_tokens", "max_completion_tokens"}),)
"""Names of one thing: no document says what two of them mean together."""

# 16 by 16 pixels of one blue: the smallest that vendors take.
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGklEQVR42mMUsTnBQApgYiARjGoY1TB0NAAAitkBOPBPcy8AAAAASUVORK5CYII="
)
IMAGE_PART: Mapping[str, Any] = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PNG}"}}
AUDIO_PART: Mapping[str, Any] = {"type": "input_audio", "input_audio": {"data": "UklGRiQAAABXQVZF", "format": "wav"}}

WHOLE = frozenset({"max_tokens", "max_completion_tokens", "n", "seed", "top_logprobs"})
"""Fields that count something: a step of theirs is one."""

_FLAG = {"boolean": (OneOf((False, True)),)}
# Few, and short: every accepted request is paid for.
_TOKENS = {"number": (Numbers(first=1, count=64, step=1),)}
SAMPLES: Mapping[str, Mapping[str, tuple[Values, ...]]] = {
    "max_tokens": _TOKENS,
    "max_completion_tokens": _TOKENS,
    "temperature": {"number": (OneOf((0, 0.7, 1)),)},
    "top_p": {"number": (OneOf((1, 0.9)),)},
    "frequency_penalty": {"number": (OneOf((0.5, 1)),)},
    "presence_penalty": {"number": (OneOf((0.5, 1)),)},
    "stop": {"string": (OneOf(("zq",)),), "array": (OneOf((["zq"], ["zq", "qx"])),)},
    "seed": {"number": (Numbers(first=0, count=1_000, step=1),)},
    "n": {"number": (OneOf((1, 2)),)},
    "logprobs": _FLAG,
    "top_logprobs": {"number": (OneOf((0, 1, 2)),)},
    "reasoning_effort": {"string": (OneOf(("high", "low")),)},
    "stream": _FLAG,
    "stream_options": {"object": (OneOf(({"include_usage": True}, {"include_usage": False})),)},
    "tools": {"array": (OneOf(([TOOL],)),)},
    "parallel_tool_calls": _FLAG,
    "logit_bias": {"object": (OneOf(({},)),)},
    "user": {"string": (OneOf(("harness",)),)},
    "messages[].content": {
        "string": (OneOf(("Say OK, and mind: é, 日本, 🙂.", 'Say "OK" \\ <b>%s</b>.', "Say OK.\n\n\tThen stop.")),),
    },
}
"""Values that the contract of chat completions has, by JSON type, where a register gives no range and no set: no
register lists a stop sequence."""
