"""Letting a request for a model in, and the rate-limit headers that its reply carries.

It stands apart from the limiter, which knows neither deviations nor refusals on the wire.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from harness.core.catalogue import Limits
from harness.simulator.accounts import ApiKey
from harness.simulator.http.errors import Refused
from harness.simulator.http.site import Site
from harness.simulator.limits import Admission, LimitExceeded
from harness.simulator.profile import ModelBehaviour


def permit(key: ApiKey, model: ModelBehaviour) -> None:
    """Refuse with 403 if the key may not use the model; a permission may name it by an alias, whole."""
    if not key.allows_model(model.id, model.aliases):
        raise Refused(403, f"This API key has no permission to use the model {model.id}")


def admit(site: Site, key: ApiKey, model: ModelBehaviour, prompt: int, deviations: Collection[str]) -> Admission:
    """Let a request in whose prompt has so many tokens.

    raises  Refused: 403 if the key may not use the model; 429 over a limit, naming it, with Retry-After
    """
    permit(key, model)
    stated, enforced = model.limits, model.limits
    if "limits-not-enforced" in deviations:
        enforced = Limits()
    elif "limits-lower" in deviations:
        enforced = replace(
            stated,
            requests_per_minute=_half(stated.requests_per_minute),
            tokens_per_minute=_half(stated.tokens_per_minute),
        )
    try:
        return site.limiter.admit(key=key.id, model=model.id, stated=stated, enforced=enforced, prompt=prompt)
    except LimitExceeded as exceeded:
        message = exceeded.says(site.accounts.team, model.id)
        raise Refused(429, message, headers=limit_headers(exceeded.headers, site, deviations)) from None


def limit_headers(headers: Mapping[str, str], site: Site, deviations: Collection[str]) -> dict[str, str]:
    """The rate-limit headers as they are sent, deviations included; others pass unchanged."""
    return {
        name: _told(name, value, headers, site, deviations)
        for name, value in headers.items()
        if not (_ours(name) and "limit-headers-absent" in deviations)
    }


def _told(name: str, value: str, headers: Mapping[str, str], site: Site, deviations: Collection[str]) -> str:
    if not _ours(name):
        return value
    if name.startswith("X-RateLimit-Reset-"):
        # Sixty seconds in a window; what is left of it as other vendors write it.
        left_s = 60 - site.clock.now().timestamp() % 60
        return f"{left_s:.1f}s" if "limit-headers-reset-duration" in deviations else value
    if name.startswith("X-RateLimit-Remaining-") and "limit-headers-frozen" in deviations:
        value = headers[name.replace("Remaining", "Limit")]
    wrong = re.sub(r"X-RateLimit-Limit-(\w+)", lambda found: f"limit-headers-wrong-{found[1].lower()}", name)
    if wrong in deviations:
        value = str(_half(int(value)))
    return f"{float(value):.1f} per minute" if "limit-headers-not-integers" in deviations else value


def _ours(name: str) -> bool:
    return name.startswith("X-RateLimit-")


def _half(limit: int | None) -> int | None:
    return None if limit is None else max(1, limit // 2)
