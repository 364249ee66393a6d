"""A few sentences of reasoning about a request, for models that show theirs.

It stands apart because it may vary at random while what is said may not: at temperature zero the reply stays the same.
"""

from collections.abc import Sequence

import numpy as np

from harness.simulator.skills.request import Request
from harness.simulator.skills.words import joined, sentences, stems, words

_OPENINGS = (
    "The request is: {gist}.",
    "First, what is being asked: {gist}.",
    "Let me restate the task: {gist}.",
    "The user wants the following: {gist}.",
)
_LOOKING = (
    "The words that matter here are {key}.",
    "What stands out is {key}.",
    "I should keep to {key}.",
)
_STEPS = {
    "calls": (
        "A tool on offer fits this, so the right step is to call {name} with the values from the request.",
        (
            "This is better looked up than guessed; {name} takes what the request gives, so I "
            "will call it and wait for its result."
        ),
    ),
    "open": (
        "Nothing in the request fixes the exact words, so I will write freely and stay near the subject.",
        "There is no single right answer here; a few connected sentences on the subject should do.",
    ),
    "short": (
        "The answer is short. I work it out from what is given, then check it once more before writing it down.",
        "I take it step by step: read what is given, work out the result, compare it with the question.",
    ),
    "long": (
        "The answer is long but regular, so I go through it in order and keep to the form that was asked for.",
        "I will build it piece by piece, in order, and stop where the request says to stop.",
    ),
}
_CHECKS = (
    "One more look at the wording: the form of the reply matters as much as its content, and nothing should be added.",
    "Before answering I check that no condition was missed, such as a limit on length or a required format.",
    "The instruction leaves little room, so the reply should follow it closely and end there.",
    "If something were missing I would say so; as it is, there is enough to go on.",
)
_CLOSINGS = ("That settles it.", "Now I can answer.", "This is ready to be written.", "With that, the reply is clear.")


def thought_about(request: Request, draft: str | None, called: Sequence[str], random: np.random.Generator) -> str:
    """About 40 to 120 words: what is asked, how it is gone about, a check."""

    def one(options: Sequence[str]) -> str:
        return options[int(random.integers(len(options)))]

    kind = "calls" if called else "open" if draft is None else "long" if len(draft) > 200 else "short"  # noqa: PLR2004 - a few lines
    key = joined([f'"{word}"' for word in _key_words(request.text)]) or "the wording"
    parts = [one(_OPENINGS).format(gist=_gist(request.text)), one(_LOOKING).format(key=key)]
    parts.append(one(_STEPS[kind]).format(name=joined(list(dict.fromkeys(called))[:3])))
    checks = random.permutation(len(_CHECKS))[: int(random.integers(1, 3))]
    parts += [_CHECKS[index] for index in checks]
    return " ".join([*parts, one(_CLOSINGS)])


def _gist(text: str) -> str:
    """The request in at most 25 words."""
    pool = sentences(text)
    asked = next((s for s in reversed(pool) if s.endswith("?")), pool[0] if pool else "nothing in particular")
    shortened = " ".join(asked.split()[:25])[:200].replace("{", "(").replace("}", ")")
    return shortened.rstrip(".?!:;, ") or "nothing in particular"


def _key_words(text: str) -> list[str]:
    kept = set(stems(text[:600]))
    return [word for word in dict.fromkeys(words(text[:600])) if stems(word) and stems(word)[0] in kept][:3]
