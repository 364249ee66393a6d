"""The text of a cassette, YAML or JSON, read into plain values: fast, and safe with a file that means harm.

It stands apart from the file's shape because PyYAML's own loaders fall over hostile text: the C composer crashes the
interpreter on deep nesting, and both expand aliases without bound. Here events are read, and nothing recurses.
"""

import base64
import importlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import UnreadableCassette

MAX_DEPTH = 100
# Every node costs some 200 bytes once read. 5,000 recordings of long streams have two million.
MAX_NODES = 8_000_000

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_TAG}str"})
_PLAIN_TAGS = frozenset({f"{_TAG}{kind}" for kind in ("int", "float", "bool", "null", "timestamp")})
_COLLECTION_TAGS = frozenset({None, "!", f"{_TAG}seq", f"{_TAG}map"})
# What vcrpy's own loader builds; every other Python tag would run code.
_VCR_TAGS = frozenset(
    f"{_TAG}python/{kind}"
    for kind in ("str", "unicode", "tuple", "object/new:_io.BytesIO", "object/apply:builtins.iter")
)
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?[0-9]{1,17}\.[0-9]+")
_PERHAPS_NOT_TEXT = frozenset("-+.0123456789~nNtTfFyYoO")
_RESOLVER: Any = yaml.resolver.Resolver()


def read_text(text: str, path: Path) -> object:
    """The value that a cassette's text stands for: mappings with text keys, lists, text, bytes, numbers, None.

    raises  UnreadableCassette for invalid, hostile or nonsensical text, with the position where one is known
    """
    if path.suffix == ".json" or text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except RecursionError as error:
            raise unreadable(path, "it is nested too deep") from error
        except ValueError as error:
            # A flow mapping in YAML begins with the same brace.
            if path.suffix == ".json":
                raise unreadable(path, f"it is not JSON: {error}") from error
    try:
        reader = _EventReader(text, path)
        value = reader.read()
    except yaml.YAMLError as error:
        raise unreadable(path, f"it is not YAML: {_first_line(error)}", getattr(error, "problem_mark", None)) from error
    return _read_as_vcr_does(text, path) if reader.met_vcr_tag else value


def unreadable(path: Path, fault: str, mark: Any = None) -> UnreadableCassette:
    """The error for a cassette that is there and cannot be read.

    mark  a YAML position, or None
    """
    place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
    return UnreadableCassette(
        f"{path}{place}: cannot read this cassette: {fault}",
        remedy="restore it from version control, or delete it and record it again: harness run … --mode record",
    )


class _EventReader:
    """Builds a value from parser events with a stack of its own, counting nodes as aliases would expand them."""

    def __init__(self, text: str, path: Path) -> None:
        self.met_vcr_tag = False
        self._path = path
        self._parser = _LOADER(text)
        self._nodes = 0
        self._anchors: dict[str, tuple[object, int | None]] = {}
        self._top: list[object] = []
        self._container: Any = self._top
        # In a mapping: the key that waits for its value. In a sequence, and where a key is due: None.
        self._key: str | None = None
        self._is_mapping = False
        self._stack: list[tuple[Any, bool, int, str | None]] = []

    def read(self) -> object:
        """The one document of the text; None if there is none."""
        turns = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._begin,
        }
        next_event, scalar = self._parser.get_event, yaml.ScalarEvent
        while (event := next_event()) is not None:
            kind = type(event)
            # Two events in three are keys and quoted texts: a call for each would cost a quarter of the reading.
            if kind is scalar and self._is_mapping and self._key is None:
                self._key = event.value
            elif kind in turns:
                turns[kind](event)
        return self._top[0] if self._top else None

    def _begin(self, event: Any) -> None:
        if self._top:
            raise self._fault("it holds more than one document", event)

    def _put(self, value: object) -> None:
        if self._is_mapping:
            self._container[self._key] = value
            self._key = None
        else:
            self._container.append(value)

    def _open(self, event: Any) -> None:
        if self._is_mapping and self._key is None:
            raise self._fault("a key is not text", event)
        if len(self._stack) >= MAX_DEPTH:
            raise self._fault(f"it is nested deeper than {MAX_DEPTH} levels", event)
        if event.tag not in _COLLECTION_TAGS:
            self._meet_tag(event)
        is_mapping = type(event) is yaml.MappingStartEvent
        value: object = {} if is_mapping else []
        self._put(value)
        self._stack.append((self._container, self._is_mapping, self._nodes, event.anchor))
        self._container, self._is_mapping = value, is_mapping
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, None)
        self._count(1, event)

    def _close(self, _event: Any) -> None:
        closed = self._container
        self._container, self._is_mapping, before, anchor = self._stack.pop()
        if anchor is not None:
            self._anchors[anchor] = (closed, self._nodes - before)

    def _alias(self, event: Any) -> None:
        value, size = self._anchors.get(event.anchor, (None, None))
        if size is None:
            raise self._fault(f"the alias *{event.anchor} names nothing complete", event)
        if self._is_mapping and self._key is None:
            raise self._fault("a key is not text", event)
        self._put(value)
        self._count(size, event)

    def _scalar(self, event: Any) -> None:
        value: object = event.value
        if (tag := event.tag) is None:
            if event.implicit[0]:
                value = _plain(event.value)
        elif tag == f"{_TAG}binary":
            try:
                value = base64.b64decode("".join(event.value.split()), validate=True)
            except ValueError as error:
                raise self._fault(f"a !!binary value is not base64: {error}", event) from error
        elif tag in _PLAIN_TAGS:
            value = _plain(event.value)
        elif tag not in _TEXT_TAGS:
            self._meet_tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._put(value)
        self._count(1, event)

    def _meet_tag(self, event: Any) -> None:
        if event.tag not in _VCR_TAGS:
            raise self._fault(f"the tag {event.tag!r} could run code or is not known, and is not followed", event)
        self.met_vcr_tag = True

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._fault(f"it stands for more than {MAX_NODES:,} values (aliases counted as often as used)", event)

    def _fault(self, fault: str, event: Any) -> UnreadableCassette:
        return unreadable(self._path, fault, event.start_mark)


def _plain(text: str) -> object:
    """What an unquoted scalar stands for in YAML 1.1, which vcrpy writes; a date stays text."""
    if text and text[0] not in _PERHAPS_NOT_TEXT:
        return text
    # Times differ from one another; statuses, lengths and the like repeat.
    return float(text) if _FLOAT.fullmatch(text) else _resolved(text)


@lru_cache(maxsize=1024)
def _resolved(text: str) -> object:
    if _INT.fullmatch(text):
        return int(text)
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    if tag not in _PLAIN_TAGS or tag.endswith("timestamp"):
        return text
    try:
        return yaml.safe_load(text)
    except ValueError:
        # More digits than Python converts; no figure of a cassette is as long.
        return text


def _read_as_vcr_does(text: str, path: Path) -> object:
    """The value with vcrpy's own tags followed; only for a text that was read once: neither deep nor a bomb."""
    # Loading vcrpy takes half a second, and few cassettes need it.
    yamlserializer = importlib.import_module("vcr.serializers.yamlserializer")
    try:
        return _without_objects(yamlserializer.deserialize(text))
    # vcrpy's constructors trust the nodes that they are given.
    except (yaml.YAMLError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise unreadable(path, f"vcrpy cannot read it either: {_first_line(error)}") from error


def _without_objects(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _without_objects(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_objects(item) for item in value]
    if isinstance(value, BytesIO):
        return value.getvalue()
    if value is None or isinstance(value, str | bytes | bool | int | float):
        return value
    if isinstance(value, Iterator):
        return b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in value)
    return str(value)


def _first_line(error: Exception) -> str:
    problem = getattr(error, "problem", None) or str(error)
    return str(problem).splitlines()[0] if str(problem) else type(error).__name__
