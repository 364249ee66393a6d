"""`harness verify --fuzz`: what the fuzz found, on the terminal, as fuzz.json, and as a suite that can be run again.

It stands apart from the command so that a verification without a fuzz pays for none of it, nor for Hypothesis.
"""

import json
from collections.abc import Sequence
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from harness.cli.docket import Docket
from harness.cli.tables import visible
from harness.cli.verifying import Verified
from harness.core.verdict import ProbeExchange
from harness.probes.bench import Bench
from harness.probes.desk import CHAT, Seen
from harness.store import VerificationFolder

if TYPE_CHECKING:
    from harness.probes.fuzz import Fuzzed, FuzzFinding

SCHEMA = "model-harness/fuzz/1"
RESULT, SUITE = "fuzz.json", "fuzz.yaml"
_INTERRUPTED = 130


class Fuzzing:
    """A fuzz of one verification; without a budget it is none, and does nothing."""

    def __init__(self, docket: Docket, budget: int | None) -> None:
        """Nothing is drawn yet.

        budget  requests that may be sent; None for no fuzz
        """
        self._docket = docket
        self._budget = budget
        self._found: Fuzzed | None = None

    @property
    def planned(self) -> str:
        """What it would send, in a line; '' without a fuzz."""
        return f"fuzz: up to {self._budget} short requests more" if self._budget is not None else ""

    @property
    def planned_json(self) -> dict[str, int]:
        """The same for a machine."""
        return {"fuzz": self._budget} if self._budget is not None else {}

    async def run(self, bench: Bench) -> Sequence[Seen]:
        """Draw, ask and shrink; every reply, in the order of models."""
        if self._budget is None:
            return ()
        from harness.probes.fuzz import Fuzzed, Fuzzer

        self._found = Fuzzed(budget=self._budget)
        await Fuzzer(bench, self._docket.lineup, seed=self._docket.choices.seed, found=self._found).run()
        return self._found.seen

    def write(self, verified: Verified, folder: VerificationFolder) -> None:
        """fuzz.json, and fuzz.yaml if something was found; what an earlier run left of them is taken away."""
        for name in (RESULT, SUITE):
            (folder.path / name).unlink(missing_ok=True)
        if self._found is None:
            return
        content = json.dumps(self._as_json(self._found, verified), indent=1, ensure_ascii=False) + "\n"
        folder.write(RESULT, content.encode("utf-8", "replace"))
        if self._found.findings:
            folder.write(SUITE, self._suite(self._found.findings).encode("utf-8", "replace"))

    def add_to(self, told: str, verified: Verified) -> str:
        """The JSON object of a verification, with the fuzz as one more key."""
        if self._found is None:
            return told
        whole = json.loads(told)
        whole["exit_code"] = self.code(whole["exit_code"])
        return json.dumps({**whole, "fuzz": self._as_json(self._found, verified)}, indent=2)

    def render(self, verified: Verified, place: object) -> str:
        """Each finding in words, as a case and as a curl line; and what was tried."""
        found = self._found
        if found is None:
            return ""
        lines = [""]
        for number, finding in enumerate(found.findings, start=1):
            others = f" and {len(finding.models) - 1} more models" if len(finding.models) > 1 else ""
            doubt = "" if finding.confirmed else " [the budget ended before it was made small, or sure]"
            lines += [
                f"{click.style('fuzz', fg='red')} {number}: {visible(finding.words, 300)}{doubt}",
                f"   by {finding.models[0]}{others}: {visible(finding.seen, 200)}",
                *(f"   {line}" for line in self._case(number, finding, found.findings).splitlines()),
                f"   {self._curl(finding, verified)}",
                "",
            ]
        tried = sum(done for done, _ in found.tried.values())
        ways = sum(of for _, of in found.tried.values())
        lost = f", {found.discarded} draws came to nothing" if found.discarded else ""
        lines.append(
            f"fuzz: {found.requests} of {found.budget} requests{lost}; {tried} of {ways} ways of lying outside tried"
        )
        lines += [f"fuzz: {visible(note, 1_000)}" for note in found.notes]
        ended = {
            0: ("green", "nothing found"),
            1: ("red", "NOT AS DOCUMENTED"),
            3: ("yellow", "not ended as it should"),
        }
        colour, word = ended[self._own_code(found)]
        where = f"   {place}/{SUITE}" if found.findings else ""
        lines.append(f"fuzz: {click.style(word, fg=colour)}{where}")
        return "\n".join(lines)

    def code(self, verdicts: int) -> int:
        """The exit code, given that of the verdicts: a certain no stands, then what could not be asked."""
        if self._found is None or verdicts == _INTERRUPTED:
            return verdicts
        codes = {verdicts, self._own_code(self._found)}
        return next(code for code in (1, 3, 4, 0) if code in codes)

    def _own_code(self, found: "Fuzzed") -> int:
        return 1 if found.findings else 3 if found.stuck else 0

    def _as_json(self, found: "Fuzzed", verified: Verified) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "provider": self._docket.provider.name,
            "source": self._docket.source,
            "simulated": verified.verification.simulated,
            "seed": self._docket.choices.seed,
            "budget": found.budget,
            "requests": found.requests,
            "discarded": found.discarded,
            "tried": {model: {"ways": done, "of": of} for model, (done, of) in found.tried.items()},
            "ended_early": found.stuck,
            "notes": found.notes,
            "findings": [
                {
                    "failure": finding.failure,
                    "about": finding.about,
                    "words": finding.words,
                    "models": finding.models,
                    "documented": finding.documented,
                    "observed": finding.seen,
                    "expected": finding.expects,
                    "confirmed": finding.confirmed,
                    "body": finding.body,
                    "evidence": [{"exchange": each.exchange, "role": each.role} for each in finding.evidence],
                    "curl": self._curl(finding, verified),
                    "case": self._case(number, finding, found.findings),
                }
                for number, finding in enumerate(found.findings, start=1)
            ],
        }

    def _curl(self, finding: "FuzzFinding", verified: Verified) -> str:
        """The line that asks it again; '' if the exchange was not kept."""
        from harness.report.curl import curl_line
        from harness.report.exchange_views import address_of

        cited = {each.exchange for each in finding.evidence[:1]}
        kept: ProbeExchange | None = next((each for each in verified.exchanges if each.id in cited), None)
        if kept is None:
            return ""
        provider = verified.answerer or self._docket.provider
        base_url, key, _ = address_of(kept, verified.verification, provider)
        auth = f"{provider.auth_header}: {provider.auth_prefix}"
        return curl_line(kept, base_url, key, auth=auth)

    def _suite(self, findings: Sequence["FuzzFinding"]) -> str:
        """A suite of them: on the server that is asked it fails, on one that is as documented it passes."""
        about = f"The smallest requests that {self._docket.source} does not treat as documented."
        cases = "\n".join(self._case(number, each, findings) for number, each in enumerate(findings, start=1))
        targets = ", ".join(self._targets(findings))
        return f"suite: fuzz\nabout: {_scalar(about)}\ntargets: [{targets}]\ncases:\n{indent(cases, '  ')}"

    def _targets(self, findings: Sequence["FuzzFinding"]) -> list[str]:
        provider = self._docket.provider.name
        return [
            _scalar(f"{provider}/{model}") for model in dict.fromkeys(each for one in findings for each in one.models)
        ]

    def _case(self, number: int, finding: "FuzzFinding", findings: Sequence["FuzzFinding"]) -> str:
        """One of them as a case; its body as JSON, which is YAML, too."""
        from harness.probes.fuzz_answers import WELL_FORMED

        body = finding.body
        if isinstance(body, dict) and body.get("model") == finding.models[0]:
            body = {**body, "model": "{model}"}
        targets = self._targets([finding])
        lines = [f"- id: fuzz-{number}", f"  about: {_scalar(finding.words)}"]
        if targets != self._targets(findings):
            lines.append(f"  only: [{', '.join(targets)}]")
        lines += ["  request:", "    method: POST", f"    path: {CHAT}", f"    body: {_scalar(body)}", "  expect:"]
        lines.append(f"    - status: {list(WELL_FORMED) if finding.expects == 'refused' else '2xx'}")
        if finding.failure == "malformed-error":
            lines.append("    - header: {name: content-type, matches: json}")
        return "\n".join([*lines, ""])


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
