"""From a vendor's claims to a profile: where the documents disagree or are silent, one fixed order decides.

It stands apart because nothing else of the simulator knows claims; the choices that the order leads to are listed by
conflict id in this package's README.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from harness.core.catalogue import Limits, Provider, Tariff
from harness.core.claims import Claim, Register
from harness.simulator.deviations import apply_deviations
from harness.simulator.observed import observe
from harness.simulator.profile import ModelBehaviour, Profile, Reasoning, ToolUse, WireStyle

__all__ = ["ModelBehaviour", "Profile", "WireStyle", "build_profile", "load_profile"]

ProfileName = Literal["documented", "observed"]

# Lower wins: a row of the comprehensive document's tables, its prose, the reference. What none of them says is decided
# below by public evidence, at the place where the value is used.
ROW, PROSE, REFERENCE = 0, 1, 2
ROW_KINDS: Final = frozenset({"catalogue", "capability", "parameter", "rate_limit", "pricing"})
COMPREHENSIVE: Final = "comp"
QUICK_REFERENCE: Final = "Quick Reference /"
FORMATS, EFFORTS = "response_format.closed-set", "reasoning_effort.values"

_REASONING: Final[Mapping[Any, Reasoning]] = {
    "always_on": "always",
    "code_optimized": "always",
    True: "always",
    "optional_reasoning_effort": "optional",
    "disabled": "none",
    "none": "none",
}
_TOOLS: Final[Mapping[Any, ToolUse]] = {"full": "full", "enhanced": "enhanced", "standard": "standard"}

# Figures of ours, that nobody documents: seconds to the first token, seconds a token, tokens of thought in a reply.
# Ratios follow what each name promises; all are small, so that suites against the simulator stay quick.
_PACE: Final[Mapping[str, tuple[float, float, tuple[int, int]]]] = {
    "grok-4-1-fast-reasoning": (0.04, 0.0003, (520, 900)),
    "grok-4-1-fast-non-reasoning": (0.03, 0.0003, (0, 0)),
    "grok-4-fast-reasoning": (0.04, 0.0004, (560, 1_100)),
    "grok-4-fast-non-reasoning": (0.03, 0.0004, (0, 0)),
    "grok-4-0709": (0.12, 0.0015, (900, 2_400)),
    "grok-code-fast-1": (0.03, 0.0002, (510, 800)),
    "grok-3": (0.08, 0.0010, (300, 700)),
    "grok-3-mini": (0.05, 0.0005, (240, 640)),
    "grok-2-vision-1212": (0.10, 0.0012, (0, 0)),
}
_UNKNOWN_PACE: Final = (0.05, 0.0005, (500, 1_000))


def load_profile(name: ProfileName = "documented", deviations: Sequence[str] = ()) -> Profile:
    """The profile as the shipped catalogue has it, with promises broken as asked.

    deviations  'name' or 'name@model'
    raises      UsageError for an unknown deviation or model; ProblemsError for a catalogue that cannot be read
    """
    # Imported here: reading 590 claims takes a while, and only a simulator that starts needs them.
    from harness.catalogue import load_catalogues, load_register

    provider = load_catalogues().provider("xai")
    return build_profile(load_register(provider), provider, name, deviations)


def build_profile(
    register: Register, provider: Provider, name: ProfileName = "documented", deviations: Sequence[str] = ()
) -> Profile:
    """The profile that these claims and this provider row lead to; pure, `load_profile` with its inputs given."""
    said = _by_model(register.claims)
    listed = [claim for claim in register.claims if claim.kind == "catalogue" and "number" in claim.value]
    fields = {claim.subject.id: claim for claim in register.claims if claim.subject.type == "field"}
    chat = [_chat_model(str(claim.value["model"]), said, fields, provider) for claim in listed]
    drawing = [
        _image_model(str(claim.value["model"]), provider)
        for claim in register.claims
        if claim.kind == "catalogue" and claim.value.get("kind") == "image generation"
    ]
    profile = Profile(
        name="documented",
        models={model.id: model for model in (*chat, *drawing)},
        ranges=_ranges(fields),
    )
    if name == "observed":
        profile = observe(profile, provider)
    return apply_deviations(profile, deviations)


def _by_model(claims: Iterable[Claim]) -> Mapping[str, list[Claim]]:
    said: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.subject.type == "model":
            said.setdefault(claim.subject.id, []).append(claim)
    return said


def _rank(claim: Claim) -> int:
    if claim.provenance.document != COMPREHENSIVE:
        return REFERENCE
    # The quick reference of the limits expands a phrase: it is prose in the shape of a table.
    return ROW if claim.kind in ROW_KINDS and not claim.provenance.section.startswith(QUICK_REFERENCE) else PROSE


def _first(claims: Iterable[Claim], key: str, **where: Any) -> Any:
    """The value under `key` of the highest ranked claim that has one and matches; None if no document says."""
    fitting = [
        claim
        for claim in claims
        if key in claim.value and all(claim.value.get(name) == wanted for name, wanted in where.items())
    ]
    return min(fitting, key=_rank).value[key] if fitting else None


def _ranges(fields: Mapping[str, Claim]) -> Mapping[str, tuple[float, float]]:
    """The least and the most of each number of a request, by its name."""
    return {
        name.removesuffix(".range"): (claim.value["min"], claim.value["max"])
        for name, claim in fields.items()
        if {"min", "max"} <= claim.value.keys()
    }


def _allowed(fields: Mapping[str, Claim], field: str) -> tuple[str, ...]:
    """The values that the documents name for a field, in their order; none where no claim names any."""
    claim = fields.get(field)
    return tuple(map(str, claim.value["allowed"])) if claim is not None else ()


def _chat_model(
    model: str, said: Mapping[str, list[Claim]], fields: Mapping[str, Claim], provider: Provider
) -> ModelBehaviour:
    claims = said.get(model, [])
    row = provider.find_model(model)
    ttft_s, seconds_per_token, thoughts = _PACE.get(model, _UNKNOWN_PACE)

    def can(capability: str) -> bool:
        return _first(claims, "value", capability=capability) is True

    reasoning = _REASONING.get(_first(claims, "value", capability="reasoning"), "none")
    return ModelBehaviour(
        id=model,
        aliases=row.aliases if row is not None else (),
        released=_released(_first(claims, "released")),
        window_tokens=int(_first(claims, "context_tokens") or 0),
        reasoning=reasoning,
        shows_reasoning=reasoning != "none",
        reasoning_tokens=thoughts if reasoning != "none" else (0, 0),
        rejects=_rejected(claims),
        tools=_TOOLS.get(_first(claims, "value", capability="tool_use"), "limited"),
        vision=can("vision"),
        audio=can("audio"),
        response_formats=frozenset(_allowed(fields, FORMATS))
        - (frozenset() if can("json_output") else {"json_object"}),
        web_search=can("web_search"),
        prompt_cache=can("prompt_cache"),
        streaming=can("streaming"),
        efforts=_allowed(fields, EFFORTS) if reasoning == "optional" else (),
        limits=_limits(claims),
        tariff=provider.find_tariff(model, "documented") or Tariff(),
        ttft_s=ttft_s,
        seconds_per_token=seconds_per_token,
    )


def _image_model(model: str, provider: Provider) -> ModelBehaviour:
    return ModelBehaviour(
        id=model,
        makes="image",
        tariff=provider.find_tariff(model, "documented") or Tariff(),
        limits=Limits(),
    )


def _rejected(claims: Sequence[Claim]) -> frozenset[str]:
    """Parameters that the highest ranked claim about them calls unsupported, or an error to send."""
    names = {str(claim.value["param"]) for claim in claims if "param" in claim.value}
    return frozenset(
        name
        for name in names
        if (_first(claims, "support", param=name) or _first(claims, "effect", param=name)) in {"unsupported", "error"}
    )


def _limits(claims: Sequence[Claim]) -> Limits:
    return Limits(
        requests_per_minute=_first(claims, "rpm"),
        tokens_per_minute=_first(claims, "tpm"),
        concurrent_requests=_first(claims, "concurrent"),
    )


def _released(month: str | None) -> int:
    """Unix seconds of the first day of 'YYYY-MM'; 0 where no document names one."""
    return int(datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).timestamp()) if month else 0
