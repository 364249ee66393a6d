"""What is there: models of every kind, and the key that asks.

It stands apart from inference because none of it is limited or takes time.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from harness.simulator.accounts import described
from harness.simulator.http.errors import no_handler
from harness.simulator.http.requests import identify
from harness.simulator.http.site import Site, site_of

if TYPE_CHECKING:
    from harness.simulator.chat.listings import Listings

Handler = Callable[[Request], Awaitable[Response]]


def routes(*, observed: bool) -> list[Route]:
    """The routes; only public evidence knows a list of embedding models, and that it is empty."""
    listed = [
        ("/v1/models", _answering(lambda listings, _: listings.models(), absent="models-absent")),
        ("/v1/models/{id}", _answering(lambda listings, name: listings.model(name), absent="models-absent")),
        ("/v1/language-models", _answering(lambda listings, _: listings.language_models())),
        ("/v1/language-models/{id}", _answering(lambda listings, name: listings.language_model(name))),
        ("/v1/image-generation-models", _answering(lambda listings, _: listings.image_models())),
        ("/v1/image-generation-models/{id}", _answering(lambda listings, name: listings.image_model(name))),
        ("/v1/api-key", api_key),
    ]
    if observed:
        listed.append(("/v1/embedding-models", _answering(lambda _, __: {"models": []})))
    return [Route(path, handler, methods=["GET"]) for path, handler in listed]


def _answering(body_of: Callable[["Listings", str], Any], *, absent: str = "") -> Handler:
    """A route that answers what `body_of` makes of the listings and of the name in the path, '' where it has none.

    absent  name of the deviation that takes the route away
    """

    async def answer(request: Request) -> Response:
        site = _present(request, absent)
        identify(request, endpoint="models")
        return JSONResponse(body_of(site.service.models(), request.path_params.get("id", "")))

    return answer


async def api_key(request: Request) -> Response:
    """GET /v1/api-key: what the key that asks is, without its secret."""
    site = _present(request, "api-key-absent")
    key = identify(request, endpoint="api-key")
    return JSONResponse(described(key, site.accounts))


def _present(request: Request, absent: str) -> Site:
    site = site_of(request)
    if absent in site.deviations(request):
        raise no_handler(request.scope["path"])
    return site
