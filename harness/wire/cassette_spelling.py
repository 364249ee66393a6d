"""Cassettes in exactly the spelling that `cassette_emit` gives them, read by one pattern an interaction.

It stands apart from the YAML reader because it may only ever be quicker, never different: it takes a text that matches
to the letter or none of it, and tests hold every value of it to what the YAML reader makes of the same text.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

# Each value of a YAML reader costs some 200 bytes, and a text of nothing but brackets would hold too many.
_MAX_NODES = 8_000_000

_HEAD = "version: 1\ninteractions:\n"
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A}) + b"\x7f"
# What YAML forbids, or reads as a line break, beyond ASCII.
_FOREIGN = re.compile("[\x80-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_PLAIN = (
    r"(?!(?i:y|n|yes|no|on|off|true|false|null)\n)"
    r"[A-Za-z](?:[A-Za-z0-9_./@%+=?&*()-]|:(?=[^\s:])|[ ](?=[A-Za-z0-9(]))*+"
)
_SINGLE = r"'[^'\n\t]*+(?:''[^'\n\t]*+)*+'"
# A half of a surrogate pair is fine in JSON and none of YAML's.
_DOUBLE = r'"[^"\\\n\t]*+(?:\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})[^"\\\n\t]*+)*+"'
_TEXT = f"(?:{_SINGLE}|{_PLAIN}|{_DOUBLE})"
_BINARY = r'!!binary "(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"'
_COUNT = r"(?:0|[1-9][0-9]{0,17})"
_MS = r"(?:null|(?:0|[1-9][0-9]{0,10})(?:\.[0-9]+)?)"
_FRAME = rf"\[{_MS}, {_COUNT}\]"
_HEADERS = (
    rf"(?: \{{\}}\n|\n(?:      (?:[A-Za-z][A-Za-z0-9_-]{{0,200}}|'[^'\n\t]{{1,200}}'):\n(?:      - {_TEXT}\n)++)++)"
)
_HEADER_LINE = re.compile(r"      (?:- (.*)|(.*):)\n")


def _value(pad: str) -> str:
    block = rf"\|[-+]?\n{pad}[^ \t\n].*\n(?:(?:{pad}.*)?\n)*+"
    return rf"(?:(?:{_TEXT}|{_BINARY}|null)\n|{block})"


_SOURCE_TEXTS = ("provider", "host", "server", "region", "model", "credential")
_SOURCE = "".join(
    [
        *(
            rf"(?:        {name}: (?P<{name}>{_TEXT})\n){'?' if name in ('server', 'region') else ''}"
            for name in _SOURCE_TEXTS
        ),
        *(rf"        {name}: (?P<{name}>{_COUNT})\n" for name in ("index", "exchange")),
    ]
)
_INTERACTION = re.compile(
    rf"- request:\n    method: (?P<method>{_TEXT})\n    uri: (?P<uri>{_TEXT})\n"
    rf"    body: (?P<body>{_value('      ')})"
    rf"    headers:(?P<sent>{_HEADERS})"
    rf"  response:\n    status:\n      code: (?P<code>[1-9][0-9]{{2}})\n      message: (?P<message>{_TEXT})\n"
    rf"    headers:(?P<got>{_HEADERS})"
    rf"    body:\n      string: (?P<string>{_value('        ')})"
    rf"    harness:\n      key: (?P<key>{_TEXT})\n      source:\n{_SOURCE}"
    rf"      recorded_at: (?P<at>{_TEXT})\n      total_ms: (?P<total>{_MS})\n"
    rf"      frames: (?P<frames>\[\]|\[{_FRAME}(?:, {_FRAME})*+\])\n"
    rf"(?:      nonces:\n(?P<nonces>(?:      - {_TEXT}\n)++))?"
)


class NotOurs(Exception):
    """A text is not spelled to the letter as ours are: the YAML reader must say what it is."""


def read_own(text: str, content: bytes) -> Iterator[dict[str, Any]]:
    """The interactions of a cassette, as the YAML reader would give them.

    content  the same text in UTF-8
    raises   NotOurs, perhaps after some were given: then none of them count
    """
    if not text.startswith(_HEAD) or len(text) == len(_HEAD) or not _is_sound(text, content):
        raise NotOurs
    begin, end = len(_HEAD), len(text)
    match = _INTERACTION.match
    while begin < end:
        found = match(text, begin)
        if found is None:
            raise NotOurs
        yield _interaction(found)
        begin = found.end()


def _is_sound(text: str, content: bytes) -> bool:
    if len(content.translate(None, _CONTROLS)) != len(content):
        return False
    if not text.isascii() and _FOREIGN.search(text):
        return False
    return 2 * content.count(b"\n") + 3 * content.count(b"[") < _MAX_NODES


def _interaction(found: re.Match[str]) -> dict[str, Any]:
    source: dict[str, object] = {}
    for name in _SOURCE_TEXTS:
        if found[name] is not None:
            source[name] = _read_text(found[name])
    source["index"] = int(found["index"])
    source["exchange"] = int(found["exchange"])
    harness: dict[str, object] = {
        "key": _read_text(found["key"]),
        "source": source,
        "recorded_at": _read_text(found["at"]),
        "total_ms": json.loads(found["total"]),
        "frames": json.loads(found["frames"]),
    }
    if found["nonces"] is not None:
        harness["nonces"] = [_read_text(line[8:]) for line in found["nonces"].split("\n")[:-1]]
    return {
        "request": {
            "method": _read_text(found["method"]),
            "uri": _read_text(found["uri"]),
            "body": _read_value(found["body"], 6),
            "headers": _headers(found["sent"]),
        },
        "response": {
            "status": {"code": int(found["code"]), "message": _read_text(found["message"])},
            "headers": _headers(found["got"]),
            "body": {"string": _read_value(found["string"], 8)},
            "harness": harness,
        },
    }


def _read_text(raw: str) -> str:
    first = raw[0]
    if first == "'":
        return raw[1:-1].replace("''", "'")
    return json.loads(raw) if first == '"' else raw


def _read_value(raw: str, pad: int) -> object:
    first = raw[0]
    if first == "|":
        head, _, rest = raw.partition("\n")
        if rest.rstrip("\n")[-1].isspace():
            # The last line of a block that is nothing but blanks is another matter to each reader.
            raise NotOurs
        block = rest[pad:].replace("\n" + " " * pad, "\n")
        if head == "|+":
            return block
        block = block.rstrip("\n")
        return block if head == "|-" else block + "\n"
    raw = raw[:-1]
    if first == "!":
        return base64.b64decode(raw[10:-1])
    return None if raw == "null" else _read_text(raw)


def _headers(raw: str) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for value, name in _HEADER_LINE.findall(raw):
        if name:
            values = headers[_read_text(name)] = []
        else:
            values.append(_read_text(value))
    return headers
