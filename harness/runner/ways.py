"""Whether a target can be asked in the way that a case wants: its dialect, deferred answers, the management API.

It stands apart from choosing targets because it needs both a case and a provider, and nothing is sent to find out.
"""

from collections.abc import Mapping, Sequence

from harness.catalogue import Catalogues
from harness.core.catalogue import Provider, Target
from harness.core.errors import InputError
from harness.core.suite import Case, Suite
from harness.reading import did_you_mean
from harness.runner.targets import matches
from harness.wire.dialects import Deferring, load_dialect


def check_ways_of_asking(
    suites: Sequence[Suite], targets: Mapping[str, tuple[Target, ...]], catalogues: Catalogues
) -> None:
    """Refuse a case that a target of its suite cannot be asked, before anything is spent.

    targets  by suite name
    raises   InputError naming the case; UsageError for a dialect that no installed package registers
    """
    for suite in suites:
        for case in suite.written:
            asked = [target for target in targets[suite.name] if _is_for(case, target)]
            for name in sorted({target.provider for target in asked}):
                _check(case, catalogues.provider(name))


def _is_for(case: Case, target: Target) -> bool:
    return not case.only or any(matches(target, pattern) for pattern in case.only)


def _check(case: Case, provider: Provider) -> None:
    spoken = (provider.dialect, *provider.dialects)
    where = f"{case.location}: case '{case.id}'"
    if case.dialect is not None and case.dialect not in spoken:
        message = f"{where} is asked in '{case.dialect}', which {provider.name} does not speak by its catalogue"
        raise InputError(message, remedy=did_you_mean(case.dialect, spoken))
    if case.deferred and not isinstance(load_dialect(case.dialect or provider.dialect), Deferring):
        message = f"{where} is deferred, and the dialect '{case.dialect or provider.dialect}' cannot fetch it later"
        raise InputError(message, remedy="drop deferred:, or name another dialect:")
    if case.credential == "other" and provider.management is None:
        message = f"{where} is sent the key of another API, and {provider.name} has one API by its catalogue"
        raise InputError(message, remedy="keep such cases to targets that have two, with only:, or write: bad")
    domains = {turn.request.domain for turn in case.turns if turn.request is not None}
    if "management" in domains and provider.management is None:
        message = f"{where} speaks to a management API, and {provider.name} has none by its catalogue"
        raise InputError(message, remedy="keep such cases to targets that have one, with only:")
