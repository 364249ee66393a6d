"""The kill matrix written out: a page for readers, and a line of JSON for each miniature.

It stands apart from the runs so that the same outcomes are always written in the same way.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kill_rules_open import MAY, NOTHING

if TYPE_CHECKING:
    from kill_matrix import Outcome

_PAGE = """# Kill matrix
The checks of `harness verify` are checked here: each row is the simulator with one promise broken, and the claims of
the xai register that turned, which means that they came to `refuted`, `ignored`, `undocumented` or `partial`. Every
claim about the model that breaks the promise was asked about, and every claim about a second model as a control. What
must turn follows from the register's fields (`tests/kill_rules_must.py`); what a broken promise leaves open, and why,
stands in `tests/kill_rules_open.py`. Both were written from the register and from what each deviation does. Samples
that were run meanwhile showed some rules to misread a promise; these were changed, each with its reason beside it, and
all of them were committed before the run that is shown here. Cells of the documented matrices are
flipped on every model that has them; a sample is asked about with all ten models. **Everything here was answered by
the simulator, and says nothing of a vendor's model.**

`make kill-matrix` makes this page and `outcomes.jsonl` beside it.

{summary}

| miniature | claims that had to turn, and did | that might, and did | missed | turned without cause |
|---|---|---|---|---|
{rows}

## Where nothing has to turn
{nothing}

## What may turn, and why
{open}
"""

_PAIR = 2
"""Models of most miniatures: who breaks the promise, and a control."""


def write_page(folder: Path, outcomes: Sequence["Outcome"]) -> None:
    """README.md and outcomes.jsonl, in a folder that is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(page_of(outcomes))
    (folder / "outcomes.jsonl").write_text("".join(map(_line, outcomes)))


def page_of(outcomes: Sequence["Outcome"]) -> str:
    """The page, in Markdown."""
    return _PAGE.format(
        summary=_summary(outcomes),
        rows="\n".join(map(_row, outcomes)),
        nothing="\n".join(f"- `{name}`: {why}." for name, why in NOTHING.items()),
        open="\n".join(f"- `{name}`: {excuse.why}." for name, excuse in MAY.items()),
    )


def _summary(outcomes: Sequence["Outcome"]) -> str:
    demanded = sum(len(each.must) for each in outcomes)
    missed = sum(len(each.missed) for each in outcomes)
    unrelated = sum(len(each.unrelated) for each in outcomes)
    share = (demanded - missed) / demanded
    return (
        f"{len(outcomes)} miniatures; {demanded - missed} of {demanded} claims turned that had to ({share:.1%}); "
        f"{unrelated} turned without cause; {sum(each.requests for each in outcomes):,} requests."
    )


def _row(outcome: "Outcome") -> str:
    turned = set(outcome.turned)
    cells = (
        turned & set(outcome.must),
        turned & set(outcome.may),
        outcome.missed,
        outcome.unrelated,
    )
    every = " (all models)" if len(outcome.models) > _PAIR else ""
    return f"| `{outcome.miniature}`{every} | {' | '.join(map(_listed, cells))} |"


def _listed(claims: Iterable[str]) -> str:
    return ", ".join(sorted(claims))


def _line(outcome: "Outcome") -> str:
    # How long it took differs in every run, and would hide what differs besides.
    kept = {key: value for key, value in asdict(outcome).items() if key not in ("seconds", "cpu")}
    return json.dumps(kept) + "\n"
