"""Cassettes in exactly the spelling that `cassette_emit` gives them, read by one pattern an interaction.

It stands apart from the YAML reader because it may only ever be quicker, never different: it takes a text that matches
to the letter or none of it, and tests hold every value of it to what the YAML reader makes of the same text.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

from harness.wire.cassette_recording import Origin, Recording, host_and_target

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
# A third of the time of `json.loads`, which looks first at what it was given and for blanks around it.
_scan = json.JSONDecoder().raw_decode
_HEADER_LINE = re.compile(r"      (?:- (.*)|(.*):)\n")


def _value(pad: str) -> str:
    block = rf"\|[-+]?\n{pad}[^ \t\n].*\n(?:(?:{pad}.*)?\n)*+"
    return rf"(?:(?:{_TEXT}|{_BINARY}|null)\n|{block})"


_SOURCE = "".join(
    [
        *(
            rf"(?:        {name}: (?P<{name}>{_TEXT})\n){'?' if name in ('server', 'region') else ''}"
            for name in ("provider", "host", "server", "region", "model", "credential")
        ),
        *(rf"        {name}: (?P<{name}>{_COUNT})\n" for name in ("index", "exchange")),
    ]
)
_INTERACTION = re.compile(
    rf"- request:\n    method: (?P<method>{_TEXT})\n    uri: (?P<uri>{_TEXT})\n"
    rf"    body: (?P<body>{_value('      ')})"
    rf"    headers:{_HEADERS}"
    rf"  response:\n    status:\n      code: (?P<code>[1-9][0-9]{{2}})\n      message: {_TEXT}\n"
    rf"    headers:(?P<got>{_HEADERS})"
    rf"    body:\n      string: (?P<string>{_value('        ')})"
    rf"    harness:\n      key: {_TEXT}\n      source:\n{_SOURCE}"
    rf"      recorded_at: (?P<at>{_TEXT})\n      total_ms: (?P<total>{_MS})\n"
    rf"      frames: (?P<frames>\[\]|\[{_FRAME}(?:, {_FRAME})*+\])\n"
    rf"(?:      nonces:\n(?P<nonces>(?:      - {_TEXT}\n)++))?"
)


class NotOurs(Exception):
    """A text is not spelled to the letter as ours are: the YAML reader must say what it is."""


def read_own(text: str, content: bytes, path: Path) -> Iterator[Recording]:
    """The recordings of a cassette, as the YAML reader would give them, without documents.

    content  the same text in UTF-8
    raises   NotOurs, perhaps after some were given: then none of them count
    """
    if not text.startswith(_HEAD) or len(text) == len(_HEAD) or not _is_sound(text, content):
        raise NotOurs
    begin, end, position = len(_HEAD), len(text), 0
    match = _INTERACTION.match
    while begin < end:
        found = match(text, begin)
        if found is None:
            raise NotOurs
        yield _recording(found, path, position)
        begin = found.end()
        position += 1


def _is_sound(text: str, content: bytes) -> bool:
    if len(content.translate(None, _CONTROLS)) != len(content):
        return False
    if not text.isascii() and _FOREIGN.search(text):
        return False
    return 2 * content.count(b"\n") + 3 * content.count(b"[") < _MAX_NODES


def _recording(found: re.Match[str], path: Path, position: int) -> Recording:
    try:
        host, target = host_and_target(uri := _text(found["uri"]))
    except ValueError:
        raise NotOurs from None
    return Recording(
        path=path,
        position=position,
        document=None,
        method=_text(found["method"]),
        uri=uri,
        host=host,
        target=target,
        body=_body(found["body"], 6),
        status=int(found["code"]),
        headers=_headers(found["got"]),
        reply=_body(found["string"], 8),
        origin=_origin(found),
    )


def _origin(found: re.Match[str]) -> Origin:
    region, server, total, nonces = found["region"], found["server"], found["total"], found["nonces"]
    return Origin(
        provider=_text(found["provider"]),
        model=_text(found["model"]),
        region=None if region is None else _text(region),
        credential=_text(found["credential"]),
        index=int(found["index"]),
        exchange=int(found["exchange"]),
        server=None if server is None else _text(server),
        recorded_at=_text(found["at"]),
        frames=tuple((None if ms is None else float(ms), length) for ms, length in _scan(found["frames"])[0]),
        total_ms=None if total == "null" else float(total),
        nonces=() if nonces is None else tuple(_nonce(line[8:]) for line in nonces.split("\n")[:-1]),
    )


def _text(raw: str) -> str:
    first = raw[0]
    if first == "'":
        return raw[1:-1].replace("''", "'")
    return str(_scan(raw)[0]) if first == '"' else raw


def _nonce(raw: str) -> str:
    nonce = _text(raw)
    if not nonce.isascii() or not nonce.isalnum():
        raise NotOurs
    return nonce


def _body(raw: str, pad: int) -> bytes:
    first = raw[0]
    if first == "|":
        head, _, rest = raw.partition("\n")
        block = rest[pad:].replace("\n" + " " * pad, "\n")
        if head != "|+":
            block = block.rstrip("\n") + ("\n" if head == "|" else "")
        return block.encode()
    raw = raw[:-1]
    if first == "!":
        return base64.b64decode(raw[10:-1])
    return b"" if raw == "null" else _text(raw).encode()


def _headers(raw: str) -> tuple[tuple[str, str], ...]:
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for value, name in _HEADER_LINE.findall(raw):
        if name:
            values = headers[_text(name)] = []
        else:
            values.append(_text(value))
    return tuple((name.lower(), value) for name, values in headers.items() for value in values)
