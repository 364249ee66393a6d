"""Routes that a model answers: chat completions, Anthropic messages, deferred completions, pictures, tokens.

It stands apart from the listings because only these are limited, take their time and may stream.
"""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from harness.simulator.accounts import ApiKey
from harness.simulator.chat.refusal import Refusal, invalid, unknown_model
from harness.simulator.http.admission import admit, limit_headers, permit
from harness.simulator.http.deferred import TooManyHeld
from harness.simulator.http.errors import Refused, error_response, no_handler
from harness.simulator.http.replies import EVENT_STREAM, JSON, PacedResponse, Part, encode, event_bytes, paced
from harness.simulator.http.requests import identify, model_named, read_json
from harness.simulator.http.site import Site, site_of
from harness.simulator.limits import Admission
from harness.simulator.profile import ModelBehaviour

if TYPE_CHECKING:
    from harness.simulator.chat.service import Answer

PICTURES_PATH: Final = "/generated"
LONGEST_TOKENIZED: Final = 200_000
"""Characters. A reply to as many, each a token of its own, takes about a second to make."""
Compute = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that has been read: who asks, what, and when it came (the clock's monotonic seconds)."""

    site: Site
    key: ApiKey
    body: Any
    started: float
    deviations: frozenset[str]


async def read(request: Request, *, endpoint: str, absent: str = "") -> Asked:
    """Who asks and what.

    absent  name of the deviation that takes this route away
    raises  Refusal
    """
    site = site_of(request)
    started = site.clock.monotonic()
    key = identify(request, endpoint=endpoint)
    body = await read_json(request)
    request.state.model = model_named(body)
    deviations = site.deviations(request)
    if absent in deviations:
        raise no_handler(request.scope["path"])
    return Asked(site=site, key=key, body=body, started=started, deviations=deviations)


async def chat_completions(request: Request) -> Response:
    """POST /v1/chat/completions: JSON, a stream, or a promise to be fetched later."""
    asked = await read(request, endpoint="chat")
    site, body = asked.site, asked.body
    deferred = isinstance(body, dict) and body.get("deferred") is True and "deferred-absent" not in asked.deviations
    # A deferred reply is fetched whole, whatever the request says of streaming.
    sent = {**body, "stream": False} if deferred else body

    def compute() -> Any:
        return site.service.complete(sent, caller=asked.key.id, now=site.clock.now().timestamp())

    return await _answer(asked, lambda: site.service.count_prompt(body), compute, _defer if deferred else _reply)


async def messages(request: Request) -> Response:
    """POST /v1/messages: the same models, in the words of Anthropic's API."""
    asked = await read(request, endpoint="messages", absent="messages-absent")
    site = asked.site

    def compute() -> Any:
        return site.service.message(asked.body, caller=asked.key.id, now=site.clock.now().timestamp())

    return await _answer(asked, lambda: site.service.count_prompt(asked.body, message=True), compute, _reply)


async def _answer(
    asked: Asked,
    count: Callable[[], int],
    compute: Compute,
    render: Callable[[Asked, Any, Admission | None], Response],
) -> Response:
    """Let the request in, compute, settle what it took, and render; a refusal carries the headers too."""
    site = asked.site
    model = _model_of(asked)
    admission = None
    if model is not None:
        admission = admit(site, asked.key, model, await site.work(count), asked.deviations)
    kept = False
    try:
        answer = await site.work(compute)
        if admission is not None:
            admission.settle(answer.billed_tokens)
        response = render(asked, answer, admission)
        kept = isinstance(response, PacedResponse)
    except Refusal as refusal:
        if admission is not None:
            admission.settle(0)
        return error_response(refusal, asked.deviations, headers=_headers(asked, admission))
    else:
        return response
    finally:
        # A paced reply gives its place back when it has been sent.
        if admission is not None and not kept:
            admission.release()


def _model_of(asked: Asked) -> ModelBehaviour | None:
    name = model_named(asked.body)
    return asked.site.profile.find(name) if name is not None else None


def _headers(asked: Asked, admission: Admission | None) -> dict[str, str]:
    return limit_headers(admission.headers(), asked.site, asked.deviations) if admission is not None else {}


def _reply(asked: Asked, answer: "Answer", admission: Admission | None) -> Response:
    site = asked.site
    takes_s = _seconds(asked, answer)
    if answer.chunks:
        events = _events(answer.chunks, asked.deviations)
        parts: Sequence[Part] = paced(events, first_s=answer.ttft_s * site.speed, last_s=takes_s)
        media_type = "text/plain; charset=utf-8" if "stream-content-type" in asked.deviations else EVENT_STREAM
    else:
        parts = (Part(due_s=takes_s, content=encode(answer.body)),)
        media_type = JSON
    return PacedResponse(
        parts,
        media_type=media_type,
        headers=_headers(asked, admission),
        clock=site.clock,
        started=asked.started,
        ended=admission.release if admission is not None else lambda: None,
    )


def _seconds(asked: Asked, answer: "Answer") -> float:
    """How long the whole reply takes, hidden thoughts included."""
    tokens = max(0, answer.billed_tokens - answer.prompt_tokens)
    first_s = asked.site.profile.models[answer.model].ttft_s
    return (first_s + tokens * answer.seconds_per_token) * asked.site.speed


def _events(chunks: Sequence[Any], deviations: Collection[str]) -> list[bytes]:
    events = []
    for chunk in chunks:
        # Anthropic's events are named, and come as pairs.
        event, content = chunk if isinstance(chunk, tuple) else (None, chunk)
        events.append(event_bytes(content, event=event, deviations=deviations))
    return events


def _defer(asked: Asked, answer: "Answer", admission: Admission | None) -> Response:
    site = asked.site
    now, takes_s = site.clock.monotonic(), _seconds(asked, answer)
    try:
        request_id = site.deferred.hold(answer.body, key=asked.key.id, now=now, takes_s=takes_s)
    except TooManyHeld as full:
        message = "Too many deferred completions of this key are being made"
        raise Refused(429, message, headers={"Retry-After": str(full.retry_after_s)}) from None
    return JSONResponse({"request_id": request_id}, headers=_headers(asked, admission))


async def deferred_completion(request: Request) -> Response:
    """GET /v1/chat/deferred-completion/{id}: 202 without a body until it is ready, then 200 once, then 404.

    HEAD looks and takes nothing.
    """
    site = site_of(request)
    key = identify(request, endpoint="chat")
    request_id, now = request.path_params["id"], site.clock.monotonic()
    held = site.deferred.find(request_id, key=key.id, now=now)
    if held is None:
        raise Refused(404, "There is no deferred completion of that id, or it has been fetched")
    request.state.model = model_named(held.body)
    if now < held.ready_at or "deferred-never-ready" in site.deviations(request):
        return Response(status_code=202)
    if request.method != "HEAD":
        site.deferred.take(request_id, key=key.id)
    return JSONResponse(held.body)


async def image_generations(request: Request) -> Response:
    """POST /v1/images/generations: pictures as base64, or as URLs on this server."""
    asked = await read(request, endpoint="image", absent="images-absent")
    site = asked.site
    model = _model_of(asked)
    admission = admit(site, asked.key, model, 0, asked.deviations) if model is not None else None
    try:
        drawn = await site.work(lambda: site.service.images(asked.body, now=site.clock.now().timestamp()))
        as_url = asked.body.get("response_format") != "b64_json"
        return JSONResponse(_placed(request, site, drawn, as_url=as_url), headers=_headers(asked, admission))
    except Refusal as refusal:
        return error_response(refusal, asked.deviations, headers=_headers(asked, admission))
    finally:
        if admission is not None:
            admission.release()


async def picture(request: Request) -> Response:
    """GET a generated picture, without a key: whoever knows its name may see it."""
    found = site_of(request).gallery.find(request.path_params["name"])
    if found is None:
        raise Refused(404, "There is no picture of that name, or not any more")
    return Response(found, media_type="image/png")


async def tokenize_text(request: Request) -> Response:
    """POST /v1/tokenize-text, within a bound: a reply has about sixty bytes for each character."""
    asked = await read(request, endpoint="tokenize", absent="tokenize-absent")
    site, body = asked.site, asked.body
    model = _model_of(asked)
    if model is not None:
        permit(asked.key, model)
    text = body.get("text") if isinstance(body, dict) else None
    if isinstance(text, str) and len(text) > LONGEST_TOKENIZED:
        raise Refused(413, f"text: {len(text):,} characters; at most {LONGEST_TOKENIZED:,} are tokenized at a time")
    return Response(await site.work(lambda: encode(site.service.tokenize(body))), media_type=JSON)


async def embeddings(request: Request) -> Response:
    """POST /v1/embeddings: no such route as documented; as observed, a route that refuses language models."""
    site = site_of(request)
    deviates = any(name == "embeddings-available" for name, _ in site.profile.active)
    if site.profile.name == "documented" and not deviates:
        raise no_handler(request.scope["path"])
    asked = await read(request, endpoint="embeddings")
    name = model_named(asked.body)
    if "embeddings-available" in asked.deviations:
        vector = {"object": "embedding", "index": 0, "embedding": [0.5, -0.5, 0.5, -0.5]}
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return JSONResponse({"object": "list", "model": name, "data": [vector], "usage": usage})
    if name is None or site.profile.find(name) is None:
        raise unknown_model(name or "")
    raise invalid(f"Model {name} is not an embedding model.")


def _placed(request: Request, site: Site, drawn: dict[str, Any], *, as_url: bool) -> dict[str, Any]:
    """The service's reply with pictures turned into URLs on this server, unless base64 was asked for."""
    if not as_url:
        return drawn
    host, port = request.scope["server"]
    # The socket's own address: what the Host header says may be a region's name, or nothing that is a host.
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}{PICTURES_PATH}"

    def placed(each: dict[str, Any]) -> dict[str, Any]:
        name = site.gallery.keep(base64.b64decode(each["b64_json"]))
        return {"url": f"{where}/{name}.png", **{key: value for key, value in each.items() if key != "b64_json"}}

    return {**drawn, "data": [placed(each) for each in drawn["data"]]}
