"""`{file: …}` in a suite: the content of a file beside it stands in the mapping's place.

It stands apart because it is the only place where a suite, which may come from a fork, makes the harness read files.
"""

import base64
import json
from typing import Any

from harness.reading import Document, Folder, Problem, ProblemsError, ReferenceProblem, read_yaml
from harness.suite.dataset import refuse_constant

IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
STRUCTURED = (".yaml", ".yml", ".json")
# Datasets are read row by row; the others are data of somebody else's, where `file` may be a name like any other.
LEFT_ALONE = frozenset({"dataset", "params", "matrix", "arguments", "equals"})


class Inclusions:
    """Replaces every mapping whose only key is `file`, and remembers what went wrong, and where (`missing`).

    document  the suite, for positions
    folder    the suite's folder: nothing outside its tree is read
    """

    def __init__(self, document: Document, folder: Folder) -> None:
        """Begin with no problems."""
        self._document = document
        self._folder = folder
        self.problems: list[Problem] = []
        self.missing: list[tuple[str | int, ...]] = []

    def resolve(self, value: Any, where: tuple[str | int, ...] = ()) -> Any:
        """The value with every inclusion replaced: YAML and JSON parsed, images as data URLs, all else as text."""
        # Most cases name no file: they are looked through, and neither walked with their places nor copied.
        if not _may_name(value):
            return value
        if isinstance(value, list):
            return [self.resolve(item, (*where, index)) for index, item in enumerate(value)]
        if set(value) == {"file"} and isinstance(value["file"], str):
            return self._content(value["file"], where)
        return {key: item if key in LEFT_ALONE else self.resolve(item, (*where, key)) for key, item in value.items()}

    def _content(self, reference: str, where: tuple[str | int, ...]) -> Any:
        suffix = "." + reference.rpartition(".")[2].lower()
        try:
            if suffix in IMAGE_TYPES:
                encoded = base64.b64encode(self._folder.read_bytes(reference)).decode("ascii")
                return f"data:{IMAGE_TYPES[suffix]};base64,{encoded}"
            text = self._folder.read_text(reference)
            if suffix in STRUCTURED:
                return (
                    json.loads(text, parse_constant=refuse_constant)
                    if suffix == ".json"
                    else read_yaml(text, reference).value
                )
        except ReferenceProblem as problem:
            self._add(where, problem.message, problem.remedy)
        except ProblemsError as error:
            self.missing.append(where)
            self.problems.extend(error.problems)
        except (ValueError, RecursionError) as error:
            self._add(where, f"'{reference}' is not JSON: {error}", "mend the file, or give it another ending")
        else:
            return text
        # The value is not used: the problem above refuses the suite. A text keeps the later checks quiet.
        return ""

    def _add(self, where: tuple[str | int, ...], message: str, remedy: str) -> None:
        self.missing.append(where)
        self.problems.append(self._document.problem((*where, "file"), message, "suite-file", remedy))


def _may_name(value: Any) -> bool:
    """Whether the key `file` is anywhere in the value."""
    if isinstance(value, dict):
        return "file" in value or any(map(_may_name, value.values()))
    return isinstance(value, list) and any(map(_may_name, value))
