"""The miniatures: which promise is broken where, who is asked about it, and what that takes.

It stands apart from the rules, which say what each should turn, and from the runner.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kill_rules import OPT_INS

from harness.catalogue import load_catalogues
from harness.simulator.behaviour import load_profile
from harness.simulator.deviations import DEVIATIONS, models_of

CONTROL: Final = "grok-4-1-fast-non-reasoning"
"""Asked beside whoever breaks a promise; where it breaks one itself, another is."""

OTHER_CONTROL: Final = "grok-4-fast-reasoning"
"""It reasons, and few of its cells take many requests to decide."""

MINI, SEER, THINKER, PINNED, PAINTER, FREE = (
    "grok-3-mini",
    "grok-2-vision-1212",
    "grok-4-0709",
    "grok-4-1-fast-reasoning",
    "grok-2-image-1212",
    "grok-4-fast-non-reasoning",
)

# Cells of the two documented matrices, of parameters and of capabilities: each is flipped on every model that has it,
# supported to refused and to ignored, unsupported to honoured and to ignored.
CELLS: Final = frozenset(
    {
        *(
            f"{flip}-{parameter}"
            for flip in ("rejects", "ignores", "accepts", "tolerates")
            for parameter in (
                *("max-tokens", "temperature", "top-p", "stop", "frequency-penalty", "presence-penalty"),
                "reasoning-effort",
            )
        ),
        *("reasoning-absent", "reasons-anyway"),
        *("rejects-tools", "ignores-tools"),
        *("vision-refused", "vision-blind", "vision-anyway", "vision-tolerated", "audio-accepted"),
        *("search-refused", "search-returned"),
        *("rejects-json-object", "ignores-json-object"),
        *("cached-never", "cached-always"),
        *("stream-unsupported", "stream-ignored"),
    }
)

# All others once; on the control, unless another model shows more: of promises that only some models make, or that are
# cheaper to look at there.
WHERE: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "total-without-reasoning",
            "completion-includes-reasoning",
            "reasoning-tokens-missing",
            "reasoning-content-missing",
            "stream-reasoning-last",
            "max-tokens-counts-reasoning",
        ),
        (THINKER,),
    ),
    # The cached rate of that thinker breaks the formula anyway.
    "reasoning-not-billed": (PINNED,),
    "alias-unknown": (THINKER, PINNED),
    "price-plus-ten-percent": (CONTROL, THINKER),
    **dict.fromkeys(("window-halved", "window-unchecked", "beginning-forgotten"), (SEER,)),
    # Fifty at once are fewer than a hundred; the model beside it has no documented limit of the kind.
    "limits-not-enforced": (MINI,),
}
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "limits-not-enforced": ("many-requests",),
    "beginning-forgotten": ("long-context",),
    "window-unchecked": ("long-context",),
}
_BESIDE: Final[Mapping[str, str]] = {"limits-not-enforced": FREE, "images-absent": PAINTER}
# Requests that must be under way together have to last.
_SPEED: Final[Mapping[str, float]] = {"limits-not-enforced": 20}

# A sample of the miniatures is asked about with every model, not the one that breaks its promise and a control alone.
SAMPLE: Final = ("ignores-stop@grok-3", "tolerates-stop@grok-4-0709", "stream-no-done", "total-off-by-seven")


@dataclass(frozen=True, slots=True, kw_only=True)
class Miniature:
    """The simulator with one promise broken, and who is asked: whoever breaks it first, then a control.

    deviation  as `--deviate` has it, 'NAME' or 'NAME@MODEL'
    allow      what its verification is allowed
    speed      of the simulator: 0 waits for nothing
    """

    deviation: str
    models: tuple[str, ...]
    allow: tuple[str, ...] = OPT_INS
    speed: float = 0

    @property
    def name(self) -> str:
        """Of the deviation, without its model."""
        return self.deviation.partition("@")[0]


def miniatures() -> tuple[Miniature, ...]:
    """All of them: those about every model first, for they take longest; those of equal models side by side."""
    everyone = tuple(model.id for model in load_catalogues().provider("xai").models)
    sample = (Miniature(deviation=deviation, models=everyone) for deviation in SAMPLE)
    return tuple(sorted((*_every(), *sample), key=lambda each: (-len(each.models), each.models, each.deviation)))


def _every() -> Iterator[Miniature]:
    profile = load_profile("documented")
    for name, deviation in DEVIATIONS.items():
        fitting = models_of(deviation, profile)
        confined = deviation.of not in ("server", "request") or name in WHERE
        if not confined:
            models = (CONTROL, _BESIDE.get(name, OTHER_CONTROL))
            yield Miniature(deviation=name, models=models, allow=_allowed(name))
            continue
        chosen = fitting if name in CELLS else WHERE.get(name) or ((CONTROL,) if CONTROL in fitting else fitting[:1])
        for model in chosen:
            beside = _BESIDE.get(name) or (OTHER_CONTROL if model == CONTROL else CONTROL)
            yield Miniature(
                deviation=f"{name}@{model}",
                models=(model, beside),
                allow=_allowed(name),
                speed=_SPEED.get(name, 0),
            )


def _allowed(name: str) -> tuple[str, ...]:
    return (*OPT_INS, *_NEEDS.get(name, ()))
