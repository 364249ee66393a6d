"""Broken promises by name: what `--deviate NAME[@MODEL]` can break, one promise each, and how a name is read.

It stands apart because a deviation is seen from both halves: the chat part carries out its own through the hooks of
`Deviation`, and the HTTP part asks `profile.deviations_for(model)` for the names below (model None where a request
names none; one given without '@MODEL' is in force for both). Two rules more for the HTTP part: an `Answer` to a
streamed request with no chunks is sent as plain JSON, and a `Refusal` is always sent as it is, whatever its status.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from harness.core.errors import UsageError
from harness.reading import did_you_mean
from harness.simulator.chat.broken_conversations import CONVERSATIONS
from harness.simulator.chat.broken_parameters import PARAMETERS
from harness.simulator.chat.broken_replies import REPLIES
from harness.simulator.chat.broken_streams import STREAMS
from harness.simulator.chat.broken_tools import TOOLS
from harness.simulator.chat.deviation import Deviation
from harness.simulator.profile import ModelBehaviour, Profile

__all__ = ["DEVIATIONS", "Deviation", "apply_deviations", "deviations_of", "models_of"]

_NO_MODEL: Final = "no model of this profile makes the promise: see `harness simulate --list`"

_HTTP: Final[Mapping[str, str]] = {
    "errors-nested": 'error bodies are {"error": {"message", "type", "code"}} instead of flat',
    "errors-as-text": "error bodies are text/plain, not JSON",
    "errors-inside-200": "every refusal keeps its body and comes with status 200",
    "limit-headers-absent": "no reply has an X-RateLimit header",
    "limit-headers-wrong-requests": "X-RateLimit-Limit-Requests says half of the requests allowed",
    "limit-headers-wrong-tokens": "X-RateLimit-Limit-Tokens says half of the tokens allowed",
    "limit-headers-frozen": "both Remaining headers always equal the limit",
    "limit-headers-not-integers": "the four counts of the limit headers are written as '480.0 per minute' and the like",
    "limit-headers-reset-duration": "both Reset headers are durations such as '12.5s', not timestamps",
    "limits-not-enforced": "nothing is refused with 429; the headers are as usual",
    "limits-lower": "requests and tokens a minute are enforced at half of what the headers say",
    "stream-content-type": "a stream is sent as text/plain",
    "stream-no-blank-line": "events are parted by one line feed instead of a blank line",
    "stream-no-data-prefix": "lines of a stream lack 'data: '",
    "tokenize-absent": "POST /v1/tokenize-text draws 404",
    "messages-absent": "POST /v1/messages draws 404",
    "images-absent": "POST /v1/images/generations draws 404",
    "embeddings-available": "POST /v1/embeddings answers with a vector",
    "deferred-never-ready": "GET /v1/chat/deferred-completion/{id} is 202 for ever",
    "deferred-absent": "`deferred: true` is ignored: the reply comes at once",
}
# Decided before a model is known, or where none is meant: these cannot be confined to one.
_REQUEST: Final[Mapping[str, str]] = {
    "auth-bad-key-accepted": "a key that nobody issued is served as if it were good",
    "auth-missing-key-accepted": "a request without Authorization is served",
    "auth-bad-key-500": "a bad key draws 500 instead of 401 or 400",
    "auth-key-echoed": "the error for a bad key repeats the key in full",
    "broken-json-500": "a body that is no JSON draws 500",
    "models-absent": "GET /v1/models and /v1/models/{id} draw 404",
    "api-key-absent": "GET /v1/api-key draws 404",
    "management-accepts-inference-key": "an inference key opens the management API",
    "inference-accepts-management-key": "a management key opens the inference API",
    "management-create-absent": "creating a key draws 404",
    "management-revoke-absent": "revoking a key draws 404",
    "management-models-absent": "the list of the team's models draws 404",
    "management-endpoints-absent": "the list of the team's endpoints draws 404",
    "management-validation-absent": "validating a management key draws 404",
    "management-revoke-ignored": "DELETE answers as usual and the key goes on working",
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
        *(Deviation(name=name, about=about, part="http", of="request") for name, about in _REQUEST.items()),
    )
}
"""Every deviation by its name."""


def models_of(deviation: Deviation, profile: Profile) -> tuple[str, ...]:
    """Ids of the models that make the promise; for one of the server, all that it could be confined to, if any."""
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
        remedy = did_you_mean(name, DEVIATIONS) or "`harness simulate --list` names them"
        raise UsageError(f"--deviate {text}: there is no deviation '{name}'", remedy=remedy)
    promised = models_of(deviation, profile)
    if not at:
        return [(name, None)] if deviation.of in ("server", "request") else [(name, each) for each in promised]
    if deviation.of == "request":
        message = f"--deviate {text}: it takes hold before a model is known, and cannot be confined to one"
        raise UsageError(message, remedy=f"leave '@{model}' out")
    return [(name, _model(name, model, promised, profile))]


def _model(deviation: str, name: str, promised: Sequence[str], profile: Profile) -> str:
    found: ModelBehaviour | None = profile.find(name)
    if found is None:
        raise UsageError(
            f"--deviate {deviation}@{name}: there is no model '{name}'",
            remedy=did_you_mean(name, promised) or _NO_MODEL,
        )
    if found.id not in promised:
        raise UsageError(
            f"--deviate {deviation}@{name}: {found.id} makes no promise that this would break",
            remedy=f"it can be asked of {', '.join(promised)}" if promised else _NO_MODEL,
        )
    return found.id
