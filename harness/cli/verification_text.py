"""A verification in the terminal and as JSON: the plan before it, the verdicts after it.

It stands apart from the command because grading an old verification ends the same way.
"""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from harness.cli.docket import Docket
from harness.cli.tables import render_table, visible
from harness.cli.terminal import say
from harness.cli.verifying import Verified
from harness.core.verdict import TURNED, Verdict, Verification
from harness.probes.drift import Change
from harness.probes.outlay import THOUGHT_TOKENS, Forecast, total
from harness.report.verdict_words import decision_of

SHOWN = 25
_COLOURS = {"pass": "green", "fail": "red", "error": "yellow"}


def plan_line(docket: Docket, rows: Sequence[Forecast]) -> str:
    """What would be sent, in a line."""
    whole = total(rows)
    return (
        f"plan: {len(docket.agenda.ruled)} claims, {whole.probes} probes, about {whole.requests} requests to "
        f"{docket.source} at {docket.base_url} (at most {whole.at_most}), about {_dollars(whole.usd)}"
    )


def plan_as_table(docket: Docket, rows: Sequence[Forecast]) -> str:
    """What would be sent, model by model."""
    header = ("model", "probes", "requests", "at most", "input tokens", "output tokens", "cost")
    cells = [
        (
            row.model or "(no model)",
            str(row.probes),
            f"~{row.requests}",
            str(row.at_most),
            f"~{row.input_tokens}",
            f"~{row.output_tokens}",
            _dollars(row.usd),
        )
        for row in (*rows, total(rows))
    ]
    cells[-1] = ("together", *cells[-1][1:])
    kinds = Counter(each.claim.kind for each in docket.agenda.ruled)
    return "\n".join(
        (
            plan_line(docket, rows),
            "",
            render_table(header, cells, right=range(1, len(header))),
            "",
            f"claims: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}",
            "requests: if the documents are true, and at most if every step is needed. Models that always reason are",
            f"reckoned with {THOUGHT_TOKENS} tokens of thought a request. What --allow does not name is left out.",
        )
    )


def plan_as_json(docket: Docket, rows: Sequence[Forecast]) -> dict[str, Any]:
    """What would be sent, for a machine."""

    def spelled(row: Forecast) -> dict[str, Any]:
        return {
            "model": row.model,
            "probes": row.probes,
            "requests": row.requests,
            "at_most": row.at_most,
            "input_tokens": row.input_tokens,
            "output_tokens": row.output_tokens,
            "cost_usd": None if row.usd is None else str(row.usd),
        }

    return {
        "provider": docket.provider.name,
        "source": docket.source,
        "mode": docket.mode,
        "claims": len(docket.agenda.ruled),
        "models": [spelled(row) for row in rows],
        "together": spelled(total(rows)),
    }


def _dollars(usd: Decimal | None) -> str:
    return "unknown cost" if usd is None else f"${usd:.2f}" if usd else "$0"


def verified_as_json(verified: Verified, place: Path | None, changes: Sequence[Change] | None = None) -> str:
    """What a machine wants to know of a verification."""
    found = verified.verification
    return json.dumps(
        {
            "exit_code": found.exit_code,
            "folder": None if place is None else str(place),
            "page": None if place is None else str(place / "report.html"),
            "verdicts": None if place is None else str(place / "verdicts.json"),
            "source": found.source,
            "simulated": found.simulated,
            "requests": found.requests,
            "cost_usd": None if found.cost_usd is None else str(found.cost_usd),
            "unpriced": found.unpriced,
            "counts": dict(found.counts),
            "not_kept": [
                {"claim": each.claim, "model": each.model, "verdict": each.verdict, "observed": each.observed}
                for each in found.verdicts
                if each.verdict in TURNED
            ],
            **({} if changes is None else {"changes": [_spelled(each) for each in changes]}),
        },
        indent=2,
    )


def _spelled(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "claim": change.claim,
        "model": change.model,
        "before": change.before,
        "now": change.now,
        "observed": change.observed,
    }


def render_verification(verified: Verified) -> str:
    """Verdicts by kind, what is not kept, what could not be asked, and the answer."""
    found = verified.verification
    lines = [_counts(found), ""]
    if found.simulated:
        lines += ["simulated: not evidence about a vendor's model", ""]
    lines += _no(found)
    lines += _open(found)
    cost = "unknown" if found.cost_usd is None else f"${found.cost_usd:.4f}"
    cost += f" and {found.unpriced} replies without a price" if found.unpriced else ""
    asked = "1 request" if found.requests == 1 else f"{found.requests} requests"
    lines += [f"{asked}, {cost}" + (", replayed" if found.mode == "replay" and found.requests else ""), ""]
    status, word, sentence = decision_of(found)
    lines.append(click.style(word.upper(), fg=_COLOURS[status], bold=True) + f": {sentence}")
    return "\n".join(lines)


def say_next_step(docket: Docket, found: Verification) -> None:
    """Tell what to look at where a server was asked and nothing at all could be decided."""
    if docket.mode == "replay" or set(found.counts) - {"not-tested"}:
        return
    if any(each.observed.startswith("the budget is spent") for each in found.verdicts):
        return
    variable = docket.sources.endpoint_of(docket.provider, None).key_variable
    key = f"the key in {variable} (--api-key-env)" if variable else "a key, if it wants one (--api-key-env VARIABLE)"
    say(
        f"   nothing could be decided: look at the address, {docket.base_url} (--base-url: what stands before\n"
        f"   /chat/completions, most often ending in /v1); {key}; the model's name (--target)"
    )


def _counts(found: Verification) -> str:
    names = list(found.counts)
    kinds: dict[str, Counter[str]] = {}
    for each in found.verdicts:
        kinds.setdefault(each.kind, Counter())[each.verdict] += 1
    rows = [(kind, *(str(counted[name] or "·") for name in names)) for kind, counted in kinds.items()]
    rows.append(("together", *(str(found.counts[name]) for name in names)))
    return render_table(("claims", *names), rows, right=range(1, len(names) + 1))


def _no(found: Verification) -> list[str]:
    no = sorted((each for each in found.verdicts if each.verdict in TURNED), key=lambda each: each.excused)
    lines = []
    for each in no[:SHOWN]:
        told = (*each.flags, *(("another passage is confirmed",) if each.excused else ()))
        flags = f" [{', '.join(told)}]" if told else ""
        lines.append(f"{each.verdict}: {each.claim}{flags}")
        lines.append(f"   documented {visible(each.documented, 160)}")
        lines.append(f"   observed   {visible(each.observed, 160)}")
    if len(no) > SHOWN:
        lines.append(f"… and {len(no) - SHOWN} more; the page shows all of them")
    return [*lines, ""] if lines else []


def _open(found: Verification) -> list[str]:
    weak: dict[str, list[Verdict]] = {}
    for each in found.verdicts:
        if each.verdict in ("inconclusive", "not-tested"):
            reason = "not observable" if each.observed.startswith("not observable") else each.observed
            weak.setdefault(f"{each.verdict}: {visible(reason, 160)}", []).append(each)
        if "stale" in each.flags:
            weak.setdefault("stale: recorded longer ago than is allowed, or nobody knows when", []).append(each)
    ranked = sorted(weak.items(), key=lambda pair: -len(pair[1]))
    lines = [
        f"{len(claims):4} {why}" + (f" ({claims[0].claim})" if len(claims) == 1 else "")
        for why, claims in ranked[:SHOWN]
    ]
    if len(ranked) > SHOWN:
        lines.append(f"… and {len(ranked) - SHOWN} more reasons")
    return [*lines, ""] if lines else []
