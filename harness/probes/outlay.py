"""What a verification would send, in requests, tokens and dollars, before anything is sent.

It stands apart because it is pure: it may be shown to anyone, and spends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.core.cost import MILLION
from harness.probes.lineup import Lineup
from harness.probes.verify import Agenda

# The gate of a model: an ordinary request and an unknown field; more where one fails, or replies look canned.
_GATE_REQUESTS = 2
_GATE_AT_MOST = 11
_GATE_TOKENS = 60
THOUGHT_TOKENS = 1000
"""What a model that always reasons thinks of a short question, about: nobody documents it, and it may well be more."""

OPTIONAL_THOUGHT_TOKENS = 200
"""Likewise for a model that reasons only if asked to, or of which the documents say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is to be sent for one model, or for none.

    model          None for requests that ask no model
    requests       if the documents are true; at_most if every step is needed
    output_tokens  shown and thought
    usd            None where a price is missing
    """

    model: str | None
    probes: int
    requests: int
    at_most: int
    input_tokens: int
    output_tokens: int
    usd: Decimal | None


def forecast(agenda: Agenda, profile: str = "documented") -> tuple[Forecast, ...]:
    """What an agenda would send, by model; what must be opted into and was not is left out."""
    allowed = agenda.lineup.allowed
    asked = [probe for probe in agenda.probes if set(probe.needs) <= allowed]
    rows = []
    for model in (None, *agenda.gated):
        outlays = [probe.outlay for probe in asked if probe.model == model]
        gate, gate_at_most = (_GATE_REQUESTS, _GATE_AT_MOST) if model is not None else (1, 1)
        requests = gate + sum(each.requests for each in outlays)
        rows.append(
            _priced(
                agenda.lineup,
                profile,
                Forecast(
                    model=model,
                    probes=len(outlays),
                    requests=requests,
                    at_most=gate_at_most + sum(each.at_most or each.requests for each in outlays),
                    input_tokens=(_GATE_TOKENS if model else 0) + sum(each.input_tokens for each in outlays),
                    output_tokens=sum(each.output_tokens for each in outlays),
                    usd=Decimal(str(sum(each.usd for each in outlays))),
                ),
            )
        )
    return tuple(rows)


def _priced(lineup: Lineup, profile: str, row: Forecast) -> Forecast:
    if row.model is None:
        return row
    each = {True: THOUGHT_TOKENS, False: 0, None: OPTIONAL_THOUGHT_TOKENS}[lineup.reasons(row.model)]
    # Refused requests draw no thought; how many there will be is not reckoned, so this is the dear side.
    thought = row.requests * each
    tariff = lineup.provider.find_tariff(row.model, profile)
    usd = None
    if tariff is not None and tariff.input is None and tariff.image is not None:
        # A model that draws: what is paid for is the pictures, which are fees of the probes that ask for them.
        usd = row.usd
    elif tariff is not None and tariff.input is not None and tariff.output is not None and row.usd is not None:
        usd = row.usd + (row.input_tokens * tariff.input + (row.output_tokens + thought) * tariff.output) / MILLION
    return Forecast(
        model=row.model,
        probes=row.probes,
        requests=row.requests,
        at_most=row.at_most,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens + thought,
        usd=usd,
    )


def total(rows: Sequence[Forecast]) -> Forecast:
    """All rows together."""
    prices = [row.usd for row in rows]
    return Forecast(
        model=None,
        probes=sum(row.probes for row in rows),
        requests=sum(row.requests for row in rows),
        at_most=sum(row.at_most for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        usd=None if None in prices else sum((usd for usd in prices if usd is not None), Decimal(0)),
    )
