"""The management API: keys are made, listed and revoked, and models and endpoints shown that they may be allowed.

It stands apart because it is another API domain with another key; here it shares the origin, without `/v1`.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from harness.simulator.accounts import ApiKey, TooManyKeys
from harness.simulator.chat.refusal import invalid, unreadable
from harness.simulator.http.errors import Refused, no_handler
from harness.simulator.http.requests import identify_manager, read_json
from harness.simulator.http.site import Site, site_of

ENDPOINTS: Final = ("chat", "messages", "image", "tokenize", "models", "api-key", "embeddings")
LONGEST_NAME: Final = 200
MOST_ACLS: Final = 200


async def create_key(request: Request) -> Response:
    """POST /auth/teams/{team}/api-keys: a key that works at once; its secret is told here and never again."""
    site = _admitted(request, absent="management-create-absent")
    body = await read_json(request)
    if not isinstance(body, dict):
        raise unreadable("the body must be an object")
    name, acls = body.get("name"), body.get("acls", [])
    if not isinstance(name, str):
        raise unreadable("name: a string is required")
    if not isinstance(acls, list) or not all(isinstance(acl, str) for acl in acls):
        raise unreadable("acls: a list of strings is required")
    if not name.strip() or len(name) > LONGEST_NAME or len(acls) > MOST_ACLS:
        raise invalid(f"name: 1 to {LONGEST_NAME} characters; acls: at most {MOST_ACLS}")
    unknown = next((acl for acl in acls if not acl.startswith(("api-key:model:", "api-key:endpoint:"))), None)
    if unknown is not None:
        raise invalid(f"acls: '{unknown[:100]}' is not of the form api-key:model:NAME or api-key:endpoint:NAME")
    try:
        key = site.accounts.create(name=name, acls=acls)
    except TooManyKeys:
        raise Refused(429, "The team has as many API keys as it may have") from None
    return JSONResponse({"apiKey": key.secret, **_shown(key, site)})


async def list_keys(request: Request) -> Response:
    """GET /auth/teams/{team}/api-keys: every key that works, without its secret."""
    site = _admitted(request)
    return JSONResponse({"apiKeys": [_shown(key, site) for key in site.accounts.issued()]})


async def revoke_key(request: Request) -> Response:
    """DELETE …/api-keys/{id}: the key stops working with its next request."""
    site = _admitted(request, absent="management-revoke-absent")
    wanted = request.path_params["id"]
    if not any(key.id == wanted for key in site.accounts.issued()):
        raise Refused(404, "There is no API key of that id")
    if "management-revoke-ignored" not in site.deviations(request):
        site.accounts.revoke(wanted)
    return JSONResponse({})


async def models(request: Request) -> Response:
    """GET /auth/teams/{team}/models: what a key's permissions may name."""
    site = _admitted(request, absent="management-models-absent")
    listed = [
        {"id": model.id, "aliases": list(model.aliases), "acl": f"api-key:model:{model.id}"}
        for model in site.profile.models.values()
    ]
    return JSONResponse({"models": listed})


async def endpoints(request: Request) -> Response:
    """GET /auth/teams/{team}/endpoints: likewise for endpoints."""
    _admitted(request, absent="management-endpoints-absent")
    return JSONResponse({"endpoints": [{"name": name, "acl": f"api-key:endpoint:{name}"} for name in ENDPOINTS]})


async def validation(request: Request) -> Response:
    """GET /auth/management-keys/validation: the management key that asks."""
    site = _admitted(request, absent="management-validation-absent")
    accounts = site.accounts
    return JSONResponse({"apiKeyId": accounts.management_key_id, "teamId": accounts.team, "valid": True})


def _admitted(request: Request, *, absent: str = "") -> Site:
    """The server's state, for a request that may manage the team that its path names.

    absent  name of the deviation that takes the route away
    """
    site = site_of(request)
    if absent in site.deviations(request):
        raise no_handler(request.scope["path"])
    identify_manager(request, request.path_params.get("team"))
    return site


def _shown(key: ApiKey, site: Site) -> dict[str, Any]:
    return {
        "apiKeyId": key.id,
        "redactedApiKey": key.redacted,
        "name": key.name,
        "teamId": key.team,
        "userId": site.accounts.user_id,
        "acls": list(key.acls),
        "createTime": f"{key.created:%Y-%m-%dT%H:%M:%SZ}",
        "disabled": False,
    }
