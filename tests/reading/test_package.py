"""What `harness.reading` offers, and what importing it costs."""

import subprocess
import sys

import harness.reading


def test_the_public_names_are_these():
    assert harness.reading.__all__ == [
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
    assert all(hasattr(harness.reading, name) for name in harness.reading.__all__)


def test_reading_a_valid_file_does_not_import_pydantic():
    script = "import sys, harness.reading as r; r.read_yaml('a: 1', 'x'); sys.exit('pydantic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
