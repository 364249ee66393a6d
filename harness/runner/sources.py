"""Who really answers, where, and with which key: a provider of the catalogue plus what the command line overrides.

It stands apart because the answer decides what a recording may be used for: a source is never guessed.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from harness.catalogue import Catalogues
from harness.core.catalogue import Provider
from harness.core.errors import UsageError
from harness.core.plain import Domain
from harness.core.record import Mode
from harness.wire import Endpoint

_URL_REMEDY = "write one such as http://127.0.0.1:8080/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The command line's say in who answers.

    base_url     of `--base-url`: where the requests go instead of the provider's own host
    applies_to   the provider that the three options speak of; a judge of another is reached as its catalogue says
    rename       of `--provider`: what the one who answers is called
    management_url  of `--management-url`: likewise for the provider's second API
    api_key_env  of `--api-key-env`
    environment  where keys are looked up
    """

    catalogues: Catalogues
    base_url: str | None = None
    management_url: str | None = None
    rename: str | None = None
    api_key_env: str | None = None
    applies_to: str | None = None
    environment: Mapping[str, str] = field(repr=False)
    _endpoints: dict[tuple[str, str | None, Domain], tuple[Provider, Endpoint]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse what could not be honest.

        raises  UsageError for a URL that is none, or a name that belongs to somebody else
        """
        for option, url in (("--base-url", self.base_url), ("--management-url", self.management_url)):
            if url is not None:
                _check_url(option, url)
        if self.rename is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,49}", self.rename):
            message = f"--provider: {self.rename!r} is not a provider's name"
            raise UsageError(message, remedy="write small letters, digits and hyphens, such as my-proxy")
        named = self.catalogues.find(self.rename) if self.rename else None
        if self.base_url is not None and named is not None and named.hosts and not _is_own(named, self.base_url):
            message = f"--provider {named.name}: {urlsplit(self.base_url).hostname} is not a host of {named.name}"
            raise UsageError(message, remedy="choose another name: answers are filed under the one who gave them")

    def source_of(self, provider: Provider) -> str:
        """Who answers for a provider: itself, whom `--provider` names, or `local` at a host that is not its own.

        raises  UsageError if `--provider` names another vendor, who does not answer for this one's models
        """
        if not self._speaks_of(provider):
            return provider.name
        if self.rename is None:
            return provider.name if self.base_url is None or _is_own(provider, self.base_url) else "local"
        named = self.catalogues.find(self.rename)
        if named is not None and named.hosts and named.name != provider.name and self.base_url is None:
            message = f"--provider: {named.name} does not answer for models of {provider.name}"
            raise UsageError(message, remedy="name who does, and where with --base-url")
        return self.rename

    def refuse_misnaming(self, provider: Provider) -> None:
        """Refuse to send to a vendor's own host what would be filed under a name that nobody owns, or another's key.

        raises  UsageError; a replay, which only chooses among recordings, need not ask
        """
        self._refuse_straying_key(provider)
        at_home = self.base_url is None or _is_own(provider, self.base_url)
        if self.rename and self.catalogues.find(self.rename) is None and provider.hosts and at_home:
            message = f"--provider {self.rename}: the requests would go to {provider.name} itself"
            raise UsageError(message, remedy=f"leave --provider out, or say where {self.rename} is with --base-url")

    def _refuse_straying_key(self, provider: Provider) -> None:
        keys = {"--base-url": self.api_key_env is None and provider.key_variable, "--management-url": True}
        for option, url in (("--base-url", self.base_url), ("--management-url", self.management_url)):
            owner = self.hosts().get(_host_of(url)) if url is not None and keys[option] else None
            if owner is not None and owner != provider.name:
                message = f"{option}: the key of {provider.name} would go to a host of {owner}"
                remedy = f"ask models of {owner} with --target"
                if option == "--base-url":
                    remedy += ", or say with --api-key-env which key is meant for it"
                raise UsageError(message, remedy=remedy)

    def is_simulated(self, source: str) -> bool:
        """Whether that source's answers are a simulation."""
        found = self.catalogues.find(source)
        return found.simulated if found is not None else source.endswith("-sim")

    def endpoint_of(self, provider: Provider, region: str | None, domain: Domain = "inference") -> Endpoint:
        """Where and how to reach who answers for a provider. The key may be absent; a live call then says so.

        raises  UsageError for the management API of a provider that has none
        """
        place = (provider.name, region, domain)
        known = self._endpoints.get(place)
        if known is None or known[0] is not provider:
            # Every request asks, and the answer is the same for all of a run.
            known = self._endpoints[place] = (provider, self._find_endpoint(provider, region, domain))
        return known[1]

    def _find_endpoint(self, provider: Provider, region: str | None, domain: Domain) -> Endpoint:
        source = self.source_of(provider)
        # URL, header and key come from one row: a key never goes to another row's host.
        row = self._row_of(source) or provider
        overridden = self._speaks_of(provider)
        base_url = self.base_url if overridden and self.base_url is not None else self._moved_to(row)
        variable = (self.api_key_env if overridden else None) or row.key_variable
        # A server that is not the vendor's own may want no key; the vendor's always does.
        wanted = base_url is None or _is_own(row, base_url) or (overridden and self.api_key_env is not None)
        inference = Endpoint(
            source=source,
            base_url=(base_url or _own_url(row, region if row is provider else None)).rstrip("/"),
            auth_header=row.auth_header,
            auth_prefix=row.auth_prefix,
            api_key=self._value_of(variable),
            key_variable=variable if wanted else None,
            model_list=row.model_list,
        )
        # A suite chooses this key by `credential: other`; where requests go instead is no place for it, save for a
        # stand-in on this machine.
        if row.management is not None and (base_url is None or _is_own(row, base_url) or _is_near(base_url)):
            variable = row.management.key_variable
            inference = replace(inference, other_key=self._value_of(variable), other_variable=variable)
        return inference if domain == "inference" else self._management_of(row, inference, base_url)

    def _management_of(self, row: Provider, inference: Endpoint, base_url: str | None) -> Endpoint:
        management = row.management
        if management is None:
            raise UsageError(f"{row.name} has no management API", remedy="drop domain: management from the request")
        given = self.management_url if self._speaks_of(row) else None
        is_vendor = bool(row.hosts) and base_url is not None and _is_own(row, base_url)
        if given is None and base_url is not None and not is_vendor:
            # A server on loopback has both APIs at one origin; any other must be named.
            parts = urlsplit(base_url)
            if not _is_near(base_url):
                remedy = "name it with --management-url"
                raise UsageError(f"where the management API of {inference.source} is, is not known", remedy=remedy)
            given = f"{parts.scheme}://{parts.netloc}"
        at_home = given is None or _is_own(row, given) or _is_near(given)
        return replace(
            inference,
            base_url=(given or management.base_url).rstrip("/"),
            api_key=self._value_of(management.key_variable),
            key_variable=management.key_variable,
            other_key=inference.api_key if at_home else None,
            other_variable=inference.key_variable if at_home else None,
            team=self._value_of(management.team_variable),
            team_variable=management.team_variable,
            model_list=None,
        )

    def _row_of(self, source: str) -> Provider | None:
        """The row of who answers; None where its address is not known to be that row's."""
        row = self.catalogues.find(source)
        if row is None or self.base_url is None:
            return row
        return row if self.rename == source and _is_own(row, self.base_url) else None

    def _moved_to(self, row: Provider) -> str | None:
        """Where the environment says that a server on this machine listens; None where it does not say."""
        url = self._value_of(row.url_variable)
        if url is not None:
            _check_url(f"${row.url_variable}", url)
            if not _is_near(url):
                message = f"${row.url_variable}: {_host_of(url)} is not this machine, where {row.name} is"
                raise UsageError(message, remedy="unset it, or say where the requests go with --base-url")
        return url

    def _value_of(self, variable: str | None) -> str | None:
        return (self.environment.get(variable) or None) if variable else None

    def _speaks_of(self, provider: Provider) -> bool:
        return self.applies_to is None or self.applies_to == provider.name

    def secrets(self) -> tuple[str, ...]:
        """Every key and team id that the environment holds for a known provider: none of them may reach a file."""
        names = {provider.key_variable for provider in self.catalogues.providers} | {self.api_key_env}
        for management in (provider.management for provider in self.catalogues.providers):
            names |= {management.key_variable, management.team_variable} if management else set()
        return tuple(self.environment[name] for name in sorted(n for n in names if n) if self.environment.get(name))

    def hosts(self) -> dict[str, str]:
        """Host name -> the provider whose own it is."""
        return {host: provider.name for provider in self.catalogues.providers for host in provider.hosts}


def choose_mode(mode: Mode | None, base_url: str | None) -> Mode:
    """The mode that was asked for; `--base-url` alone means live, nothing at all means replay."""
    if mode is not None:
        return mode
    return "live" if base_url is not None else "replay"


def _own_url(provider: Provider, region: str | None) -> str:
    return provider.base_url if region is None else provider.regions[region]


def _check_url(option: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # A broken bracket or port.
        raise UsageError(f"{option}: '{url}' is not a URL", remedy=_URL_REMEDY) from None
    if not sound or parts.query or parts.fragment:
        raise UsageError(f"{option}: '{url}' is not a base URL", remedy=_URL_REMEDY)
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{option}: a URL must not carry a password", remedy="pass the key with --api-key-env")


def _is_own(provider: Provider, url: str) -> bool:
    if provider.hosts:
        return _host_of(url) in provider.hosts
    # A provider without public hosts is whatever runs on loopback.
    return _is_near(url) and _is_near(provider.base_url)


def _host_of(url: str) -> str:
    """The host in small letters; a dot at its end changes nothing about where it is."""
    return (urlsplit(url).hostname or "").lower().removesuffix(".")


def _is_near(url: str) -> bool:
    return _is_loopback(_host_of(url))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
