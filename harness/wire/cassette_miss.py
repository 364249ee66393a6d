"""Why no recording answered: the nearest one there is, what differs, and the command that records it.

It stands apart because look-up must be quick and this need not be, though it too has a bound: an edited system prompt
misses thousands of recordings at once.
"""

from collections.abc import Iterator
from pathlib import Path

from harness.core.keys import RequestKey
from harness.wire.cassette_bodies import diff_lines, pretty
from harness.wire.cassette_index import CassetteIndex, own_key
from harness.wire.cassette_recording import Recording

RECORD_COMMAND = "harness run … --mode record"


def explain_miss(key: RequestKey, body: bytes, index: CassetteIndex, place: str, command: str = RECORD_COMMAND) -> str:
    """What to tell the author of a request that no recording answers.

    body     the request's, redacted
    place    where was looked, in words
    command  what records it
    """
    asked = f"{key.method} {key.path} (model {key.model}, {_circumstances(key)})"
    nearest = index.nearest(key, body)
    lines = [f"no recording in {place} answers {asked}"]
    if nearest is not None:
        lines.append(f"the nearest is {_described(nearest)}; {'; '.join(_differences(key, body, nearest))}")
        lines += diff_lines(pretty(nearest.body), pretty(body), "recorded", "asked")
    lines.append(f"to record it: {command}")
    return "\n".join(lines)


def explain_wrong_source(key: RequestKey, recording: Recording, made_by: str, command: str = RECORD_COMMAND) -> str:
    """What to tell when the only recording was made by another provider.

    made_by  that provider, in words
    """
    return (
        f"{recording.place} holds this request, but was recorded from {made_by}; "
        f"it cannot answer for '{key.provider}', because a recording is evidence about its own source alone\n"
        f"to record '{key.provider}' itself: {command}; to replay the other: name its provider with --provider"
    )


def explain_no_cassette(key: RequestKey, path: Path, others: list[str], command: str = RECORD_COMMAND) -> str:
    """What to tell when a case has no cassette at all.

    others  providers under which the same case has one
    """
    known = f"\nthis case has recordings of {' and '.join(others)}, which answer for nobody else" if others else ""
    return f"{path} does not exist, so nothing is recorded for {key.method} {key.path}{known}\nto record it: {command}"


def _circumstances(key: RequestKey) -> str:
    region = f"region {key.region}, " if key.region is not None else ""
    return f"{region}credential '{key.credential}', repeat {key.index}, exchange {key.exchange}"


def _described(recording: Recording) -> str:
    when = recording.origin.recorded_at if recording.origin is not None else None
    return recording.place + (f", recorded {when}" if when else "")


def _differences(key: RequestKey, body: bytes, nearest: Recording) -> Iterator[str]:
    """What sets the request apart from the recording, the body last."""
    if (nearest.method, nearest.target) != (key.method, key.path):
        yield f"it is of {nearest.method} {nearest.target}"
    if nearest.origin is not None:
        recorded = own_key(nearest)
        for name in ("provider", "region", "model", "credential", "index", "exchange"):
            was, is_now = getattr(recorded, name), getattr(key, name)
            if was != is_now:
                yield f"its {'repeat' if name == 'index' else name} is {was}, not {is_now}"
        same_body = recorded.body == key.body
    else:
        same_body = pretty(nearest.body) == pretty(body)
        if same_body:
            yield "it has been counted for an earlier repeat"
    yield "its body is the same" if same_body else "its body differs:"
