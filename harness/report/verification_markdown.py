"""A verification as Markdown, for a job's summary page: the counts, what does not hold, and what was not asked.

It stands apart from the summary of a run because its unit is a claim; in both, texts of others stand in code spans.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.core.verdict import TURNED, Verdict, Verification
from harness.report.claim_views import reason_of
from harness.report.figures import amount, count, number
from harness.report.markdown import code
from harness.report.verdict_words import SIGNS, WORDS, about, counts_of, decision_of, notes_of, place

# GitHub refuses a summary of more than 1 MiB; a claim takes at most some 2 kB.
_MOST_CLAIMS = 50
_MOST_CONFLICTS = 40
_MOST_REASONS = 30
_SIGNS = {"pass": "✅", "fail": "❌", "error": "⚠️", "skip": "⏭️"}


def render_verification_markdown(verification: Verification) -> str:
    """The summary as GitHub's Markdown; ends with a newline."""
    turned = [each for name in TURNED for each in verification.verdicts if each.verdict == name]
    standing, excused = ([each for each in turned if each.excused is said] for said in (False, True))
    weak = [each for each in verification.verdicts if each.verdict == "inconclusive"]
    sections = [
        *_head(verification),
        *_counts(verification),
        *_claims(f"### What does not hold: {count(len(standing), 'claim')}", standing, verification),
        *_claims(f"### Does not hold, and another passage does: {count(len(excused), 'claim')}", excused, verification),
        *_claims(f"### Inconclusive: {count(len(weak), 'claim')}", weak, verification),
        *_conflicts(verification),
        *_untested(verification),
    ]
    return "\n".join([*sections, ""])


def _head(verification: Verification) -> Iterator[str]:
    status, word, sentence = decision_of(verification)
    yield f"## {_SIGNS[status]} {word.capitalize()}: {sentence}"
    yield ""
    if verification.simulated:
        yield f"> **Simulated: not evidence about a vendor's model.** {code(verification.source, 80)} answered."
        yield ""
    models = ", ".join(code(f"{verification.source}/{model}", 120) for model in verification.models[:_MOST_CLAIMS])
    left = len(verification.models) - _MOST_CLAIMS
    more = f" and {number(left)} more" if left > 0 else ""
    yield f"What {code(verification.provider, 80)} documents, asked of {models or code(verification.source, 80)}{more}."
    started = f", started {code(verification.started_at, 40)}" if verification.started_at else ""
    spent = f"{count(verification.requests, 'request')}; cost in USD: {amount(verification.cost_usd)}"
    seed = f"seed {number(verification.seed)}"
    yield f"Mode {code(verification.mode)}{started}, {seed}. {spent}. Exit code {verification.exit_code}."
    yield ""
    for words, asked in notes_of(verification)[:_MOST_CLAIMS]:
        names = ", ".join(code(name, 120) for name in asked[:_MOST_CLAIMS])
        yield f"- note: {code(words)}{f' ({names})' if names else ''}"
    if verification.notes:
        yield ""


def _counts(verification: Verification) -> Iterator[str]:
    counts = counts_of(verification)
    if not counts:
        yield "No claim was selected."
        yield ""
        return
    yield "| Verdict | Claims |"
    yield "|---|---:|"
    for name, many in counts.items():
        yield f"| {SIGNS[name]} {WORDS[name]} | {number(many)} |"
    yield ""


def _claims(title: str, verdicts: Sequence[Verdict], verification: Verification) -> Iterator[str]:
    if not verdicts:
        return
    yield title
    yield ""
    for each in verdicts[:_MOST_CLAIMS]:
        flags = "".join(f", {flag}" for flag in each.flags)
        named = f"{code(each.documented)} of {code(about(each, verification.source), 120)}"
        yield f"- {SIGNS[each.verdict]} {WORDS[each.verdict]} ({each.grade}{flags}): {named}"
        yield f"  - observed {code(each.observed, 400)}"
        quote = f": {code(each.provenance.quote)}" if each.provenance.quote else ""
        yield f"  - documented at {code(place(each), 80)}{quote}"
    yield from _more(len(verdicts), _MOST_CLAIMS)
    yield ""


def _conflicts(verification: Verification) -> Iterator[str]:
    """Each contradiction with its claims that were decided; one of which nothing was asked is counted."""
    sides: dict[str, list[Verdict]] = {}
    for each in verification.verdicts:
        for name in each.conflicts:
            sides.setdefault(name, []).append(each)
    decided = {name: those for name, those in sides.items() if any(each.verdict != "not-tested" for each in those)}
    if not sides:
        return
    yield f"### Contradictions within the documents: {number(len(decided))} of {number(len(sides))} asked about"
    yield ""
    for name, those in list(decided.items())[:_MOST_CONFLICTS]:
        yield f"- contradiction {code(name, 40)}"
        for each in those[:10]:
            where = code(place(each), 80)
            yield f"  - {SIGNS[each.verdict]} {WORDS[each.verdict]}: {code(each.documented, 120)} at {where}"
        yield from _more(len(those), 10, "  ")
    yield from _more(len(decided), _MOST_CONFLICTS)
    yield ""


def _untested(verification: Verification) -> Iterator[str]:
    reasons = Counter(reason_of(each) for each in verification.verdicts if each.verdict == "not-tested")
    if not reasons:
        return
    yield f"### Not tested: {count(reasons.total(), 'claim')}"
    yield ""
    for reason, many in reasons.most_common(_MOST_REASONS):
        yield f"- {number(many)}: {code(reason)}"
    yield from _more(len(reasons), _MOST_REASONS, words="more reasons; the HTML page shows them all")
    yield ""


def _more(
    all_of_them: int, shown: int, indent: str = "", words: str = "more; the HTML page shows them all"
) -> Iterator[str]:
    if all_of_them > shown:
        yield f"{indent}- … and {number(all_of_them - shown)} {words}"
