"""What changed between two verifications of one catalogue: a promise that is kept no more, a model that is gone.

It stands apart from deciding because both sides are verdicts already: nothing is asked and nothing is judged again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.core.verdict import TURNED, Verdict, Verification

Kind = Literal["turned", "mended", "other", "gone", "weaker", "back", "new", "dropped", "conflict"]
"""How a claim changed.

turned    confirmed before, not kept now; mended the other way round; other between two ways of not being kept
gone      decided before, and cannot be asked now: the model is absent or redirected, or the key is missing
weaker    decided before, inconclusive now; back decided now and not before
new       not among the baseline's claims; dropped no longer among today's
conflict  takes a side in a contradiction that the baseline did not know
"""

_WORDS: Mapping[Kind, str] = {
    "turned": "no longer kept",
    "mended": "kept again",
    "other": "not kept in another way",
    "gone": "cannot be asked any more",
    "weaker": "evidence too weak now",
    "back": "decided now, and not before",
    "new": "new",
    "dropped": "no longer documented, or not selected",
    "conflict": "newly contradicted by the documents",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One claim that is not as it was.

    before, now  verdicts by name, or None where the claim is not there
    observed     what is seen now, or was seen before it was dropped
    """

    kind: Kind
    claim: str
    model: str | None
    before: str | None
    now: str | None
    observed: str

    @property
    def words(self) -> str:
        """The kind of change, in words."""
        return _WORDS[self.kind]


def find_changes(baseline: Verification, now: Verification) -> tuple[Change, ...]:
    """Every claim that changed, in today's order, what was dropped last."""
    before = {(each.claim, each.model): each for each in baseline.verdicts}
    changes = [change for each in now.verdicts for change in _changes(before.get((each.claim, each.model)), each)]
    today = {(each.claim, each.model) for each in now.verdicts}
    for place, old in before.items():
        if place not in today:
            changes.append(_change("dropped", old, old.verdict, None))
    return tuple(changes)


def _changes(old: Verdict | None, new: Verdict) -> Sequence[Change]:
    if old is None:
        return [_change("new", new, None, new.verdict)]
    found = []
    if old.verdict != new.verdict:
        found.append(_change(_kind(old.verdict, new.verdict), new, old.verdict, new.verdict))
    if set(new.conflicts) - set(old.conflicts):
        found.append(_change("conflict", new, old.verdict, new.verdict))
    return found


def _kind(old: str, new: str) -> Kind:
    decided = ("confirmed", *TURNED)
    if old not in decided:
        return "back" if new in decided else "weaker" if new == "inconclusive" else "gone"
    if new == "not-tested":
        return "gone"
    if new == "inconclusive":
        return "weaker"
    if old == "confirmed":
        return "turned"
    return "mended" if new == "confirmed" else "other"


def _change(kind: Kind, verdict: Verdict, before: str | None, now: str | None) -> Change:
    return Change(
        kind=kind, claim=verdict.claim, model=verdict.model, before=before, now=now, observed=verdict.observed
    )


def drift_code(changes: Sequence[Change]) -> int:
    """0 all is as it was, 1 something that was decided is decided otherwise, 3 cannot be asked, 4 is too weak now.

    What is new, or decided now for the first time, is no drift.
    """
    kinds = {each.kind for each in changes}
    if kinds & {"turned", "mended", "other"}:
        return 1
    if "gone" in kinds:
        return 3
    return 4 if "weaker" in kinds else 0
