"""The page of a verification: what was promised, what came of it, and the exchanges that show it, in one offline file.

It stands apart from the page of a run because its unit is a claim, not a trial; both are rendered by the same rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.core.catalogue import Provider
from harness.core.claims import Register
from harness.core.verdict import ProbeExchange, VerdictName, Verification
from harness.report import verdict_words
from harness.report.claim_views import by_kind, claim_views, conflict_views, reasons_of, turned_views
from harness.report.environment import environment
from harness.report.exchange_views import MOST, evidence_groups
from harness.report.verdict_matrices import sheets_of

_READABLE = 3.0
"""Hundredths of the bar that a sign fits into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One verdict's part of the bar; start and length in hundredths of its width, as SVG spells them."""

    verdict: VerdictName
    status: verdict_words.Status
    many: int
    start: str
    length: str
    middle: str | None


def render_verification_html(
    verification: Verification, register: Register, exchanges: Sequence[ProbeExchange], provider: Provider
) -> str:
    """The whole page as text, to be stored as UTF-8; the same verification gives the same bytes.

    register   the claims as they were asked, with the documents' contradictions
    exchanges  those of the run; what a verdict cites and is not among them is said to be not kept
    provider   the catalogue's, for its tables and for the names of the variables that hold its keys
    """
    views = claim_views(verification, register)
    provider = _with_asked(provider, verification.models)
    sheets, shown = sheets_of(register, provider, views, verification.price_profile, verification.models)
    status, word, sentence = verdict_words.decision_of(verification)
    turned = turned_views(views)
    words = {
        "verdict_signs": verdict_words.SIGNS,
        "verdict_words": verdict_words.WORDS,
        "flag_marks": verdict_words.FLAGS,
        "probability": verdict_words.probability,
        "source": verification.source,
    }
    # Said to the template and not to the environment: what it imports must see them too.
    return (
        environment()
        .get_template("verification.html", globals=words)
        .render(
            verification=verification,
            register=register,
            status=status,
            word=word,
            sentence=sentence,
            notes=verdict_words.notes_of(verification),
            segments=segments_of(verdict_words.counts_of(verification)),
            standing=[view for view in turned if not view.verdict.excused],
            excused=[view for view in turned if view.verdict.excused],
            open=[view for view in views if view.verdict.verdict == "inconclusive"],
            conflicts=conflict_views(views, register),
            sheets=sheets,
            kinds=by_kind(views, shown),
            reasons=reasons_of(views),
            evidence=evidence_groups(views, exchanges, verification, provider),
            meanings=verdict_words.MEANINGS,
            grades=verdict_words.GRADES,
            most=MOST,
        )
    )


def _with_asked(provider: Provider, models: Sequence[str]) -> Provider:
    """The provider with the models that were asked, which one for any server does not list: tables have a row each."""
    found = {model.id: model for name in models if (model := provider.find_model(name)) is not None}
    return replace(provider, models=tuple({model.id: model for model in (*provider.models, *found.values())}.values()))


def segments_of(counts: dict[VerdictName, int]) -> list[Segment]:
    """The bar of all verdicts, in the order of the counts; its segments fill it whole."""
    total, before = sum(counts.values()), 0
    segments = []
    for name, many in counts.items():
        start, length = 100 * before / total, 100 * many / total
        segments.append(
            Segment(
                verdict=name,
                status=verdict_words.status_of(name),
                many=many,
                start=f"{start:.2f}",
                length=f"{length:.2f}",
                middle=f"{start + length / 2:.2f}" if length >= _READABLE else None,
            )
        )
        before += many
    return segments
