"""Broken promises by name: what `--deviate NAME[@MODEL]` can break, one promise each, and how a name is read.

It stands apart because a deviation is seen from both halves: the chat part carries out its own through the hooks below,
and the HTTP part asks `profile.deviations_for(model)` for these flags (model None where a request names none; a flag
given without '@MODEL' is in both sets):

| flag | what the HTTP part does |
|---|---|
| auth-bad-key-accepted | a key that nobody issued is served as if it were good |
| auth-missing-key-accepted | a request without Authorization is served |
| auth-bad-key-500 | a bad key draws 500 instead of a 4xx |
| auth-key-echoed | the error for a bad key repeats the key in full |
| errors-nested | error bodies are {"error": {"message", "type", "code"}} instead of flat |
| errors-as-text | error bodies are text/plain, not JSON |
| errors-inside-200 | every refusal keeps its body and comes with status 200 |
| broken-json-500 | a body that is not JSON draws 500 |
| limit-headers-absent | no X-RateLimit-* header on any reply |
| limit-headers-wrong-requests | X-RateLimit-Limit-Requests says half the allowance |
| limit-headers-wrong-tokens | X-RateLimit-Limit-Tokens says half the allowance |
| limit-headers-frozen | both Remaining headers always equal the limit |
| limit-headers-not-integers | the four counts are written as '480.0 per minute' and the like |
| limit-headers-reset-duration | both Reset headers are durations ('12.5s') instead of timestamps |
| limits-not-enforced | nothing is refused with 429, headers as usual |
| limits-lower | requests and tokens per minute are enforced at half of what the headers say |
| stream-content-type | a stream is sent as text/plain |
| stream-no-blank-line | events are parted by one line feed instead of a blank line |
| stream-no-data-prefix | lines of a stream lack 'data: ' |
| models-absent | GET /v1/models and /v1/models/{id}: 404, no handler |
| api-key-absent | GET /v1/api-key: 404, no handler |
| tokenize-absent | POST /v1/tokenize-text: 404, no handler |
| messages-absent | POST /v1/messages: 404, no handler |
| images-absent | POST /v1/images/generations: 404, no handler |
| embeddings-available | POST /v1/embeddings answers with a vector |
| deferred-never-ready | GET /v1/chat/deferred-completion/{id} is 202 for ever |
| deferred-absent | `deferred: true` is ignored: the reply comes at once |
| management-accepts-inference-key | the management API takes an inference key |
| inference-accepts-management-key | the inference API takes the management key |
| management-create-absent | creating keys: 404; likewise -revoke-, -models-, -endpoints-, -validation-absent |
| management-revoke-ignored | DELETE answers as usual and the key goes on working |

Two rules more for the HTTP part: an `Answer` to a streamed request with no chunks is sent as plain JSON
(`stream-ignored`), and a `Refusal` is always sent as it is, whatever its status.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from harness.core.errors import UsageError
from harness.simulator.chat.broken_conversations import CONVERSATIONS
from harness.simulator.chat.broken_parameters import PARAMETERS
from harness.simulator.chat.broken_replies import REPLIES
from harness.simulator.chat.broken_streams import STREAMS
from harness.simulator.chat.broken_tools import TOOLS
from harness.simulator.chat.deviation import Deviation
from harness.simulator.profile import ModelBehaviour, Profile

__all__ = ["DEVIATIONS", "Deviation", "apply_deviations", "deviations_of", "models_of"]

_HTTP: Final[Mapping[str, str]] = {
    "auth-bad-key-accepted": "a key that nobody issued is served",
    "auth-missing-key-accepted": "a request without a key is served",
    "auth-bad-key-500": "a bad key draws 500",
    "auth-key-echoed": "the error for a bad key repeats the key",
    "errors-nested": "error bodies are nested instead of flat",
    "errors-as-text": "error bodies are text, not JSON",
    "errors-inside-200": "every refusal comes with status 200",
    "broken-json-500": "a body that is no JSON draws 500",
    "limit-headers-absent": "no reply has rate-limit headers",
    "limit-headers-wrong-requests": "the header says half of the requests allowed",
    "limit-headers-wrong-tokens": "the header says half of the tokens allowed",
    "limit-headers-frozen": "what remains never falls",
    "limit-headers-not-integers": "limits are sentences, not integers",
    "limit-headers-reset-duration": "resets are durations, not timestamps",
    "limits-not-enforced": "nothing is refused for its rate",
    "limits-lower": "half of what the headers say is allowed",
    "stream-content-type": "a stream is sent as text/plain",
    "stream-no-blank-line": "events are not parted by blank lines",
    "stream-no-data-prefix": "lines of a stream lack 'data: '",
    "models-absent": "there is no list of models",
    "api-key-absent": "a key cannot be looked up",
    "tokenize-absent": "there is no tokenization",
    "messages-absent": "there is no messages endpoint",
    "images-absent": "there is no image generation",
    "embeddings-available": "embeddings are available",
    "deferred-never-ready": "a deferred completion is never ready",
    "deferred-absent": "deferred is ignored: the reply comes at once",
    "management-accepts-inference-key": "an inference key opens the management API",
    "inference-accepts-management-key": "a management key opens the inference API",
    "management-create-absent": "keys cannot be created",
    "management-revoke-absent": "keys cannot be revoked",
    "management-models-absent": "the team's models cannot be listed",
    "management-endpoints-absent": "the team's endpoints cannot be listed",
    "management-validation-absent": "a management key cannot be validated",
    "management-revoke-ignored": "a revoked key goes on working",
}

DEVIATIONS: Final[Mapping[str, Deviation]] = {
    deviation.name: deviation
    for deviation in (
        *PARAMETERS,
        *CONVERSATIONS,
        *REPLIES,
        *STREAMS,
        *TOOLS,
        *(Deviation(name=name, about=about, part="http", of="server") for name, about in _HTTP.items()),
    )
}
"""Every deviation by its name."""


def models_of(deviation: Deviation, profile: Profile) -> tuple[str, ...]:
    """Ids of the models that make the promise; for one of the server, all that it could be confined to."""
    kinds = {"text", "image"} if deviation.of == "server" else {deviation.of}
    return tuple(name for name, model in profile.models.items() if model.makes in kinds and deviation.applies(model))


def deviations_of(profile: Profile, model: str) -> tuple[Deviation, ...]:
    """The deviations in force for a model, in the order in which they were asked for."""
    return tuple(DEVIATIONS[name] for name, only in profile.active if only in {None, model})


def apply_deviations(profile: Profile, wanted: Sequence[str]) -> Profile:
    """The profile with these promises broken, each for the model it names or for all that make the promise.

    wanted  'name' or 'name@model'
    raises  UsageError for an unknown name or model, and for a model that makes no such promise
    """
    active = [pair for text in wanted for pair in _read(text, profile)]
    models = dict(profile.models)
    for name, only in active:
        behave = DEVIATIONS[name].behave
        if behave is not None and only is not None:
            models[only] = behave(models[only])
    return replace(profile, models=models, active=tuple(dict.fromkeys((*profile.active, *active))))


def _read(text: str, profile: Profile) -> Iterable[tuple[str, str | None]]:
    name, at, model = text.partition("@")
    deviation = DEVIATIONS.get(name)
    if deviation is None:
        near = get_close_matches(name, DEVIATIONS, n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else "`harness simulate --list` lists them."
        raise UsageError(f"there is no deviation '{name}'", remedy=remedy)
    promised = models_of(deviation, profile)
    if not at:
        return [(name, None)] if deviation.of == "server" else [(name, each) for each in promised]
    return [(name, _model(name, model, promised, profile))]


def _model(deviation: str, name: str, promised: Sequence[str], profile: Profile) -> str:
    found: ModelBehaviour | None = profile.find(name)
    if found is None:
        raise UsageError(
            f"'{deviation}@{name}': there is no model '{name}'", remedy="Name one of the profile's models."
        )
    if found.id not in promised:
        raise UsageError(
            f"'{deviation}@{name}': {found.id} makes no promise that this would break",
            remedy=f"It can be asked of {', '.join(promised) or 'no model of this profile'}.",
        )
    return found.id
