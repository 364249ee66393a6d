"""Plain values written as YAML that people can review: one spelling per value, UTF-8 as it is, long texts as blocks.

It stands apart from PyYAML because its C emitter escapes every emoji and then gives up blocks, and writes a stream of
replies as one endless line; what is written here is read back by any YAML 1.1 parser, and tests hold it to that.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping

# Not allowed raw in YAML, or changed by a reader: controls, foreign line breaks, byte order marks. Also what turns the
# direction of text around, so that a reviewer sees what a machine reads.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./@%+=?&*()-]|:(?=[^\s:])|[ ](?=[A-Za-z0-9(])){0,200}")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_LONGEST_SIMPLE_KEY = 500


def dump_yaml(document: Mapping[str, object]) -> str:
    """The document as YAML in block style; sequences of sequences, such as frames, on one line.

    raises  TypeError for a value that a cassette cannot hold
    """
    return "\n".join(_mapping(document, "")) + "\n"


def _mapping(mapping: Mapping[str, object], pad: str) -> Iterator[str]:
    for key, value in mapping.items():
        name = _text(key)
        if len(name) <= _LONGEST_SIMPLE_KEY and not name.startswith("!!"):
            yield from _entry(f"{pad}{name}:", value, pad)
        else:
            yield f"{pad}? {name}"
            yield from _entry(f"{pad}:", value, pad)


def _entry(lead: str, value: object, pad: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield lead
        yield from _mapping(value, pad + "  ")
    elif isinstance(value, list) and value and not all(isinstance(item, list) for item in value):
        yield lead
        yield from _sequence(value, pad)
    else:
        yield from _leaf(lead, value, pad)


def _sequence(items: list[object], pad: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, pad + "  ")
            yield f"{pad}- {first[len(pad) + 2 :]}"
            yield from rest
        elif isinstance(item, list) and item and not all(isinstance(each, list) for each in item):
            yield f"{pad}-"
            yield from _sequence(item, pad + "  ")
        else:
            yield from _leaf(f"{pad}-", item, pad)


def _leaf(lead: str, value: object, pad: str) -> Iterator[str]:
    if isinstance(value, str) and _fits_a_block(value):
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        yield f"{lead} |{'-' if ends == 0 else '+' if ends > 1 else ''}"
        yield from (f"{pad}  {line}" if line else "" for line in body.split("\n"))
        yield from [""] * (ends - 1)
    else:
        yield f"{lead} {_flow(value)}"


def _fits_a_block(text: str) -> bool:
    if "\n" not in text or text[0].isspace() or _UNSAFE.search(text) or _SURROGATE.search(text):
        return False
    # A last line of blanks would read as none.
    return not text.rstrip("\n")[-1].isspace()


def _flow(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return _binary(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, list):
        return "[" + ", ".join(_flow_item(item) for item in value) + "]"
    if isinstance(value, Mapping) and not value:
        return "{}"
    message = f"a cassette cannot hold a {type(value).__name__}"
    raise TypeError(message)


def _flow_item(item: object) -> str:
    # Within brackets a plain text could hold a bracket or a comma; JSON's quotes hold anything.
    if isinstance(item, str):
        return _binary(item.encode("utf-8", "surrogatepass")) if _SURROGATE.search(item) else _quoted(item)
    if isinstance(item, Mapping):
        return "{" + ", ".join(f"{_quoted(key)}: {_flow_item(value)}" for key, value in item.items()) + "}"
    if isinstance(item, list):
        return "[" + ", ".join(map(_flow_item, item)) + "]"
    return _flow(item)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    if _SURROGATE.search(text):
        return _binary(text.encode("utf-8", "surrogatepass"))
    if text and "\n" not in text and "\t" not in text and not _UNSAFE.search(text):
        return "'" + text.replace("'", "''") + "'"
    return _quoted(text)


def _quoted(text: str) -> str:
    # JSON's escapes are YAML's; what JSON leaves raw and YAML forbids is escaped here.
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def _binary(content: bytes) -> str:
    return f'!!binary "{base64.b64encode(content).decode()}"'


def _float(value: float) -> str:
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    # YAML 1.1 reads 1e-05 as text; it asks for a point.
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}" if exponent else text
