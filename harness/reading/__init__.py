"""Files as their authors see them: YAML with places, problems drawn at them, and files named by other files.

It stands apart from the loaders above so that a suite and a catalogue are read, and refused, in the same way.
"""

from harness.reading.document import Document, read_yaml
from harness.reading.problems import (
    Problem,
    ProblemsError,
    did_you_mean,
    nearest,
    quoted,
    render_problem,
    visible,
)
from harness.reading.references import Folder, ReferenceProblem
from harness.reading.source import Mark
from harness.reading.validation import problems_of, validate

__all__ = [
    "Document",
    "Folder",
    "Mark",
    "Problem",
    "ProblemsError",
    "ReferenceProblem",
    "did_you_mean",
    "nearest",
    "problems_of",
    "quoted",
    "read_yaml",
    "render_problem",
    "validate",
    "visible",
]
