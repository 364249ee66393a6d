"""Suites as their authors mean them: cases, turns, rows, ready to be asked of any target.

Files are read and templates filled by the suite package; what stands here is the result, rows expanded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.core.catalogue import Ceiling, TargetSpec
from harness.core.chat import Credential, Message
from harness.core.check import Check
from harness.core.plain import PlainRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step of a conversation: what is said, and what is expected of the answer.

    messages  added to the conversation before asking; empty for a plain request
    request   what is sent instead, where the turn is no chat
    save      name -> dotted path into the answer's JSON: a value for the places of later requests
    expect    checks on the turn's replies
    """

    messages: tuple[Message, ...] = ()
    request: PlainRequest | None = None
    save: Mapping[str, str] = field(default_factory=dict)
    expect: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case with one dataset row filled in.

    row           the row's name, or None without a dataset
    tool_results  tool name -> what the tool returns, as text; consumed by the tool round trip
    max_rounds    how many times scripted tool results may be sent back within a turn
    dialect       how it is asked, where that is not the provider's first way
    deferred      the answer is fetched later, once it is ready
    at_least      how many of the repeats must pass; None for all
    only          target labels or names (globs) that the case is meant for; empty for all
    skip          why it is not run, or None
    location      file:line:column of the case, for messages and annotations
    """

    suite: str
    id: str
    row: str | None = None
    about: str = ""
    tags: tuple[str, ...] = ()
    system: str | None = None
    turns: tuple[Turn, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_results: Mapping[str, str] = field(default_factory=dict)
    max_rounds: int = 4
    response_format: Mapping[str, Any] | None = None
    stream: bool = False
    dialect: str | None = None
    deferred: bool = False
    credential: Credential = "valid"
    repeats: int = 1
    at_least: int | None = None
    only: tuple[str, ...] = ()
    skip: str | None = None
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """What a suite says of the support for one parameter or capability; probes decide it.

    parameter   its wire name, or None where the row is about a capability
    capability  such as 'vision', or None
    models      '<provider>/<model>' globs
    expect      'unsupported' means rejected or ignored
    """

    parameter: str | None = None
    capability: str | None = None
    models: tuple[str, ...]
    expect: Literal["supported", "unsupported", "rejected", "ignored"]
    values: tuple[Any, ...] = ()
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One suite file, read whole.

    path     as the user gave it
    digest   of the file's bytes and of every file it refers to
    budget   what may be spent on it in one run
    """

    name: str
    about: str = ""
    path: str
    digest: str
    targets: tuple[TargetSpec, ...] = ()
    cases: tuple[Case, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    budget: Ceiling | None = None
