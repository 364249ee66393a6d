"""What the documents are refuted by, and where that was seen: the README of reports/examples/xai-observed.

It stands apart from the page because a simulation is no evidence: each of its refutations needs its public source.
"""

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from harness.catalogue import load_catalogues, load_register
from harness.core.claims import Register
from harness.core.verdict import TURNED, Verdict, Verification
from harness.simulator.observed import DATED, DIFFERENCES
from harness.store import read_verification

EXAMPLE = Path(__file__).parents[1] / "reports" / "examples" / "xai-observed"
_CHANGES = {
    "*.vision": "vision",
    "*.prompt_cache": "prompt_cache",
    "*.web_search*": "managed_search",
    "*.x_search*": "managed_search",
    "comp.builtin_tool.*": "managed_search",
    "*.live-search": "live_search",
    "*.grok-3.reasoning": "reasoning",
    "*.rate_limit.*": "limits",
    "comp.rate_header.*tokens": "limits",
    "*.reasoning_content": "shows_reasoning",
    "*.stream.reasoning.*": "shows_reasoning",
    "*.usage.reasoning_tokens": "reasoning_at_top",
    "*.stream.chunk.created": "created_constant",
    "*.stream.first.role": "role_alone",
    "*.stream.middle.*": "finish_null",
    "*.response_format.closed-set": "response_formats",
    "*.images.size": "image_size",
    "*.content-null": "content_of_calls",
}
"""Claims by their ids, and the observed difference that refutes them; what is refused is told by the parameter."""

_REFUSED = ("stop", "frequency_penalty", "presence_penalty", "reasoning_effort")
_ELSEWHERE = {
    "*.pricing.*": "price tables of November 2025 (LiteLLM 1.80.5, models.dev); four bills of grok-3-mini agree",
    "comp.rule.cost-formula": "cached tokens have a price of their own in the same tables",
    "comp.endpoint.mgmt.DELETE.id.revoke": "docs.x.ai, management API: a key is revoked without the team in the path",
}


def source_of(verdict: Verdict, register: Register) -> str:
    """Where public evidence shows what a verdict says; '' if nothing is known that does."""
    if verdict.grade == "E0":
        return "the documents themselves: one passage contradicts another"
    for pattern, words in _ELSEWHERE.items():
        if fnmatchcase(verdict.claim, pattern):
            return words
    changed = next((name for pattern, name in _CHANGES.items() if fnmatchcase(verdict.claim, pattern)), None)
    refused = [name for name in _REFUSED if name in verdict.claim or name in verdict.observed]
    for each in DIFFERENCES:
        about = verdict.model is None or not each.models or verdict.model in each.models
        if about and ((changed is not None and changed in each.changes) or set(each.rejects) & set(refused)):
            return each.source
    conflicts = [each for each in register.conflicts if each.id in verdict.conflicts]
    conflicts.sort(key=lambda each: not each.evidence)
    return f"{conflicts[0].id}: {conflicts[0].evidence or conflicts[0].about}" if conflicts else ""


def lines(found: Verification, register: Register) -> Iterator[str]:
    """The README, line by line."""
    turned = [each for each in found.verdicts if each.verdict in TURNED]
    yield "# xAI's documents against a simulation of public evidence"
    yield ""
    yield "`report.html` is `harness verify` of a simulator whose profile `observed` follows what public sources say of"
    yield f"the real API, as gathered on {DATED}. **A simulation is no evidence about a vendor's model**: it shows that"
    yield "the verification finds what the sources say. Each claim that is not kept stands below with its source."
    yield "`make examples` makes the folder anew."
    yield ""
    counts = ", ".join(f"{number} {name}" for name, number in found.counts.items())
    yield f"{found.requests} requests, seed {found.seed}: {counts}."
    yield ""
    grouped: dict[str, list[Verdict]] = {}
    for each in turned:
        grouped.setdefault(source_of(each, register) or "no public source: see the page", []).append(each)
    for source, verdicts in sorted(grouped.items(), key=lambda pair: -len(pair[1])):
        yield f"## {source}"
        yield ""
        yield from (f"- {each.verdict}: `{each.claim}`" for each in verdicts)
        yield ""


def main() -> int:
    """Write the README of the example."""
    found = read_verification(EXAMPLE)
    register = load_register(load_catalogues().provider("xai"))
    (EXAMPLE / "README.md").write_text("\n".join(lines(found, register)).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
