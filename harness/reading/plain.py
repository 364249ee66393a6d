"""A plain YAML file read for its values, with the places of its collections alone.

It stands apart from the tree as the short way that nearly every file takes: no tags, no anchors, nothing wrong. It says
nothing of a fault, and gives up at the first thing that is not plain; the tree then reads the file from its start.
Five thousand cases are read so in half the time; a further reader is worth no less.
"""

from typing import Any

import yaml
from yaml import events

from harness.reading import tree
from harness.reading.scalars import ScalarFault, resolve
from harness.reading.source import Source
from harness.reading.tree import Node


class _NotPlain(Exception):
    """The tree must read this file."""


def read_plain(source: Source) -> Node | None:
    """The root of the value that the tree would read, or None if the file is not plain.

    Its nodes lack the children of mappings that are scalars, and the nodes of all keys.
    """
    # PyYAML's own scanner lets through what libyaml refuses, and the tree knows what.
    if source.problems or tree.LOADER is not getattr(yaml, "CSafeLoader", None):
        return None
    try:
        return _Plain(source).root
    except (_NotPlain, yaml.YAMLError, ScalarFault):
        return None


class _Plain:
    """One reading; `root` is what came of it."""

    __slots__ = ("_key", "_node", "_nodes", "_outer", "root")

    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self._node: Any = None  # the open collection: its value and children are dicts or lists, as it is
        self._key: str | None = None  # that waits for its value in it
        self._outer: list[Any] = []
        self._nodes = 0
        steps: dict[Any, Any] = {
            events.ScalarEvent: self._scalar,
            events.MappingStartEvent: self._start,
            events.SequenceStartEvent: self._start,
            events.MappingEndEvent: self._end,
            events.SequenceEndEvent: self._end,
            events.AliasEvent: self._refuse,
            events.DocumentStartEvent: self._document,
            events.DocumentEndEvent: self._pass,
            events.StreamStartEvent: self._pass,
            events.StreamEndEvent: self._pass,
        }
        take = tree.LOADER(source.text).get_event
        while (event := take()) is not None:
            steps[type(event)](event)
        if self._nodes > tree.MAX_NODES:
            raise _NotPlain

    def _pass(self, _event: Any) -> None:
        """Take no notice."""

    def _refuse(self, _event: Any) -> None:
        raise _NotPlain

    def _document(self, _event: Any) -> None:
        if self.root is not None:
            raise _NotPlain

    def _scalar(self, event: Any) -> None:
        text, node, key = event.value, self._node, self._key
        if event.tag is not None or event.anchor is not None or text == "<<" or node is None:
            raise _NotPlain
        value = resolve(text) if event.implicit[0] else text
        self._nodes += 1
        if type(node.value) is list:
            node.value.append(value)
            node.children.append(_placed(event, value))
        elif key is not None:
            node.value[key] = value
            self._key = None
        elif type(value) is str and value not in node.value:
            self._key = value
            if not node.value:
                _mark_by(node, event)
        else:
            raise _NotPlain

    def _start(self, event: Any) -> None:
        outer, key = self._node, self._key
        if event.tag is not None or event.anchor is not None or len(self._outer) >= tree.MAX_DEPTH:
            raise _NotPlain
        self._nodes += 1
        is_mapping = type(event) is events.MappingStartEvent
        start = event.start_mark
        node = Node({} if is_mapping else [], start.line + 1, start.column + 1, 1)
        node.children = {} if is_mapping else []
        if outer is None:
            self.root = node
        elif type(outer.value) is list:
            outer.value.append(node.value)
            outer.children.append(node)
        elif key is not None:
            outer.value[key] = node.value
            outer.children[key] = node
        else:
            raise _NotPlain
        self._outer.append(outer)
        self._node, self._key = node, None

    def _end(self, event: Any) -> None:
        node, end = self._node, event.end_mark
        if end.line + 1 == node.line and end.index > event.start_mark.index:
            node.length = max(1, end.column + 1 - node.column)
        self._node = self._outer.pop()


def _placed(event: Any, value: Any) -> Node:
    """The node of a scalar on one line."""
    start, end = event.start_mark, event.end_mark
    if start.line != end.line:
        raise _NotPlain
    return Node(value, start.line + 1, start.column + 1, max(1, end.column - start.column))


def _mark_by(node: Any, key: Any) -> None:
    """Give a mapping the length to the end of its first key, where that stands on its line."""
    start, end = key.start_mark, key.end_mark
    if start.line != end.line:
        raise _NotPlain
    if start.line + 1 == node.line:
        node.length = max(1, end.column + 1 - node.column)
