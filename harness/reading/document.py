"""A YAML file read whole: its value as JSON would hold it, and the place of every part.

It stands apart as the one thing that loaders see of YAML: neither PyYAML's types nor YAML 1.1 get past it.
"""

from typing import Any

from harness.reading.plain import read_plain
from harness.reading.problems import Problem, ProblemsError
from harness.reading.source import Mark, Source
from harness.reading.tree import Node, Tree


class Document:
    """A file's value with the place of every key and value in it.

    path   as given to `read_yaml`
    value  None, bool, int, float, str, list and dict with text keys; parts that an alias repeats are shared, so
           treat it as read-only
    """

    __slots__ = ("_is_whole", "_root", "_source", "path", "value")

    def __init__(self, source: Source, root: Node, *, is_whole: bool) -> None:
        """Made by `read_yaml`; a root that is not whole is a plain file's."""
        self.path = source.path
        self.value: Any = root.value
        self._source = source
        self._root = root
        self._is_whole = is_whole

    def mark(self, where: tuple[str | int, ...], *, key: bool = False) -> Mark:
        """Where the part at `where` stands, or the nearest part around it that exists.

        where  keys and indices from the top; an alias stands where `*name` is, what is in it where it was written
        key    True for the place of its key, if it has one
        """
        node, reached = self._walk(where)
        if not self._is_whole and (key or not reached):
            # Asked where something is wrong: reading the file again then costs nobody who waits.
            self._root = Tree(self._source).root or self._root
            self._is_whole = True
            node, _ = self._walk(where)
        return (node.key if key and node.key is not None else node).mark

    def _walk(self, where: tuple[str | int, ...]) -> tuple[Node, bool]:
        """The node at that place or the nearest around it, and whether it is the one that is meant."""
        node = self._root
        for step in where:
            child: Node | None = None
            if isinstance(node.children, dict) and isinstance(step, str):
                child = node.children.get(step)
            elif isinstance(node.children, list) and isinstance(step, int) and 0 <= step < len(node.children):
                child = node.children[step]
            if child is None:
                return node, False
            node = child
        return node, True

    def problem(
        self, where: tuple[str | int, ...], message: str, code: str, remedy: str = "", *, key: bool = False
    ) -> Problem:
        """A problem at that place of this file; `where` and `key` as for `mark`."""
        return self._source.problem(self.mark(where, key=key), message, code, remedy)


def read_yaml(text: str | bytes, path: str, problems: list[Problem] | None = None) -> Document:
    """Read one YAML 1.2 document by the core schema; dates stay text.

    text      bytes must be UTF-8; at most 10 MB, 64 levels, 1,000,000 values, 10,000 of them through aliases
    path      shown in problems; nothing is opened
    problems  takes problems that leave the rest readable, so that the caller can tell its own beside them; a value
              that is refused then stands as the text that was written
    raises    ProblemsError with every problem at once; what stops the parser stops the search too
    """
    source = Source(text, path)
    plain = read_plain(source)
    if plain is not None:
        return Document(source, plain, is_whole=False)
    tree = Tree(source)
    if tree.root is None or (tree.problems and (problems is None or not tree.whole)):
        raise ProblemsError(tree.problems)
    if problems is not None:
        problems += tree.problems
    return Document(source, tree.root, is_whole=True)
