"""A YAML event stream made into values and places, side by side, within bounds.

It stands apart from the document because it alone meets hostile input: nothing here recurses, and every count has an
end. PyYAML's own composer is not used: it recurses, in C, and '[' a hundred thousand times over ends the interpreter.
"""

from typing import Any, Final

import yaml
from yaml import events

from harness.reading.problems import Problem, quoted
from harness.reading.scalars import Scalar, ScalarFault, resolve
from harness.reading.source import MAX_PROBLEMS, Mark, Source
from harness.reading.syntax import syntax_problem

MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_ALIASED = 10_000
"""Nodes that aliases may add by repetition."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_SKIP: Final = object()
"""Stands for a key whose value is read and dropped, because the key itself is a problem."""


class Node:
    """A value, where it stands, and the same for all that is in it.

    line, column, length  the place, 1-based. Three numbers and not a Mark: a file of 5,000 cases would hold 200,000 of
                          these, and reading it would take half as long again
    children              by key or index; None for a scalar
    key                   the node of its key; None in a list and at the top
    """

    __slots__ = ("children", "column", "key", "length", "line", "value")

    def __init__(self, value: Any, line: int, column: int, length: int) -> None:
        """A node without children."""
        self.value = value
        self.line = line
        self.column = column
        self.length = length
        self.key: Node | None = None
        self.children: dict[str, Node] | list[Node] | None = None

    @property
    def mark(self) -> Mark:
        """Where the value stands."""
        return Mark(self.line, self.column, self.length)


class _Frame:
    """An open collection: its node, its anchor, and in a mapping the key that waits for its value."""

    __slots__ = ("anchor", "is_mapping", "key", "key_node", "node")

    def __init__(self, node: Node, anchor: str | None, *, is_mapping: bool) -> None:
        self.node = node
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.key: Any = None
        self.key_node: Node | None = None

    @property
    def awaits_key(self) -> bool:
        """True in a mapping whose next node is a key."""
        return self.is_mapping and self.key is None


class _Stop(Exception):
    """Reading ends here, with a problem that is already noted."""


class Tree:
    """The tree of one source, built at once.

    root      None if there was none
    whole     True if the source was read to its end
    problems  every problem found, the source's own first
    """

    def __init__(self, source: Source) -> None:
        """Read all events; never raises for what the source holds."""
        self.root: Node | None = None
        self.whole = False
        self.problems: list[Problem] = list(source.problems)
        self._source = source
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node | None] = {}  # None while the collection is still open
        self._nodes = 0
        self._aliased = 0
        if not source.fatal:
            self._read()

    def _read(self) -> None:
        steps = {
            events.ScalarEvent: self._scalar,
            events.AliasEvent: self._alias,
            events.MappingStartEvent: self._start,
            events.SequenceStartEvent: self._start,
            events.MappingEndEvent: self._end,
            events.SequenceEndEvent: self._end,
            events.DocumentStartEvent: self._document,
        }
        try:
            # Not yaml.parse(): its generator asks whether there is an event before it takes it.
            take = LOADER(self._source.text).get_event
            while (event := take()) is not None:
                step = steps.get(type(event))
                if step is not None:
                    step(event)
        except _Stop:
            return
        # PyYAML's own scanner, used where libyaml is missing, lets chr() raise ValueError for \U00110000.
        except (yaml.YAMLError, ValueError) as error:
            self.problems.append(syntax_problem(self._source, error))
            return
        self.whole = True
        if self.root is None:
            remedy = "write something into it, or remove it"
            self._report(Mark(1, 1), "the file is empty", "yaml-empty", remedy)

    def _report(self, mark: Mark, message: str, code: str, remedy: str) -> None:
        self.problems.append(self._source.problem(mark, message, code, remedy))
        if len(self.problems) == MAX_PROBLEMS:
            self._stop(mark, f"{MAX_PROBLEMS} problems: reading stops here", "yaml-too-many", "mend those above first")

    def _stop(self, mark: Mark, message: str, code: str, remedy: str) -> None:
        self.problems.append(self._source.problem(mark, message, code, remedy))
        raise _Stop

    def _document(self, event: Any) -> None:
        if self.root is not None:
            mark = self._node(event, None).mark
            self._stop(mark, "a second document begins here", "yaml-documents", "keep one document in a file")

    def _node(self, event: Any, value: Any) -> Node:
        """A node where the event stands; its length ends with its first line."""
        start, end = event.start_mark, event.end_mark
        line, column = start.line, start.column
        stop = end.column if end.line == line else len(self._source.line(line + 1))
        return Node(value, line + 1, column + 1, stop - column if stop > column else 1)

    def _scalar(self, event: Any) -> None:
        text = event.value
        node = self._node(event, text)
        if event.tag is not None:
            node.value = self._tagged(event, node)
        elif event.implicit[0]:
            if not self._stack and not text:
                return  # '---' and nothing else: as empty as an empty file
            if text == "<<" and self._stack and self._stack[-1].awaits_key:
                self._report(node.mark, "merge keys exist in YAML 1.1 alone", "yaml-1.1", "write the keys out")
                self._stack[-1].key = _SKIP
                return
            try:
                node.value = resolve(text)
            except ScalarFault as fault:
                self._report(node.mark, fault.message, fault.code, fault.remedy)
        elif not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            # libyaml refuses such escapes; PyYAML's own scanner does not.
            remedy = "write the whole character"
            self._report(node.mark, "half a surrogate pair is no character", "yaml-character", remedy)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._add(node)

    def _resolved(self, text: str, node: Node) -> Scalar:
        try:
            return resolve(text)
        except ScalarFault as fault:
            self._report(node.mark, fault.message, fault.code, fault.remedy)
            return text

    def _tagged(self, event: Any, node: Node) -> Scalar:
        """The value of a scalar with an explicit tag; only the core schema's are known."""
        kinds: dict[str, type] = {"null": type(None), "bool": bool, "int": int, "float": float}
        kind = event.tag.removeprefix(_CORE)
        text: str = event.value
        if event.tag in ("!", _CORE + "str"):
            return text
        if event.tag.startswith(_CORE) and kind in kinds:
            value = self._resolved(text, node)
            if kind == "float" and type(value) is int:
                return float(value)
            if type(value) is not kinds[kind]:
                message = f"{quoted(text)} is not what its tag '!!{kind}' says"
                self._report(node.mark, message, "yaml-tag", "remove the tag")
            return value
        self._refuse_tag(event.tag, node.mark)
        return text

    def _refuse_tag(self, tag: str, mark: Mark) -> None:
        name = f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag
        remedy = "remove the tag; only plain text, numbers, true, false, null, lists and mappings are read"
        self._report(mark, f"tag {quoted(name)} is not allowed", "yaml-tag", remedy)

    def _start(self, event: Any) -> None:
        is_mapping = type(event) is events.MappingStartEvent
        start = event.start_mark
        node = Node({} if is_mapping else [], start.line + 1, start.column + 1, 1)
        node.children = {} if is_mapping else []
        if len(self._stack) >= MAX_DEPTH:
            self._too_deep(node.mark)
        if event.tag is not None and event.tag != _CORE + ("map" if is_mapping else "seq"):
            self._refuse_tag(event.tag, node.mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Frame(node, event.anchor, is_mapping=is_mapping))

    def _too_deep(self, mark: Mark) -> None:
        self._stop(mark, f"nested more than {MAX_DEPTH} levels deep", "yaml-too-deep", "flatten it")

    def _end(self, event: Any) -> None:
        frame = self._stack.pop()
        node, end = frame.node, event.end_mark
        if end.line + 1 == node.line and end.index > event.start_mark.index:
            node.length = max(1, end.column + 1 - node.column)  # '[…]' or '{…}' on one line
        elif isinstance(node.children, dict) and node.children:
            key = next(iter(node.children.values())).key
            if key is not None and key.line == node.line:
                node.length = max(1, key.column + key.length - node.column)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = node
        self._add(node)

    def _alias(self, event: Any) -> None:
        anchor = self._anchors.get(event.anchor)
        node = self._node(event, None)
        mark = node.mark
        if anchor is None:
            name = quoted(event.anchor)
            itself = event.anchor in self._anchors
            message = f"alias {name} stands within what it names" if itself else f"no anchor {name} stands before this"
            self._report(mark, message, "yaml-alias", "put text that begins with '*' in quotes, or write the value out")
        else:
            size, height = _extent(anchor, MAX_ALIASED - self._aliased)
            self._aliased += size
            if self._aliased > MAX_ALIASED:
                message = f"aliases repeat more than {MAX_ALIASED:,} values"
                self._stop(
                    mark, message, "yaml-alias-bomb", "write the values out, or move them to a file of their own"
                )
            if len(self._stack) + height > MAX_DEPTH:
                self._too_deep(mark)
            node.value, node.children = anchor.value, anchor.children
        self._add(node)

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: at the top, in a list, as a key or as a key's value."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(node.mark, f"more than {MAX_NODES:,} values", "yaml-too-large", "split it into several files")
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        parent: Any = frame.node
        if not frame.is_mapping:
            parent.children.append(node)
            parent.value.append(node.value)
        elif frame.key is None:
            frame.key, frame.key_node = node.value, node
            if type(node.value) is not str or node.value in parent.children:
                self._refuse_key(frame, parent.children, node)
        else:
            key, frame.key = frame.key, None
            if key is not _SKIP:
                node.key = frame.key_node
                parent.children[key] = node
                parent.value[key] = node.value

    def _refuse_key(self, frame: _Frame, siblings: dict[str, Node], node: Node) -> None:
        if not isinstance(node.value, str):
            frame.key = _SKIP
            if node.children is None:
                message, remedy = "a key must be text, and this is not", "put the key in quotes"
            else:
                message = "a list or a mapping cannot be a key"
                remedy = "write text that begins with '{' or '[', such as a template, in quotes: '{{ name }}'"
            self._report(node.mark, message, "yaml-key", remedy)
        else:
            frame.key = _SKIP
            first = siblings[node.value].key
            line = first.line if first is not None else node.line
            message = f"duplicate key {quoted(node.value)}, first on line {line}"
            self._report(node.mark, message, "yaml-duplicate-key", "remove or rename one of the two")


def _extent(node: Node, limit: int) -> tuple[int, int]:
    """How many nodes there are in it, itself among them, counted to just beyond the limit; and the levels below it."""
    size, height, level = 1, 0, [node]
    while size <= limit:
        level = [
            child
            for each in level
            if each.children
            for child in (each.children.values() if isinstance(each.children, dict) else each.children)
        ]
        if not level:
            break
        size += len(level)
        height += 1
    return size, height
