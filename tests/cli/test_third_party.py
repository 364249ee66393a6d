import os
import subprocess
import sys

KIND = """
from dataclasses import dataclass

from harness.checks.fields import key, specification
from harness.checks.kinds import TypedKind, decided


@specification
class Shouts:
    \"\"\"How loud.\"\"\"

    marks: int = key("How many exclamation marks at least.", default=1)


SHOUTS = TypedKind(
    name="shouts",
    summary="The reply shouts.",
    spec=Shouts,
    tell=lambda spec: f"shouts {spec.marks}",
    decide=lambda spec, evidence: decided(
        passes=evidence.reply.content.count("!") >= spec.marks, expected="!", seen=evidence.reply.content
    ),
)
"""


def test_anyone_adds_a_check_by_an_entry_point(tmp_path):
    (tmp_path / "loud.py").write_text(KIND)
    metadata = tmp_path / "loud-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[harness.checks]\nshouts = loud:SHOUTS\n")
    cases = "cases:\n  - {id: a, prompt: hi, expect: [{shouts: {marks: 2}}]}\n"
    (tmp_path / "s.yaml").write_text("suite: s\ntargets: [local/m]\n" + cases)

    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    valid, schema = (
        subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for arguments in (["validate", "s.yaml"], ["schema", "suite"])
    )

    assert valid.returncode == 0, valid.stderr
    assert "How many exclamation marks at least." in schema.stdout
