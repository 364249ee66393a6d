"""Verdicts: what a documented claim came to, with the evidence that an engineer would want to see before signing it.

It stands apart because verdicts are a contract: pages, gates and migrations read these, and nothing of how they were
made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from harness.core.catalogue import Provenance
from harness.core.chat import Credential
from harness.core.claims import SourceDocument
from harness.core.exchange import Exchange
from harness.core.plain import Domain
from harness.core.record import Mode

VERDICTS_SCHEMA = "model-harness/verdicts/1"

VerdictName = Literal["confirmed", "refuted", "ignored", "undocumented", "partial", "inconclusive", "not-tested"]
"""VERDICTS.md, "Verdicts"."""

Flag = Literal["documents-conflict", "stale", "acceptance-only", "flaky", "server-error"]
Grade = Literal["E0", "E1", "E2", "E3", "E4"]
"""E0 document only, E1 accepted, E2 a bad value is refused by name, E3 effect seen, E4 against a replicated control."""

Role = Literal["control", "treatment", "plain"]

TURNED: tuple[VerdictName, ...] = ("refuted", "ignored", "undocumented", "partial")
"""Verdicts that say no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One exchange that a verdict rests on.

    exchange  id of the exchange, in the run's exchanges
    role      'treatment' has what is probed, 'control' is the same without it, 'plain' is neither
    about     what was asked, in a few words
    """

    exchange: str
    role: Role = "plain"
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one claim came to.

    model       the model that it is about; None for a claim about the API
    subject     what it is about, as 'field stop' or 'endpoint POST /v1/messages'
    documented  the claim in words
    observed    what was seen, in words; for `not-tested`, why it was not asked
    n           how many replies decided it
    p           of the test that decided it, one-sided; None where none did
    requests    how many requests its evidence took, which other claims may share
    cost_usd    dollars for these, None if a price is not known
    needs       what it takes to decide it, beyond an ordinary key, where that was not given
    conflicts   ids of the contradictions that it takes a side in
    excused     True if it says no, and another side of a contradiction is confirmed: one of the two had to be wrong
    """

    claim: str
    kind: str
    model: str | None = None
    subject: str
    documented: str
    observed: str
    verdict: VerdictName
    grade: Grade = "E0"
    flags: tuple[Flag, ...] = ()
    n: int = 0
    p: float | None = None
    requests: int = 0
    cost_usd: Decimal | None = Decimal(0)
    evidence: tuple[Evidence, ...] = ()
    needs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    excused: bool = False
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeExchange:
    """One exchange of a verification, kept so that every verdict can be derived again.

    id     unique in the run: '<probe>@<model>#<number>'
    about  what was asked, in a few words
    cost_usd  None if its price is not known
    credential, domain, region  which key it was asked with and where, without which it could not be asked again
    """

    id: str
    probe: str
    model: str | None = None
    about: str = ""
    role: Role = "plain"
    exchange: Exchange
    cost_usd: Decimal | None = None
    credential: Credential = "valid"
    domain: Domain = "inference"
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Every verdict of one run of `verify`.

    provider    whose documents; source: who answered
    models      the models that were selected
    allowed     what was opted into, such as 'money'
    strict      whether the losing side of a contradiction counts, and what must be opted into
    requests    sent or replayed in all; cost_usd dollars for those whose price is known
    unpriced    how many may have cost something, and nobody knows what
    started_at  ISO, UTC, of a run that sent anything; None for a replay
    notes       what the reader must know beside the verdicts, such as that the server's replies are canned
    counts      verdicts by name
    """

    schema: str = VERDICTS_SCHEMA
    version: str
    provider: str
    source: str
    simulated: bool = False
    base_url: str = ""
    management_url: str | None = None
    mode: Mode
    seed: int = 0
    started_at: str | None = None
    models: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    strict: bool = False
    price_profile: str = "documented"
    documents: tuple[SourceDocument, ...] = ()
    requests: int = 0
    cost_usd: Decimal | None = None
    unpriced: int = 0
    exit_code: int = 0
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
