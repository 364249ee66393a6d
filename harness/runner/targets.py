"""Target specs and command-line patterns -> targets of the catalogue.

It stands apart from planning because what a pattern means must be the same for every command.
"""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from glob import escape
from typing import Any

from harness.catalogue import Catalogues
from harness.checks import models_of
from harness.core.canonical import canonical_json
from harness.core.catalogue import Provider, Target, TargetSpec
from harness.core.check import CheckKind
from harness.core.errors import InputError, UsageError
from harness.core.suite import Case, Suite
from harness.reading import did_you_mean

MAX_COMBINATIONS = 1000
SourceOf = Callable[[Provider], str]


def select_targets(
    suites: Sequence[Suite], patterns: Sequence[str], catalogues: Catalogues, source_of: SourceOf
) -> dict[str, tuple[Target, ...]]:
    """The targets that each suite is asked of, by the suite's name; none for a suite that the patterns leave out.

    patterns   of `--target`: if all of them match targets of the suites (label or name), they narrow those; if none
               does, they replace them, as '<provider>/<model>' patterns over the catalogue; '<provider>/@<group>' are
               the models of a group; empty for the suites' own
    source_of  who answers for a provider
    raises     UsageError or InputError naming what matches nothing, or a label that is used twice
    """
    own = {suite.name: own_targets(suite, catalogues, source_of) for suite in suites}
    everyone = [target for group in own.values() for target in group]
    globs = {pattern: _globs(pattern, catalogues) for pattern in patterns}
    unmatched = [pattern for pattern in patterns if not any(_matches_any(t, globs[pattern]) for t in everyone)]
    if not patterns:
        for suite in suites:
            if not own[suite.name]:
                message = f"{suite.path}: the suite names no targets"
                raise UsageError(message, remedy="add a targets: list to it, or pass --target <provider>/<model>")
        return own
    if not unmatched:
        meant = [glob for pattern in patterns for glob in globs[pattern]]
        return {name: tuple(t for t in group if _matches_any(t, meant)) for name, group in own.items()}
    for pattern in unmatched:
        if "/" not in pattern or len(unmatched) < len(patterns):
            message = f"--target: '{pattern}' is no target of the suites" + (", others are" if "/" in pattern else "")
            raise UsageError(message, remedy=did_you_mean(pattern, [target.label for target in everyone]))
    replaced = _expand_all([TargetSpec(model=p, location="--target") for p in patterns], catalogues, source_of)
    return {suite.name: replaced for suite in suites}


def own_targets(suite: Suite, catalogues: Catalogues, source_of: SourceOf) -> tuple[Target, ...]:
    """The targets that a suite itself names.

    raises  InputError with the place of one that no catalogue knows, or of an `only:` that means none of them
    """
    if not suite.targets and not suite.written:
        return _targets_of_rows(suite, catalogues, source_of)
    own = _expand_all(suite.targets, catalogues, source_of)
    _check_only(suite, own)
    _check_rows(suite, own, catalogues)
    return own


def _targets_of_rows(suite: Suite, catalogues: Catalogues, source_of: SourceOf) -> tuple[Target, ...]:
    """The models that parameter rows are about: a suite of nothing else need not name them twice."""
    patterns = dict.fromkeys((pattern, row.location) for row in suite.parameters for pattern in row.models)
    specs = [TargetSpec(model=pattern, location=location) for pattern, location in patterns]
    found = [target for spec in specs for target in expand_target(spec, catalogues, source_of)]
    return tuple({target.label: target for target in found}.values())


def matches(target: Target, pattern: str) -> bool:
    """Whether a glob of a command or of a case's `only:` means this target, by its label or by its name."""
    names = (target.label, target.name, f"{target.provider}/{target.model}")
    return any(fnmatchcase(name, pattern) for name in names)


def means(target: Target, pattern: str, catalogues: Catalogues) -> bool:
    """Likewise where the pattern may be a group of models, such as xai/@fast-chat."""
    return any(matches(target, glob) for glob in _globs(pattern, catalogues))


def _matches_any(target: Target, globs: Iterable[str]) -> bool:
    return any(matches(target, glob) for glob in globs)


def _globs(pattern: str, catalogues: Catalogues) -> list[str]:
    """What a pattern of `--target` may match among the suites' own targets: the models of a group one by one."""
    if not _is_group(pattern.partition("/")[2]):
        return [pattern]
    return [f"{provider.name}/{escape(model)}" for provider, model in _models(pattern, catalogues, "--target")]


def _check_only(suite: Suite, own: Sequence[Target]) -> None:
    """Refuse an `only:` that means none of the suite's own targets: the case would vanish without a word."""
    for case in suite.written if own else ():
        for pattern in case.only:
            if not any(matches(target, pattern) for target in own):
                message = f"{case.location}: case '{case.id}' is only for '{pattern}', which is no target of the suite"
                raise InputError(message, remedy=did_you_mean(pattern, [target.label for target in own]))


def _check_rows(suite: Suite, own: Sequence[Target], catalogues: Catalogues) -> None:
    """Likewise a parameter row whose models are none of the suite's own targets."""
    for row in suite.parameters if own else ():
        for pattern in row.models:
            if not any(means(target, pattern, catalogues) for target in own):
                message = f"{row.location}: '{pattern}' is no target of the suite, so nobody would be asked"
                raise InputError(message, remedy="add it to the suite's `targets:`, or leave the row's model out")


def _expand_all(specs: Iterable[TargetSpec], catalogues: Catalogues, source_of: SourceOf) -> tuple[Target, ...]:
    targets: list[Target] = []
    labels: set[str] = set()
    for spec in specs:
        for target in expand_target(spec, catalogues, source_of):
            if target.label in labels:
                message = f"{spec.location}: two targets have the label '{target.label}'"
                remedy = "give them different labels with `as:`; {model} and {parameter} are filled in"
                raise InputError(message, remedy=remedy)
            labels.add(target.label)
            targets.append(target)
    return tuple(targets)


def expand_target(spec: TargetSpec, catalogues: Catalogues, source_of: SourceOf) -> list[Target]:
    """One spec's targets: each model that its glob or group matches, times each combination of its matrix.

    A model that does not chat is among them only if it is named, or if nothing that chats matches.

    raises  InputError if it matches nothing
    """
    where = spec.location
    return [
        Target(
            provider=provider.name,
            source=source_of(provider),
            model=model,
            label=_label(spec, f"{source_of(provider)}/{model}", model, params, where),
            params=params,
            system=spec.system,
            region=_region(spec, provider, where),
            budget=spec.budget,
        )
        for provider, model in _models(spec.model, catalogues, where)
        for params in _combinations(spec)
    ]


def _models(pattern: str, catalogues: Catalogues, where: str) -> list[tuple[Provider, str]]:
    provider_part, slash, model_part = pattern.partition("/")
    if not slash or not model_part:
        message = f"{where}: '{pattern}' is not a target"
        raise InputError(message, remedy="write <provider>/<model>, such as local/smollm2-135m-instruct or local/*")
    providers = [p for p in catalogues.providers if fnmatchcase(p.name, provider_part)]
    if not providers:
        known = [provider.name for provider in catalogues.providers]
        message = f"{where}: no catalogue describes a provider '{provider_part}'"
        remedy = f"{did_you_mean(provider_part, known)}\n   or describe it in a catalogue file: --catalogue FILE"
        raise InputError(message, remedy=remedy)
    found = [(provider, model) for provider in providers for model in _models_of(provider, model_part)]
    if not found and _is_group(model_part):
        raise _unknown_group(providers, model_part, f"{where}: {provider_part}")
    if not found:
        known = [name for provider in providers for model in provider.models for name in (model.id, *model.aliases)]
        message = f"{where}: no model of {provider_part} matches '{model_part}'"
        raise InputError(message, remedy=did_you_mean(model_part, known))
    return found


def _models_of(provider: Provider, pattern: str) -> Sequence[str]:
    """The names of a provider's models that a pattern means: a name, '@' and a group, or a glob over either."""
    if any(pattern in (model.id, *model.aliases) for model in provider.models):
        return [pattern]
    if _is_group(pattern):
        group = pattern.removeprefix("@")
        named = (members for name, members in provider.groups.items() if fnmatchcase(name, group))
        return provider.groups.get(group) or _chatting(provider, list(dict.fromkeys(itertools.chain(*named))))
    if not _is_glob(pattern):
        return [pattern] if provider.open_models else []
    return _chatting(provider, [model.id for model in provider.models if fnmatchcase(model.id, pattern)])


def _chatting(provider: Provider, models: Sequence[str]) -> Sequence[str]:
    """The models that a glob means: those that chat; if it matches none of them, then what it matches was meant.

    Whoever writes 'xai/*' has questions to ask, and a model that only draws would answer each of them with an error.
    """
    drawing = {name for model in provider.models if model.makes != "text" for name in (model.id, *model.aliases)}
    return [name for name in models if name not in drawing] or models


def _is_glob(pattern: str) -> bool:
    return re.search(r"[*?\[]", pattern) is not None


def _is_group(pattern: str) -> bool:
    """Whether the part of a pattern after the provider is a group. Some vendors' models are called '@maker/model'."""
    return pattern.startswith("@") and "/" not in pattern


def _unknown_group(providers: Sequence[Provider], group: str, where: str) -> InputError:
    known = sorted({f"@{name}" for provider in providers for name in provider.groups})
    if not known:
        return InputError(
            f"{where} has no groups of models", remedy="name a model, or describe groups in its catalogue"
        )
    remedy = did_you_mean(group, known) or f"its groups are {', '.join(known)}"
    return InputError(f"{where} has no group '{group}'", remedy=remedy)


def _combinations(spec: TargetSpec) -> list[Mapping[str, Any]]:
    names = list(spec.matrix)
    if math.prod(len(values) for values in spec.matrix.values()) > MAX_COMBINATIONS:
        message = f"{spec.location}: the matrix has more than {MAX_COMBINATIONS:,} combinations"
        raise InputError(message, remedy="vary fewer parameters at once")
    return [
        {**spec.params, **dict(zip(names, values, strict=True))}
        for values in itertools.product(*(spec.matrix[name] for name in names))
    ]


def _label(spec: TargetSpec, name: str, model: str, params: Mapping[str, Any], where: str) -> str:
    shown = {key: value if isinstance(value, str) else canonical_json(value) for key, value in params.items()}
    if spec.label is None:
        return " ".join([name, *(f"{key}={value}" for key, value in shown.items())])
    places = {**shown, "model": model}

    def fill(match: re.Match[str]) -> str:
        if match[1] not in places:
            message = f"{where}: the label '{spec.label}' has a place {{{match[1]}}} that nothing fills"
            raise InputError(message, remedy=did_you_mean(match[1], places))
        return places[match[1]]

    return re.sub(r"\{([^{}]*)\}", fill, spec.label)


def _region(spec: TargetSpec, provider: Provider, where: str) -> str | None:
    if spec.region is not None and spec.region not in provider.regions:
        message = f"{where}: {provider.name} has no region '{spec.region}'"
        raise InputError(message, remedy=did_you_mean(spec.region, provider.regions))
    return spec.region


def check_judges(suites: Iterable[Suite], catalogues: Catalogues, kinds: Mapping[str, CheckKind]) -> set[str]:
    """Refuse a check that would ask a model which no catalogue knows, before anything is spent.

    returns  the names of the providers whose models the checks ask
    raises   InputError naming the case
    """
    providers: set[str] = set()
    # Rows may name the model, and not whether one is asked: what asks none in its first row is not walked.
    asking = {(case.suite, case.id) for suite in suites for case in suite.written if _asks(case, kinds)}
    for case in (case for suite in suites if asking for case in suite.cases if (case.suite, case.id) in asking):
        for check in (check for turn in case.turns for check in turn.expect):
            for name in models_of(check, kinds):
                providers.add(_judge(name, catalogues, f"{case.location}: case '{case.id}'").name)
    return providers


def _asks(case: Case, kinds: Mapping[str, CheckKind]) -> bool:
    return any(models_of(check, kinds) for turn in case.turns for check in turn.expect)


def _judge(name: str, catalogues: Catalogues, where: str) -> Provider:
    """The provider of a model that a check asks."""
    provider, model = _models(name, catalogues, where)[0]
    if name != f"{provider.name}/{model}":
        message = f"{where}: '{name}' is no single model, and a judge is one"
        raise InputError(message, remedy=f"name the model, such as {provider.name}/{model}")
    if (found := provider.find_model(model)) is not None and found.makes != "text":
        raise InputError(f"{where}: '{name}' makes images, and a judge answers in words", remedy="name a chat model")
    return provider


def check_targets(suite: Suite, catalogues: Catalogues, kinds: Mapping[str, CheckKind]) -> None:
    """Refuse a suite whose own targets, judges or parameter rows name what no catalogue knows.

    raises  InputError with the place
    """
    own_targets(suite, catalogues, lambda provider: provider.name)
    for row in suite.parameters:
        for pattern in row.models:
            _models(pattern, catalogues, row.location)
    check_judges([suite], catalogues, kinds)
