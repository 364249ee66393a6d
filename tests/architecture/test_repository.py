"""The repository holds nothing of the machine it was written on, and every folder at its top says what it is."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Assembled, so that the rule does not find itself. A path counts only where it begins: `src` before it makes another.
PATTERNS = {
    "a path of one machine": r"(?<![\w.])/(?:{}|{}|{}\b)".format("work" + "/", "root" + "/", "tmp" + "/v"),
    "a package registry": "|".join(["pypi" + r"\.org", "python" + "hosted", "pypi" + r"\.python"]),
    "where packages come from": "|".join(["index" + "-url", "find" + "-links", "trusted" + "-host"]),
    "a proxy": "https?" + r"_proxy\s*[=:]\s*['\"]?\w+://",
}


def traces(text):
    """Which kinds of trace of a machine or its network the text holds."""
    return {kind for kind, pattern in PATTERNS.items() if re.search(pattern, text, re.IGNORECASE)}


def repository_files():
    """Every file that is tracked or could be committed, relative to the top."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [path for path in map(Path, filter(None, listed.split("\0"))) if (ROOT / path).is_file()]


def read_text(path):
    """The file's text, or nothing if it is binary: git's own rule, a zero byte near the beginning."""
    content = (ROOT / path).read_bytes()
    return "" if b"\0" in content[:8000] else content.decode("utf-8", "replace")


def test_no_file_tells_of_the_machine_or_the_network_it_was_written_on():
    found = {str(path): kinds for path in repository_files() if (kinds := traces(read_text(path)))}

    assert found == {}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("cd /wo" + "rk/main", {"a path of one machine"}),
        ("'/ro" + "ot/.cache'", {"a path of one machine"}),
        ("see /tm" + "p/v, there", {"a path of one machine"}),
        ("https://PyPI" + ".org/simple", {"a package registry"}),
        ("--index" + "-url=x", {"where packages come from"}),
        ("HTTPS_PRO" + "XY=http://127.0.0.1:3128", {"a proxy"}),
        ("https://example.com/wo" + "rk/ and src/ro" + "ot/x and /tm" + "p/value", set()),
    ],
)
def test_a_planted_trace_is_found_and_what_only_looks_like_one_is_not(text, kinds):
    assert traces(text) == kinds


def test_every_folder_at_the_top_has_a_readme():
    folders = {
        path.parts[0] for path in repository_files() if len(path.parts) > 1 and not path.parts[0].startswith(".")
    }

    missing = [folder for folder in sorted(folders) if not (ROOT / folder / "README.md").is_file()]

    assert missing == []
