"""A team, its inference keys and its management key: who may ask, and for what.

It stands apart from HTTP because keys live as long as the server, are made and revoked over one API domain, and are
used on the other.
"""

import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from harness.core.clock import Clock

ALL_MODELS: Final = "api-key:model:*"
ALL_ENDPOINTS: Final = "api-key:endpoint:*"
EVERYTHING: Final = (ALL_ENDPOINTS, ALL_MODELS)
MOST_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An inference key.

    secret  what a request carries; shown once, by the answer that creates it
    acls    what it may be used for, such as 'api-key:model:grok-3' and 'api-key:endpoint:chat'; globs allowed
    """

    id: str
    secret: str
    name: str
    team: str
    created: datetime
    acls: tuple[str, ...] = EVERYTHING

    def allows(self, kind: str, name: str) -> bool:
        """Whether it may use the model or endpoint (`kind`) of that name."""
        return any(fnmatchcase(f"api-key:{kind}:{name}", acl) for acl in self.acls)

    def allows_model(self, name: str, aliases: Iterable[str] = ()) -> bool:
        """Whether it may use a model; an alias must be named as it is, for a glob means models and not their names."""
        return self.allows("model", name) or any(f"api-key:model:{alias}" in self.acls for alias in aliases)

    @property
    def redacted(self) -> str:
        """The secret as listings show it."""
        return masked(self.secret)


class TooManyKeys(Exception):
    """The team holds as many keys as it may."""


class Accounts:
    """The keys of one server, whose team is the only one it knows."""

    def __init__(self, *, clock: Clock, team: str, key: str, management_key: str) -> None:
        """Begin with one inference key, which may do everything."""
        self.team = team
        self.management_key = management_key
        self.management_key_id = _stable_id(team, "management-key")
        self.user_id = _stable_id(team, "user")
        self._clock = clock
        first = ApiKey(id=_stable_id(team, key), secret=key, name="default", team=team, created=clock.now())
        self._keys: dict[str, ApiKey] = {first.id: first}

    def find(self, secret: str) -> ApiKey | None:
        """The inference key with that secret; None if there is none, or none any more."""
        sent = secret.encode("utf-8", "replace")
        return next((key for key in self._keys.values() if hmac.compare_digest(key.secret.encode(), sent)), None)

    def is_management_key(self, secret: str) -> bool:
        """Whether this is the team's management key."""
        return hmac.compare_digest(self.management_key.encode(), secret.encode("utf-8", "replace"))

    def create(self, *, name: str, acls: Iterable[str] = ()) -> ApiKey:
        """A new inference key; without `acls` it may do everything.

        raises  TooManyKeys
        """
        if len(self._keys) >= MOST_KEYS:
            raise TooManyKeys
        key = ApiKey(
            id=str(uuid.uuid4()),
            secret=f"xai-{secrets.token_urlsafe(48)}",
            name=name,
            team=self.team,
            created=self._clock.now(),
            acls=tuple(acls) or EVERYTHING,
        )
        self._keys[key.id] = key
        return key

    def revoke(self, key_id: str) -> bool:
        """Take a key away, from its next request on; False if there is none of that id."""
        return self._keys.pop(key_id, None) is not None

    def issued(self) -> tuple[ApiKey, ...]:
        """Every key that works, the oldest first."""
        return tuple(self._keys.values())


def masked(secret: str) -> str:
    """A secret as an error or a listing may show it: two characters at either end, none if it is short."""
    shown = 2
    longest_hidden = 4 * shown
    return f"{secret[:shown]}***{secret[-shown:]}" if len(secret) >= longest_hidden else "***"


def described(key: ApiKey, accounts: Accounts) -> dict[str, Any]:
    """A key as the API tells of it, in snake case and without its secret."""
    moment = f"{key.created:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "redacted_api_key": key.redacted,
        "user_id": accounts.user_id,
        "name": key.name,
        "create_time": moment,
        "modify_time": moment,
        "modified_by": accounts.user_id,
        "team_id": key.team,
        "acls": list(key.acls),
        "api_key_id": key.id,
        "team_blocked": False,
        "api_key_blocked": False,
        "api_key_disabled": False,
    }


def _stable_id(*parts: str) -> str:
    # The same server options give the same ids, so that recordings made twice do not differ in them.
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\0".join(parts)))
