"""What a run leaves behind: one record a trial, with a header and a footer.

It stands apart because records are the contract: everything after a run reads these and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from harness.core.catalogue import Target
from harness.core.chat import Message
from harness.core.check import Finding, FollowUp
from harness.core.cost import Cost
from harness.core.keys import PairKey
from harness.core.outcome import Outcome, Rate
from harness.core.reply import Reply

SCHEMA = "model-harness/records/1"

Mode = Literal["replay", "record", "refresh", "live"]

RUN_PURSE = "the run"
"""The budget that everything is paid from; those of suites and targets bear their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One try of a request, in a line."""

    status: int | None = None
    total_ms: float | None = None
    error: str | None = None
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRecord:
    """One exchange of a trial.

    turn       0-based turn that it belongs to
    key        digest of its RequestKey, by which a cassette answered; '' where none did
    attempts   every try, when there was more than one or it failed; empty for a plain success
    recorded   True if a cassette answered; at the time `recorded_at` (ISO, UTC)
    server     what the server called itself, if it did
    cost       None if a price is not known
    follow_up  the question that a check asked, where this exchange answers one
    """

    turn: int = 0
    key: str = ""
    reply: Reply
    attempts: tuple[AttemptRecord, ...] = ()
    recorded: bool = False
    recorded_at: str | None = None
    server: str | None = None
    cost: Cost | None = None
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One trial: one line of records.jsonl.

    kind       'parameter' for a row of a suite's `parameters:`, decided by probes
    trial      digest of its TrialKey: a regrade needs it to match today's suite
    number     its 0-based place in the whole plan, other shards' trials counted
    target     the target's label; `source`/`model` say who really answered, `provider` whose catalogue it is priced by;
               in a file `source` is left out where it is the provider itself
    said       the scripted messages, turn by turn, the case's system message first; the target's own is in the header
    reason     why it is an error or was skipped
    at_least   the case's own rule for passing
    findings   turn by turn, in the order of the checks
    cost_usd   the model's exchanges together, None if any price is unknown; judge_cost_usd the follow-ups likewise,
               0 if there were none
    """

    kind: Literal["case", "parameter"] = "case"
    trial: str
    number: int = 0
    suite: str
    case: str
    row: str | None = None
    index: int = 0
    about: str = ""
    tags: tuple[str, ...] = ()
    location: str = ""
    target: str
    provider: str
    source: str = ""
    model: str
    simulated: bool = False
    outcome: Outcome
    reason: str | None = None
    at_least: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[tuple[Message, ...], ...] = ()
    exchanges: tuple[ExchangeRecord, ...] = ()
    findings: tuple[tuple[Finding, ...], ...] = ()
    cost_usd: Decimal | None = None
    judge_cost_usd: Decimal | None = Decimal(0)

    @property
    def pair(self) -> PairKey:
        """The key by which trials are compared."""
        return PairKey(suite=self.suite, case=self.case, row=self.row, index=self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRef:
    """A suite that a run was planned from."""

    name: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """The first line of records.jsonl.

    plan        digest of the plan's trial keys, other shards' among them
    trials      how many this run asks
    shard       '2/3' of a run that asks a share of the plan; None for the whole
    repeats     how often every case was asked, if that was said in the suites' stead; else None
    started_at  ISO time, UTC, of a run that sent anything; None for a replay, whose times are the recordings'
    """

    schema: str = SCHEMA
    version: str
    mode: Mode
    suites: tuple[SuiteRef, ...]
    targets: tuple[Target, ...]
    plan: str
    trials: int
    price_profile: str = "documented"
    max_errors: int = 0
    seed: int = 0
    repeats: int | None = None
    shard: str | None = None
    started_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFooter:
    """The last line of records.jsonl: without it, the run is not complete.

    charged_usd  what a budget counted, worst cases of lost replies included; None where there was no budget
    """

    trials: int
    rate: Rate
    exit_code: int
    cost_usd: Decimal | None = None
    charged_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, read whole. The footer is None if it never closed."""

    header: RunHeader
    records: tuple[TrialRecord, ...]
    footer: RunFooter | None = None
