"""Replies and checks -> findings and an outcome. Pure, so that an old run can be graded again.

It stands apart from execution because grading must not know whether a reply is a minute or a year old.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from harness.checks import follow_ups_of, grade_check, judges_errors
from harness.core.check import Check, CheckKind, Evidence, Finding, FollowUp, MissingFollowUp
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord
from harness.core.reply import ApiError
from harness.core.suite import Case, Turn
from harness.runner.conversation import question_of
from harness.runner.pricing import total_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What a trial came to.

    reason    why it is an error; None otherwise
    findings  turn by turn, in the order of the checks
    """

    outcome: Outcome
    reason: str | None
    findings: tuple[tuple[Finding, ...], ...]


def evidence_of(turn: Turn, number: int, exchanges: Sequence[ExchangeRecord]) -> Evidence | None:
    """What the checks of turn `number` (0-based) may look at; None if it was never asked."""
    asked = [exchange for exchange in exchanges if exchange.turn == number and exchange.follow_up is None]
    if not asked:
        return None
    return Evidence(
        question=question_of(turn),
        replies=tuple(exchange.reply for exchange in asked),
        cost_usd=total_cost(asked),
        follow_ups=tuple((e.follow_up, e.reply) for e in exchanges if e.follow_up is not None),
    )


def wanted_follow_ups(
    case: Case, exchanges: Sequence[ExchangeRecord], kinds: Mapping[str, CheckKind]
) -> tuple[tuple[int, FollowUp], ...]:
    """The further questions that the checks of a case need answered, each with its turn; answered ones are left out."""
    wanted: list[tuple[int, FollowUp]] = []
    answered = [exchange.follow_up for exchange in exchanges if exchange.follow_up is not None]
    for number, turn in enumerate(case.turns):
        evidence = evidence_of(turn, number, exchanges)
        if evidence is None or evidence.reply.error is not None:
            continue
        for check in turn.expect:
            for follow_up in follow_ups_of(check, kinds, evidence):
                if follow_up not in answered and all(follow_up != other for _, other in wanted):
                    wanted.append((number, follow_up))
    return tuple(wanted)


def grade_trial(
    case: Case, exchanges: Sequence[ExchangeRecord], kinds: Mapping[str, CheckKind], stopped: str | None = None
) -> Graded:
    """Grade what a case's replies say.

    stopped  why the conversation could not go on, if it could not

    A finding that fails makes the trial fail, whatever else went wrong: that much is certain. Else anything that
    could not be answered or decided makes it an error, which is never the model's failure.
    """
    findings: list[tuple[Finding, ...]] = []
    errors: list[str] = []
    failed = False
    for number, turn in enumerate(case.turns):
        evidence = evidence_of(turn, number, exchanges)
        if evidence is None:
            findings.append(())
            if not errors:
                errors.append(stopped or f"turn {number + 1} was not asked")
            continue
        found, error = _grade_turn(case, turn, evidence, kinds)
        findings.append(found)
        if error is not None:
            errors.append(error)
        else:
            failed = failed or any(finding.status == "fail" for finding in found)
            errors += [f"{f.check}: {f.seen}" for f in found if f.status == "unknown"]
    outcome = Outcome.FAIL if failed else Outcome.ERROR if errors else Outcome.PASS
    return Graded(outcome=outcome, reason=errors[0] if errors and not failed else None, findings=tuple(findings))


def _grade_turn(
    case: Case, turn: Turn, evidence: Evidence, kinds: Mapping[str, CheckKind]
) -> tuple[tuple[Finding, ...], str | None]:
    """A turn's findings, and why they decide nothing, if they do not."""
    error = evidence.reply.error
    judged = any(judges_errors(check, kinds) for check in turn.expect)
    if error is not None and (not judged or _has_no_status(error, evidence.reply.status)):
        return (), describe_error(error, evidence.reply.status)
    found = [_grade_check(check, kinds, evidence) for check in turn.expect]
    # An outage that the case did not ask for is no answer of the model's; one that it did ask for passes its checks.
    passed = all(finding.status == "pass" for finding in found)
    if error is not None and not _is_answer(error, case) and not passed:
        return tuple(found), describe_error(error, evidence.reply.status)
    return tuple(found), None


def _grade_check(check: Check, kinds: Mapping[str, CheckKind], evidence: Evidence) -> Finding:
    try:
        return grade_check(check, kinds, evidence)
    except MissingFollowUp as absent:
        seen = f"{absent.message}; {absent.remedy}"
    except Exception as fault:  # noqa: BLE001 - anyone's check may be installed; its fault must not lose a paid reply
        seen = f"the check itself failed: {type(fault).__name__}: {fault}"
    return Finding(check=check.kind, status="unknown", expected="an answer to the check's question", seen=seen)


def _has_no_status(error: ApiError, status: int | None) -> bool:
    """Whether a check of the status would be about nothing: none came, or what it announced never did."""
    broken = error.kind in ("timeout", "network", "malformed", "missing-recording")
    return status is None or (broken and status < HTTPStatus.BAD_REQUEST)


def _is_answer(error: ApiError, case: Case) -> bool:
    return error.is_answer or (error.kind == "auth" and case.credential != "valid")


def describe_error(error: ApiError, status: int | None) -> str:
    """An error in a line: kind, status and the server's words."""
    shown = f" (HTTP {status})" if status is not None else ""
    return f"{error.kind}{shown}: {error.message}"
