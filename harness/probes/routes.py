"""Routes of an API, and whether one is there: knocked at until it is sure, errors of ours kept apart from its absence.

It stands apart because endpoints, keys, hosts and images all ask it, and a lone 404 must convince none of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from harness.core.claims import Claim
from harness.core.verdict import Evidence, Grade
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Undecidable, unselected
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import TRIES

GONE = frozenset({404, 405, 410, 501})
"""Statuses by which a server says that an endpoint is not there. source: VERDICTS.md, "Rejected"."""

NOT_NOW = frozenset({402, 408, 425, 429})
"""Client errors that say nothing of what was asked."""

OWN_HOSTS = "own-hosts"
"""What a claim about addresses needs that cannot be opted into: to be asked at the vendor's own."""

ONE_ADDRESS = Undecidable(
    reason="everything is reached at one address here: hosts and regions cannot be told apart", needs=(OWN_HOSTS,)
)
NO_MODEL = unselected("no model that chats was selected")

Answer = Literal["answered", "gone", "refused", "server-error", "mixed", "spoilt", "no-key", "no-model"]

_PAIR = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[^\s)]*)")
_VERSION = re.compile(r"^/v[0-9]+(?=/)")
_PLACE = re.compile(r"\{[^{}/]*\}")


# --- which route a claim speaks of


def spell_route(method: str, path: str) -> str:
    """A route without version and without the names of its places: 'GET /chat/deferred-completion/{}'."""
    return f"{method} {_PLACE.sub('{}', _VERSION.sub('', path))}"


def routes_of(claim: Claim) -> tuple[str, ...]:
    """The routes that a claim names, in its subject and its value."""
    said = _PAIR.findall(claim.subject.id)
    method, path = claim.value.get("method"), claim.value.get("path")
    if isinstance(method, str) and isinstance(path, str):
        said.append((method, path))
    return tuple(spell_route(*each) for each in said)


def path_of(lineup: Lineup, route: str) -> str:
    """The path of a route below its base URL, with the names that the catalogue gives its places."""
    rows = lineup.provider.endpoints
    named = next((row.path for row in rows if spell_route(row.method, row.path) == route), None)
    return named or route.partition(" ")[2]


def fill_last(path: str, value: str) -> str:
    """The path with its last place filled; others, such as the team's, are filled when the request is sent."""
    places = list(_PLACE.finditer(path))
    if not places:
        return path
    begin, end = places[-1].span()
    return path[:begin] + quote(value, safe="", errors="replace") + path[end:]


def host_of(claim: Claim, lineup: Lineup) -> str | None:
    """Whose address a claim speaks of: 'inference', 'management' or a region's name; None if it is nobody's known here.

    Where everything is at one address, the vendor's own are not in the catalogue: names and needs tell them apart.
    """
    address = str(claim.value.get("base_url", claim.subject.id)).rstrip("/")
    provider = lineup.provider
    known = {url: region for region, url in provider.regions.items()} | {provider.base_url: "inference"}
    if provider.management is not None:
        known[provider.management.base_url] = "management"
    if address in known or not lineup.lone:
        return known.get(address)
    if provider.management is not None and "management-key" in claim.needs:
        return "management"
    return next((region for region in provider.regions if region in address), "inference")


# --- whether it is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Knocked:
    """What came of knocking.

    answer  'gone' and 'refused' only if every try says so; 'spoilt' by errors that are not the endpoint's; 'no-key' if
            nothing was sent for want of one; 'no-model' if the model is missing and not the endpoint
    tries   every answer, the one that counts last
    """

    answer: Answer
    tries: tuple[Seen, ...]
    words: str

    @property
    def last(self) -> Seen:
        """The answer that counts."""
        return self.tries[-1]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every try."""
        return tuple(each.as_evidence() for each in self.tries)


async def knock(desk: Desk, ask: Ask, *, writes: bool = False) -> Knocked:
    """Ask once; what is not answered again, up to three times, unless asking again is of no use.

    writes  a 5xx is not asked again: what was asked for may have been done
    """
    again = ("gone", "refused") if writes else ("gone", "refused", "server-error")
    tries = [await desk.one(ask)]
    while read_answer(tries[-1]) in again and len(tries) < TRIES:
        tries.append(await desk.one(ask))
    answers = [read_answer(each) for each in tries]
    counted = f" on {len(tries)} of {len(tries)} tries" if len(tries) > 1 else ""
    answer: Answer = answers[-1]
    words = tries[-1].words
    if len(set(answers)) == 1:
        words = words.replace(":", f"{counted}:", 1) if ":" in words else words + counted
    elif answer != "answered" or set(answers) != {"answered", "server-error"}:
        # One 5xx before an answer is an outage; anything else that changes its mind is not to be built upon.
        answer, words = "mixed", "; then ".join(each.words for each in tries)
    return Knocked(answer=answer, tries=tuple(tries), words=words)


def read_answer(seen: Seen) -> Answer:
    """What one answer says of the endpoint."""
    attempt, error = seen.attempt, seen.reply.error
    status = attempt.status or 0
    if attempt.error is not None or status == 0:
        return "no-key" if attempt.error == "no-key" else "spoilt"
    if seen.accepted:
        return "answered"
    if status in GONE or (error is not None and error.kind == "not-found"):
        return "no-model" if status == HTTPStatus.NOT_FOUND and _blames_model(seen) else "gone"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server-error"
    redirected = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    if redirected or status in NOT_NOW or error is None or error.kind != "refused":
        return "spoilt"
    return "refused"


def _blames_model(seen: Seen) -> bool:
    body, error = seen.ask.body, seen.reply.error
    model = body.get("model") if isinstance(body, dict) else None
    return isinstance(model, str) and error is not None and model in error.message


def observe_knocked(topic: Topic, knocked: Knocked, *, refused: Outcome = "unknown") -> Observation:
    """The observation of an endpoint that did not answer.

    refused  what it means that it refuses this request: 'unknown' where the documents do not say how to ask
    """
    outcomes: dict[Answer, Outcome] = {
        "gone": "rejected",
        "refused": refused,
        "server-error": "server-error",
        "no-key": "unasked",
        "no-model": "unasked",
    }
    outcome = outcomes.get(knocked.answer, "unknown")
    words = f"model absent ({knocked.words})" if knocked.answer == "no-model" else knocked.words
    error = knocked.last.reply.error
    if knocked.answer == "no-key" and error is not None:
        words = error.message
    if knocked.answer == "refused" and refused == "unknown":
        words = f"it is there and refuses this request: {words}"
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade="E0" if outcome == "unasked" else "E1",
        n=len(knocked.tries),
        evidence=knocked.evidence,
        flags=("flaky",) if knocked.answer == "mixed" else (),
        more=TRIES if knocked.answer == "mixed" else 0,
        error=knocked.answer in ("spoilt", "no-key"),
    )


def is_turned_away(seen: Seen) -> bool:
    """Whether a client's fault was answered as one: a 4xx that speaks of the request, or an error inside a 200."""
    attempt, error = seen.attempt, seen.reply.error
    if attempt.error is not None or attempt.status is None or error is None:
        return False
    if HTTPStatus.BAD_REQUEST <= attempt.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return attempt.status not in NOT_NOW
    succeeded = HTTPStatus.OK <= attempt.status < HTTPStatus.MULTIPLE_CHOICES
    return succeeded and error.kind in ("refused", "auth", "not-found")


def observe(
    desk: Desk, topic: Topic, outcome: Outcome, words: str, seen: Sequence[Seen], *, grade: Grade = "E3"
) -> None:
    """Say what a few answers show; `grade` is for what is decided by them."""
    is_open = outcome in ("accepted", "unknown")
    desk.observe(
        Observation(
            topic=topic,
            outcome=outcome,
            words=words,
            grade="E1" if is_open else grade,
            n=len(seen),
            evidence=tuple(each.as_evidence() for each in seen),
            error=outcome == "unknown" and any(each.attempt.error is not None for each in seen),
        )
    )


# --- reading what came, whatever it is


def object_of(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def first_list(document: Any) -> list[Any] | None:
    """The list that a listing holds: the document itself, or the first list among its fields; None if there is none."""
    if isinstance(document, list):
        return document
    return next((value for value in object_of(document).values() if isinstance(value, list)), None)


def whole_number(value: Any) -> int | None:
    """The value if it is an integer and no truth value, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
