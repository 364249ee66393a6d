"""A register of two claims and one contradiction, and its document, for tests to spoil."""

import pytest

from harness.catalogue.claims import parse_register
from harness.reading import ProblemsError

DOCUMENT = """# Acme API

The service takes 60 requests a minute.

| Model | Window | Tools    |
|-------|--------|----------|
| big   | 128K   | yes, all |
| big-2 | 256K   | no       |

You may send 90 requests each minute.
"""

REGISTER = """register: r
documents:
  - {id: d, title: Acme API, file: acme.md, lines: 10, read: 2026-01-31}
claims:
  - id: a
    kind: rate_limit
    subject: {type: host, id: acme}
    value: {rpm: 60}
    observable: wire
    conflicts: [K1]
    provenance: {document: d, section: Limits, lines: "3", quote: 60 requests a minute}
  - id: b
    kind: rate_limit
    subject: {type: host, id: acme}
    value: {rpm: 90}
    observable: wire
    conflicts: [K1]
    provenance: {document: d, section: Limits, lines: "10", quote: You may send … 90 requests}
conflicts:
  - id: K1
    types: [X]
    about: Two limits.
    sides:
      - {says: sixty, claims: [a]}
      - {says: ninety, claims: [b]}
"""


def spoilt(old, new, count=1):
    """The register with the first `count` places of `old` replaced; `old` must stand there."""
    assert old in REGISTER
    return REGISTER.replace(old, new, count)


def refused(contents):
    """The problems for which these files are no register."""
    with pytest.raises(ProblemsError) as refusal:
        parse_register(contents)
    return refusal.value.problems
