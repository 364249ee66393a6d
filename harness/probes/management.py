"""Claims about the management API: does each endpoint answer as what it is called, with a key that is made and ended.

It stands apart because it has another host and another key, and because two of its endpoints change something: they
are asked only where writing was opted into, and what is made is taken away again.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from harness.core.claims import Claim
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Stance, Undecidable
from harness.probes.lineup import Lineup
from harness.probes.observation import Topic
from harness.probes.routes import (
    ONE_ADDRESS,
    fill_last,
    first_list,
    host_of,
    is_turned_away,
    knock,
    object_of,
    observe,
    observe_knocked,
    path_of,
    routes_of,
)

VALIDATION_ROUTE = "GET /auth/management-keys/validation"
MODELS_ROUTE = "GET /auth/teams/{}/models"
ENDPOINTS_ROUTE = "GET /auth/teams/{}/endpoints"
CREATE_ROUTE = "POST /auth/teams/{}/api-keys"
REVOKE_ROUTE = "DELETE /auth/teams/{}/api-keys/{}"

_TOPICS = {
    VALIDATION_ROUTE: Topic("management.validation"),
    MODELS_ROUTE: Topic("management.models"),
    ENDPOINTS_ROUTE: Topic("management.endpoints"),
    CREATE_ROUTE: Topic("management.create"),
    REVOKE_ROUTE: Topic("management.revoke"),
}
_HOST, _SERVES = Topic("host.management"), Topic("host.management.serves")
_KEY_NAME = "harness-probe"
# The least that is of any use: such a key may look models up, and nothing else.
_KEY_ACLS = ["api-key:model:*", "api-key:endpoint:models"]
_KEY_IDS = ("apiKeyId", "api_key_id", "keyId", "key_id", "id")
# What may stand in a path: an id such as '..' would lead a DELETE elsewhere.
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_OF_TEAM = re.compile(r"/teams/\{[^{}/]*\}")


def _get(about: str, path: str) -> Ask:
    return Ask(about=about, method="GET", path=path, domain="management")


# --- endpoints that are only read


async def probe_validation(path: str, desk: Desk) -> None:
    """The management key is found good, and one that nobody issued is not."""
    topic = _TOPICS[VALIDATION_ROUTE]
    knocked = await knock(desk, _get("the management key that asks", path))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked))
        return
    ask = replace(_get("with a key that nobody issued", path), credential="bad", role="treatment")
    bad = await desk.one(ask)
    seen = (*knocked.tries, bad)
    says_no = object_of(bad.document).get("valid") is False
    if bad.accepted and not says_no:
        observe(desk, topic, "broken", "a key that nobody issued is found as good", seen)
    elif is_turned_away(bad) or says_no:
        observe(desk, topic, "holds", "the key that asks is good, and one that nobody issued is not", seen)
    else:
        observe(desk, topic, "unknown", f"a key that nobody issued draws {bad.words}", seen)


async def probe_listing(topic: Topic, path: str, what: str, desk: Desk) -> None:
    """A list whose items have names."""
    knocked = await knock(desk, _get(f"the {what} of the team", path))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked))
        return
    items = first_list(knocked.last.document)
    named = [item for item in items or () if isinstance(item, str) or any(_texts(item))]
    if items is None or len(named) < len(items):
        observe(desk, topic, "broken", f"it answers, and with no list of {what}", knocked.tries)
        return
    observe(desk, topic, "holds", f"it lists {len(items)} {what}", knocked.tries)


def _texts(item: Any) -> list[str]:
    return [value for value in object_of(item).values() if isinstance(value, str)]


# --- a key, made and ended


async def probe_keys(create: str, revoke: str, desk: Desk) -> None:
    """Make a key that may do next to nothing, look for it, end it, look again."""
    made, ended = _TOPICS[CREATE_ROUTE], _TOPICS[REVOKE_ROUTE]
    body = {"name": _KEY_NAME, "acls": _KEY_ACLS}
    ask = Ask(about="make a key", path=create, body=body, domain="management")
    knocked = await knock(desk, ask, writes=True)
    if knocked.answer != "answered":
        desk.observe(observe_knocked(made, knocked))
        desk.observe(
            replace(observe_knocked(ended, knocked), outcome="unasked", words="no key could be made to revoke")
        )
        return
    key = find_key_id(knocked.last.document)
    if key is None:
        words = f"it answers, and tells no id of a key: look for one named '{_KEY_NAME}'"
        observe(desk, made, "broken", words, knocked.tries)
        observe(desk, ended, "unknown", "no key is known that could be revoked", knocked.tries)
        return
    listed = await desk.one(_get("is it listed", create))
    told = f"a key is made{', and is listed' if _holds(listed, key) else ''}"
    observe(desk, made, "holds", told, (*knocked.tries, listed))
    await _revoke(desk, key, (create, revoke), listed)


def find_key_id(document: Any) -> str | None:
    """The id of a key that was made, wherever it stands; None if there is none that may stand in a path."""
    fields = object_of(document)
    places = [fields, *(value for value in fields.values() if isinstance(value, dict))]
    found = (place.get(name) for place in places for name in _KEY_IDS)
    return next((value for value in found if isinstance(value, str) and _KEY_ID.fullmatch(value)), None)


def _holds(listed: Seen, key: str) -> bool:
    items = first_list(listed.document) if listed.accepted else None
    return any(key in (item, *_texts(item)) for item in items or () if isinstance(item, str | dict))


async def _revoke(desk: Desk, key: str, paths: tuple[str, str], listed: Seen) -> None:
    topic, (create, path) = _TOPICS[REVOKE_ROUTE], paths
    ask = Ask(about="end it", method="DELETE", path=fill_last(path, key), domain="management", role="treatment")
    knocked = await knock(desk, ask)
    if knocked.answer != "answered":
        rest = await _clean_up(desk, key, path)
        seen = observe_knocked(topic, knocked)
        desk.observe(replace(seen, words=f"{seen.words}; {rest}"))
        return
    if _holds(listed, key):
        after = await desk.one(replace(_get("is it listed now", create), role="treatment"))
        seen_all = (listed, *knocked.tries, after)
        if not after.accepted:
            observe(desk, topic, "unknown", f"the list of keys cannot be read: {after.words}", seen_all)
        elif _holds(after, key):
            observe(desk, topic, "no-effect", f"it is answered, and the key '{_KEY_NAME}' is still listed", seen_all)
        else:
            observe(desk, topic, "holds", "a key that was listed is gone", seen_all)
        return
    again = await desk.one(ask)
    seen_all = (*knocked.tries, again)
    if is_turned_away(again):
        observe(desk, topic, "holds", "it is answered, and a second time there is nothing to end", seen_all)
    else:
        observe(desk, topic, "accepted", "it is answered, and no list shows that the key is gone", seen_all)


async def _clean_up(desk: Desk, key: str, path: str) -> str:
    """End a key at the other place where keys may be ended; in words, what became of it."""
    other = _OF_TEAM.sub("", path)
    about = "end it elsewhere, so that it is not left behind"
    ask = Ask(about=about, method="DELETE", path=fill_last(other, key), domain="management")
    if other != path and (await desk.one(ask)).accepted:
        return f"the key was ended at {other}"
    return f"the key '{_KEY_NAME}' ({key}) is left: end it by hand"


# --- the host


async def probe_host(lineup: Lineup, purposes: Sequence[str], desk: Desk) -> None:
    """That its address answers, and what of its purposes its documented endpoints show."""
    routes = {VALIDATION_ROUTE: "the management key that asks", ENDPOINTS_ROUTE: "the endpoints of the team"}
    knocked = {route: await knock(desk, _get(about, path_of(lineup, route))) for route, about in routes.items()}
    seen = tuple(each for one in knocked.values() for each in one.tries)
    first = knocked[VALIDATION_ROUTE]
    if first.answer == "answered":
        observe(desk, _HOST, "holds", "the management API answers at its own address", first.tries)
    else:
        desk.observe(observe_knocked(_HOST, first))
    shown = {purpose: knocked[route] for purpose in purposes if (route := _shown_by(purpose)) is not None}
    failed = next((each for each in shown.values() if each.answer != "answered"), None)
    open_ones = [purpose for purpose in purposes if purpose not in shown]
    if failed is not None:
        desk.observe(observe_knocked(_SERVES, failed))
    elif open_ones:
        words = f"{', '.join(shown)}: served; the documents name no endpoint that shows {', '.join(open_ones)}"
        observe(desk, _SERVES, "unknown", words, seen)
    else:
        observe(desk, _SERVES, "holds", f"{', '.join(shown)}: served", seen)


def _shown_by(purpose: str) -> str | None:
    if re.search(r"\bacl|permission", purpose, re.IGNORECASE):
        return ENDPOINTS_ROUTE
    return VALIDATION_ROUTE if re.search(r"\bkey", purpose, re.IGNORECASE) else None


# --- the family


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "endpoint":
        topic = next((_TOPICS[route] for route in reversed(routes_of(claim)) if route in _TOPICS), None)
        stance: Stance = "unsupported" if claim.value.get("available") is False else "supported"
        return None if topic is None else Rule(topics=(topic,), stance=stance)
    if not _is_of_host(claim, lineup):
        return None
    if lineup.lone:
        return ONE_ADDRESS
    return Rule(topics=(_SERVES if "serves" in claim.value else _HOST,))


def _is_of_host(claim: Claim, lineup: Lineup) -> bool:
    return claim.kind == "host" and "region" not in claim.value and host_of(claim, lineup) == "management"


def _probes(lineup: Lineup) -> Iterable[Probe]:
    if lineup.provider.management is None:
        return
    path = partial(path_of, lineup)
    yield _probe(_TOPICS[VALIDATION_ROUTE], partial(probe_validation, path(VALIDATION_ROUTE)), Outlay(requests=2))
    for route, what in ((MODELS_ROUTE, "models"), (ENDPOINTS_ROUTE, "endpoints")):
        topic = _TOPICS[route]
        yield _probe(topic, partial(probe_listing, topic, path(route), what), Outlay(requests=1, at_most=3))
    yield Probe(
        name="management.keys",
        topics=frozenset({_TOPICS[CREATE_ROUTE], _TOPICS[REVOKE_ROUTE]}),
        outlay=Outlay(requests=4, at_most=8),
        needs=("management-key", "writes"),
        run=partial(probe_keys, path(CREATE_ROUTE), path(REVOKE_ROUTE)),
    )
    if not lineup.lone:
        purposes = [
            str(each)
            for claim in lineup.register.claims
            if _is_of_host(claim, lineup) and isinstance(claim.value.get("serves"), list | tuple)
            for each in claim.value["serves"]
        ]
        yield Probe(
            name=_HOST.name,
            topics=frozenset({_HOST, _SERVES}),
            outlay=Outlay(requests=2, at_most=6),
            needs=("management-key",),
            run=partial(probe_host, lineup, purposes),
        )


def _probe(topic: Topic, run: Callable[[Desk], Awaitable[None]], outlay: Outlay) -> Probe:
    return Probe(name=topic.name, topics=frozenset({topic}), outlay=outlay, needs=("management-key",), run=run)


FAMILY = Family(name="management", rule=_rule, probes=_probes)

__all__ = ["FAMILY", "VALIDATION_ROUTE", "find_key_id"]
