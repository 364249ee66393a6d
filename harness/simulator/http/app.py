"""The routes of one origin: inference below /v1, management beside it, and the generated pictures.

It stands apart so that every path is seen on one page.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from harness.simulator.chat.refusal import Refusal
from harness.simulator.http import inference, listings, management
from harness.simulator.http.errors import on_fault_of_ours, on_gone, on_http_exception, on_refusal
from harness.simulator.http.site import Site

Handler = Callable[[Request], Awaitable[Response]]
TEAM: Final = "/auth/teams/{team}"


def build_app(site: Site) -> Starlette:
    """The ASGI app of one server."""
    observed = site.profile.name == "observed"
    app = Starlette(
        routes=[*_inference_routes(), *listings.routes(observed=observed), *_management_routes(observed=observed)],
        exception_handlers={
            Refusal: on_refusal,
            HTTPException: on_http_exception,
            ClientDisconnect: on_gone,
            Exception: on_fault_of_ours,
        },
    )
    # A path with a slash too many is another path: the API has no redirects.
    app.router.redirect_slashes = False
    app.state.site = site
    return app


def _inference_routes() -> list[Route]:
    return [
        _post("/v1/chat/completions", inference.chat_completions),
        _get("/v1/chat/deferred-completion/{id}", inference.deferred_completion),
        _post("/v1/messages", inference.messages),
        _post("/v1/images/generations", inference.image_generations),
        _get(inference.PICTURES_PATH + "/{name}.png", inference.picture),
        _post("/v1/embeddings", inference.embeddings),
        _post("/v1/tokenize-text", inference.tokenize_text),
    ]


def _management_routes(*, observed: bool) -> list[Route]:
    # The documents have the team in the path of a revocation; public evidence has not.
    revocation = "/auth/api-keys/{id}" if observed else TEAM + "/api-keys/{id}"
    return [
        _post(TEAM + "/api-keys", management.create_key),
        _get(TEAM + "/api-keys", management.list_keys),
        Route(revocation, management.revoke_key, methods=["DELETE"]),
        _get(TEAM + "/models", management.models),
        _get(TEAM + "/endpoints", management.endpoints),
        _get("/auth/management-keys/validation", management.validation),
    ]


def _get(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["GET"])


def _post(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["POST"])
