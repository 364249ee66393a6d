"""Why no recording answered: the nearest one there is, what differs, and the command that records it.

It stands apart because look-up must be quick and this need not be, though it too has a bound: an edited system prompt
misses thousands of recordings at once.
"""

import contextlib
import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from harness.core.keys import RequestKey
from harness.wire.cassette_file import Recording
from harness.wire.cassette_index import CassetteIndex, own_key

RECORD_COMMAND = "harness run … --mode record"

_MAX_CANDIDATES = 200
_MAX_COMPARED = 20_000
_MAX_DIFF_LINES = 20
_MAX_LINE = 160
_CONTEXT = 40
_WORD = re.compile(r"\w+")


def explain_miss(key: RequestKey, body: bytes, index: CassetteIndex, place: str, command: str = RECORD_COMMAND) -> str:
    """What to tell the author of a request that no recording answers.

    body     the request's, redacted
    place    where was looked, in words
    command  what records it
    """
    asked = f"{key.method} {key.path} (model {key.model}, {_circumstances(key)})"
    nearest = _nearest(key, body, index)
    lines = [f"no recording in {place} answers {asked}"]
    if nearest is not None:
        lines.append(f"the nearest is {_described(nearest)}; {'; '.join(_differences(key, body, nearest))}")
        lines += _diff(nearest.body, body)
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


def _nearest(key: RequestKey, body: bytes, index: CassetteIndex) -> Recording | None:
    """Of the same method and path first, then of the most words in common, then of the same repeat and exchange."""
    words = _words(body)

    def likeness(recording: Recording) -> tuple[float, bool]:
        others = _words(recording.body)
        shared = len(words & others) / max(1, len(words | others))
        origin = recording.origin
        return shared, origin is not None and (origin.index, origin.exchange) == (key.index, key.exchange)

    return max(index.candidates(key)[:_MAX_CANDIDATES], key=likeness, default=None)


def _words(body: bytes) -> frozenset[str]:
    return frozenset(_WORD.findall(body[:_MAX_COMPARED].decode("utf-8", "replace")))


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
        same_body = _pretty(nearest.body) == _pretty(body)
        if same_body:
            yield "it has been counted for an earlier repeat"
    yield "its body is the same" if same_body else "its body differs:"


def _diff(recorded: bytes, asked: bytes) -> list[str]:
    """A unified diff of two bodies as indented JSON, cut to what a person reads."""
    lines = list(difflib.unified_diff(_pretty(recorded), _pretty(asked), "recorded", "asked", n=1, lineterm=""))
    shown = [_focused(line, _counterpart(lines, n)) for n, line in enumerate(lines)]
    if len(shown) > _MAX_DIFF_LINES:
        shown = [*shown[:_MAX_DIFF_LINES], f"… and {len(shown) - _MAX_DIFF_LINES} more lines"]
    return shown


def _counterpart(lines: list[str], n: int) -> str:
    """The line that replaced, or was replaced by, line `n`, as near as neighbours tell."""
    if lines[n].startswith("+"):
        return next((line for line in reversed(lines[:n]) if line.startswith("-")), "")
    return next((line for line in lines[n:] if line.startswith("+")), "")


def _focused(line: str, counterpart: str) -> str:
    """A long line cut to the stretch around where it begins to differ from its counterpart."""
    if len(line) <= _MAX_LINE:
        return line
    pairs = enumerate(zip(line[1:], counterpart[1:], strict=False), start=1)
    begin = next((n for n, (one, other) in pairs if one != other), 1)
    begin = max(1, min(begin - _CONTEXT, len(line) - _MAX_LINE))
    end = begin + _MAX_LINE
    return f"{line[0]}{'…' if begin > 1 else ''}{line[begin:end]}{'…' if end < len(line) else ''}"


def _pretty(body: bytes) -> list[str]:
    """The body as lines: indented JSON with the line breaks of long texts shown, or the text as it is."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
    return text[:_MAX_COMPARED].replace("\\n", "\\n\n").splitlines()
