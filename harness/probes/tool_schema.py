"""What a tool's declaration must hold: each required member left out, each constant replaced, by the register's claims.

It stands apart from calling tools because only acceptance and refusal are asked, of many bodies against one control.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from harness.core.claims import Claim
from harness.probes.chat_bodies import Json, chat
from harness.probes.desk import Ask, Desk
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation
from harness.probes.refusal import Tried
from harness.probes.tool_calls import DRAW, DRAW_PROMPT, GREETING, calls_of
from harness.probes.tries import pursue, try_each

_ROOT = "tools[]."
_OTHER = "harness_other"

Member = tuple[str, Claim]
"""A path within a tool, such as 'function.name', and what is claimed of it."""


def schema_topic(path: str) -> str:
    """The topic of what a member of a tool must be."""
    return f"tools.schema.{path}"


def members(lineup: Lineup) -> Iterator[Member]:
    """What the register claims of the members of a tool's declaration."""
    for claim in lineup.register.claims:
        if claim.kind in ("tool_schema", "request_schema") and claim.subject.id.startswith(_ROOT):
            path = claim.subject.id.removeprefix(_ROOT)
            if _changed(path, claim.value) is not None:
                yield path, claim


def _changed(path: str, value: Mapping[str, Any]) -> Json | None:
    """The tool with that member left out, or with another constant; None if it has none, or nothing is said of it."""
    tool: Json = deepcopy(DRAW)
    place: Any = tool
    *parents, name = path.split(".")
    for parent in parents:
        place = place.get(parent) if isinstance(place, dict) else None
    if not isinstance(place, dict) or name not in place:
        return None
    if "const" in value:
        place[name] = _OTHER
    elif isinstance(value.get("required"), bool):
        del place[name]
    else:
        return None
    return tool


async def probe_schema(asked: tuple[Member, ...], desk: Desk) -> None:
    """Each member changed, against the whole tool."""
    model = desk.model or ""
    bare = chat(model, GREETING)
    control = Ask(about="the whole tool", body={**bare, "tools": [DRAW]})
    treatments = [_treatment(model, path, claim) for path, claim in asked]
    found = await try_each(desk, control, treatments)
    refused = next((each for tried in found for each in tried.controls[:1] if not each.accepted), None)
    if refused is not None:
        whole = await pursue(desk, desk.topic(schema_topic(asked[0][0])), refused, replace(control, body=bare), "tool")
        for path, _ in asked:
            desk.observe(replace(whole, topic=desk.topic(schema_topic(path)), words=f"the whole tool: {whole.words}"))
        return
    for (path, claim), tried in zip(asked, found, strict=True):
        desk.observe(_read(desk, path, claim, tried))


def _treatment(model: str, path: str, claim: Claim) -> Ask:
    tool = _changed(path, claim.value)
    what = f"{path} {_OTHER!r}" if "const" in claim.value else f"without {path}"
    # What may be left out must do without: a prompt asks for the tool.
    prompt = DRAW_PROMPT if claim.value.get("required") is False else GREETING
    wrong = claim.value.get("required") is not False
    return Ask(about=what, body=chat(model, prompt, tools=[tool]), wrong=wrong)


def _read(desk: Desk, path: str, claim: Claim, tried: Tried) -> Observation:
    seen = Observation(
        topic=desk.topic(schema_topic(path)),
        outcome="unknown",
        words=tried.words,
        n=len(tried.tries),
        evidence=tried.evidence,
        error=tried.answer == "spoilt",
    )
    name = path.rpartition(".")[2]
    by_name = tried.answer == "rejected" and any(each.names(name) for each in tried.tries)
    if claim.value.get("required") is False:
        return _read_optional(seen, path, tried)
    if "const" in claim.value:
        done, held = f"{path} {_OTHER!r}", f"{path} {claim.value['const']!r} is accepted"
    else:
        done, held = f"a tool without {path}", f"a tool with {path} is accepted"
    if tried.answer == "rejected":
        words = f"{held}; {done} is {tried.words}"
        return replace(seen, outcome="holds", words=words, grade="E2" if by_name else "E1", by_name=by_name)
    if tried.answer == "accepted":
        return replace(seen, outcome="broken", words=f"{done} is accepted", grade="E1")
    if tried.answer == "server-error":
        # A crash confirms nothing: what is refused and what breaks the server are not the same.
        return replace(seen, words=f"{done} draws {tried.words}", flags=("server-error",))
    return seen


def _read_optional(seen: Observation, path: str, tried: Tried) -> Observation:
    if tried.answer == "accepted":
        called = any(calls_of(each, DRAW) for each in tried.tries)
        if called:
            return replace(seen, outcome="holds", words=f"a tool without {path} is accepted and called", grade="E3")
        return replace(
            seen, words=f"a tool without {path} is accepted, and not called though the prompt asks for it", more=2
        )
    if tried.answer in ("rejected", "server-error"):
        return replace(seen, outcome="broken", words=f"a tool without {path} is {tried.words}", grade="E2")
    return seen
