"""What public evidence shows the vendor's API to do otherwise than its documents say, gathered on 2026-11-22.

It stands apart because it is dated: evidence goes stale and documents are replaced, each at its own time.
Each difference names its source. Left out: whatever was seen only after the documented models were retired on
2026-05-15, what stands only in clients that work around it, and what rests on nothing that can be looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from harness.core.catalogue import Limits, Provider
from harness.simulator.profile import ModelBehaviour, Profile, WireStyle

DATED: Final = "2026-11-22"
"""The day on which the evidence was gathered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One observed difference.

    models   ids it holds for; empty for the wire, which belongs to no one model
    changes  fields of ModelBehaviour or WireStyle and their observed values
    rejects  parameters that are refused beside the documented ones
    source   where it was seen or is documented
    """

    models: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    rejects: tuple[str, ...] = ()
    source: str


FAST_41: Final = ("grok-4-1-fast-reasoning", "grok-4-1-fast-non-reasoning")
FAST_4: Final = ("grok-4-fast-reasoning", "grok-4-fast-non-reasoning")
CHAT: Final = (*FAST_41, *FAST_4, "grok-4-0709", "grok-code-fast-1", "grok-3", "grok-3-mini", "grok-2-vision-1212")
UNSHOWN: Final = ("grok-4-1-fast-reasoning", "grok-4-fast-reasoning", "grok-4-0709", "grok-code-fast-1", "grok-3")

_LIMITS_PAGE: Final = "docs.x.ai, rate limits, archived 2025-10-21"
_REPLY: Final = "recorded grok-3-mini replies of February 2026, vercel/ai packages/xai"

DIFFERENCES: Final[tuple[Difference, ...]] = (
    Difference(
        models=("grok-4-1-fast-non-reasoning",), rejects=("presence_penalty",), source="lobehub issue 13332: live 400"
    ),
    Difference(
        models=("grok-3",), rejects=("presence_penalty",), source="docs.x.ai API text: unsupported by grok-3; live 400s"
    ),
    Difference(
        models=("grok-3",),
        changes={"reasoning": "none", "reasoning_tokens": (0, 0), "efforts": ()},
        rejects=("reasoning_effort",),
        source="docs.x.ai, reasoning: of these models grok-3-mini alone takes reasoning_effort",
    ),
    Difference(models=("grok-3-mini",), rejects=("stop", "presence_penalty"), source="litellm issue 11563: live 400s"),
    Difference(
        models=UNSHOWN,
        changes={"shows_reasoning": False},
        source="docs.x.ai, reasoning: on chat completions grok-3-mini alone returns reasoning_content",
    ),
    Difference(models=(*FAST_41, *FAST_4), changes={"vision": True}, source="docs.x.ai, models: image input"),
    Difference(models=("grok-3-mini",), changes={"prompt_cache": True}, source=f"{_REPLY}: cached_tokens"),
    Difference(
        models=CHAT,
        changes={"response_formats": frozenset({"text", "json_object", "json_schema"})},
        source="xai-proto, ResponseFormat",
    ),
    Difference(
        models=("grok-3", "grok-3-mini"), changes={"window_tokens": 131_072}, source="cline issue 3120: live 400"
    ),
    Difference(models=("grok-2-vision-1212",), changes={"window_tokens": 32_768}, source="docs.x.ai, models"),
    Difference(
        models=FAST_41,
        changes={"limits": Limits(requests_per_minute=1_800, tokens_per_minute=10_000_000)},
        source="docs.x.ai, rate limits, early 2026",
    ),
    Difference(
        models=("grok-code-fast-1",),
        changes={"limits": Limits(requests_per_minute=480, tokens_per_minute=2_000_000)},
        source=_LIMITS_PAGE,
    ),
    Difference(models=("grok-3",), changes={"limits": Limits(requests_per_minute=600)}, source=_LIMITS_PAGE),
    Difference(models=("grok-3-mini",), changes={"limits": Limits(requests_per_minute=480)}, source=_LIMITS_PAGE),
    Difference(
        models=("grok-2-vision-1212",), changes={"limits": Limits(requests_per_minute=600)}, source=_LIMITS_PAGE
    ),
    Difference(changes={"id_prefix": "", "content_of_calls": "", "refusal_null": True}, source=_REPLY),
    Difference(changes={"finish_null": False, "created_constant": False, "role_alone": False}, source=_REPLY),
    Difference(changes={"reasoning_at_top": False}, source=_REPLY),
    Difference(changes={"managed_search": False}, source="docs.x.ai, tools: managed search is on /v1/responses alone"),
    Difference(changes={"live_search": False}, source="superagent-ai/grok-cli issues 139 and 141: live 410"),
    Difference(changes={"image_size": False}, source="docs.x.ai API text: the image request has no size"),
)


def observe(profile: Profile, provider: Provider) -> Profile:
    """The documented profile as public evidence corrects it; concurrency, which nothing shows, stays as documented."""
    models = {name: _priced(model, provider) for name, model in profile.models.items()}
    wire = profile.wire
    for difference in DIFFERENCES:
        if not difference.models:
            wire = _wire(wire, difference)
        for name in difference.models:
            if name in models:
                models[name] = changed(models[name], difference)
    return replace(profile, name="observed", models=models, wire=wire)


def _wire(wire: WireStyle, difference: Difference) -> WireStyle:
    return replace(wire, **difference.changes)


def changed(model: ModelBehaviour, difference: Difference) -> ModelBehaviour:
    """The model with one difference."""
    changes = dict(difference.changes)
    if "limits" in changes:
        concurrent = model.limits.concurrent_requests
        changes["limits"] = replace(changes["limits"], concurrent_requests=concurrent)
    return replace(model, rejects=model.rejects | set(difference.rejects), **changes)


def _priced(model: ModelBehaviour, provider: Provider) -> ModelBehaviour:
    tariff = provider.find_tariff(model.id, "observed")
    return replace(model, tariff=tariff) if tariff is not None else model
