import re
from pathlib import Path

import pytest

from harness.probes.family import Rule
from harness.probes.judge import judge
from harness.probes.observation import Observation, Topic

PACKAGE = Path(__file__).parents[2] / "harness"
DOCUMENT = (PACKAGE / "probes/VERDICTS.md").read_text()
STANCES = {
    "it is supported": "supported",
    "it is not supported": "unsupported",
    "its use is an error": "error",
    "it is accepted, and no more": "accepted",
    "a fact, such as a field or an order": "fact",
}
SEEN = ("rejected", "no-effect", "effect", "server-error")
TOPIC = Topic("parameter.stop", "m")


def rows():
    lines = [line.strip("| ").split(" | ") for line in DOCUMENT.splitlines() if line.startswith("| ")]
    found = {cells[0]: cells[1:] for cells in lines if cells[0] in STANCES}
    return [
        (stance, seen, said) for row, stance in STANCES.items() for seen, said in zip(SEEN, found[row], strict=True)
    ]


@pytest.mark.parametrize(("stance", "seen", "said"), rows())
def test_the_table_of_verdicts_in_the_document_is_the_one_that_judges(stance, seen, said):
    observed = Observation(topic=TOPIC, outcome=seen, words="w", n=3)

    assert judge(Rule(topics=(TOPIC,), stance=stance), {TOPIC: observed}, canary_refused=True).verdict == said


def test_every_citation_of_the_document_names_something_that_stands_in_it():
    cited = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r'VERDICTS\.md, "([^"]+)"', re.sub(r"\s+", " ", path.read_text()))
    }

    assert len(cited) >= 5
    assert {name for name in cited if name not in DOCUMENT} == set()
