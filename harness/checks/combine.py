"""Checks made of checks: not, all, any. And the one way in which a check of any kind is graded.

It stands apart from the kinds because a combinator has no argument of its own, only checks within it.
"""

from collections.abc import Mapping

from harness.checks.showing import shortened
from harness.core.check import Check, CheckKind, Evidence, Finding, FindingStatus, FollowUp

COMBINATORS = {
    "not": "The check does not pass. What it cannot decide stays undecided.",
    "all": "Every check passes. One that fails settles it, whatever else is undecided.",
    "any": "At least one check passes. One that passes settles it, whatever else is undecided.",
}

_OPPOSITE: dict[FindingStatus, FindingStatus] = {"pass": "fail", "fail": "pass", "unknown": "unknown"}


def grade_check(check: Check, kinds: Mapping[str, CheckKind], evidence: Evidence) -> Finding:
    """The finding of a check of any kind; pure.

    raises  MissingFollowUp if a check within needs a reply that is not there
    """
    if check.kind not in COMBINATORS:
        return kinds[check.kind].grade(check.spec, evidence)
    children = tuple(grade_check(child, kinds, evidence) for child in check.children)
    if check.kind == "not":
        (child,) = children
        return Finding(
            check=f"not {child.check}",
            status=_OPPOSITE[child.status],
            expected=f"not {child.expected}",
            seen=child.seen,
            children=children,
        )
    wanted = "; ".join(child.expected for child in children)
    return Finding(
        check=f"{check.kind} of {len(children)}: {', '.join(child.check for child in children)}",
        status=_joined(check.kind, children),
        expected=f"{'every one' if check.kind == 'all' else 'at least one'} of: {shortened(wanted)}",
        seen=_seen(children),
        children=children,
    )


def _joined(kind: str, children: tuple[Finding, ...]) -> FindingStatus:
    statuses = {child.status for child in children}
    settling: FindingStatus = "fail" if kind == "all" else "pass"
    if settling in statuses:
        return settling
    return "unknown" if "unknown" in statuses else _OPPOSITE[settling]


def _seen(children: tuple[Finding, ...]) -> str:
    """What the checks within saw, each thing once, after how many of them passed."""
    return f"{_counted(children)}: {shortened('; '.join(dict.fromkeys(child.seen for child in children)))}"


def _counted(children: tuple[Finding, ...]) -> str:
    statuses = [child.status for child in children]
    named = (("pass", "pass"), ("fail", "fail"), ("unknown", "undecided"))
    return ", ".join(f"{statuses.count(status)} {word}" for status, word in named if status in statuses)


def follow_ups_of(check: Check, kinds: Mapping[str, CheckKind], evidence: Evidence) -> tuple[FollowUp, ...]:
    """The further requests that grading a check needs answered, each once, in order."""
    if check.kind in COMBINATORS:
        asked = [further for child in check.children for further in follow_ups_of(child, kinds, evidence)]
    else:
        one = kinds[check.kind].follow_up(check.spec, evidence)
        asked = [] if one is None else [one]
    return tuple(further for index, further in enumerate(asked) if further not in asked[:index])


def judges_errors(check: Check, kinds: Mapping[str, CheckKind]) -> bool:
    """True if the check, or one within it, can judge a reply that is an error."""
    if check.kind in COMBINATORS:
        return any(judges_errors(child, kinds) for child in check.children)
    return kinds[check.kind].judges_errors


def models_of(check: Check, kinds: Mapping[str, CheckKind]) -> tuple[str, ...]:
    """The models that a check, or one within it, may ask further, as '<provider>/<model>'."""
    if check.kind in COMBINATORS:
        return tuple(model for child in check.children for model in models_of(child, kinds))
    return kinds[check.kind].models(check.spec)
