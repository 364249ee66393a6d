"""What a vendor documents, laid out as the vendor lays it out: tables made from claims, each cell naming its claims.

It stands apart from the command line so that a page may show the same tables.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.core.catalogue import Provider
from harness.core.claims import Claim, Observable, Register

ABSENT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: what it says, and the ids of the claims and contradictions behind it."""

    text: str
    claims: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def marked(self) -> str:
        """The text with the contradictions that it has a part in: `5.00 | 3.00 [K01]`."""
        return f"{self.text} [{' '.join(self.conflicts)}]" if self.conflicts else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A table of a register.

    right  positions of columns of figures
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: tuple[int, ...] = ()


def build_matrices(register: Register, provider: Provider, prices: str = "documented") -> tuple[Matrix, ...]:
    """Every table that the register has claims for, in the order of a reader's questions.

    prices  a price profile of the provider's file, shown beside the documented prices where it is another
    """
    matrices = (
        _models(register, provider),
        _capabilities(register, provider),
        _parameters(register, provider),
        _limits(register, provider),
        _prices(register, provider, prices),
        _tools(register),
        _uses(register),
        _hosts(register),
        _endpoints(provider),
        _counts(register),
    )
    return tuple(matrix for matrix in matrices if matrix.rows)


def _cell(register: Register, claims: Sequence[Claim], show: Callable[[Claim], str]) -> Cell:
    """A cell for claims of one subject: the first one's value, and what contradicts it."""
    if not claims:
        return Cell(text=ABSENT)
    sides = {claim.id: {conflict.id for conflict in register.contradictions(claim.id)} for claim in claims}
    first = claims[0]
    shown = [show(first)]
    for claim in claims[1:]:
        if sides[claim.id] & sides[first.id] and show(claim) not in shown:
            shown.append(show(claim))
    conflicts = sorted(set().union(*sides.values()))
    return Cell(text=" | ".join(shown), claims=tuple(claim.id for claim in claims), conflicts=tuple(conflicts))


def _table(
    register: Register,
    subjects: Iterable[str],
    columns: Sequence[tuple[Callable[[Claim], bool], Callable[[Claim], str]]],
) -> tuple[tuple[Cell, ...], ...]:
    """One row a subject that has any claim, one cell a column: which claims belong there, and how one is shown."""
    rows = []
    for subject in subjects:
        about = [claim for claim in register.claims if claim.subject.id == subject]
        cells = [_cell(register, [claim for claim in about if belongs(claim)], show) for belongs, show in columns]
        if any(cell.claims for cell in cells):
            rows.append((Cell(text=subject), *cells))
    return tuple(rows)


def _holds(kind: str, key: str) -> Callable[[Claim], bool]:
    return lambda claim: claim.kind == kind and key in claim.value


def _value(key: str) -> Callable[[Claim], str]:
    return lambda claim: show_value(claim.value[key]) if key in claim.value else ABSENT


def show_value(value: object) -> str:
    """A claim's value as a cell: yes and no, figures with thousands parted, the rest as written."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("_", " ") if isinstance(value, str) else str(value)


def _model_ids(provider: Provider) -> list[str]:
    return [model.id for model in provider.models]


def _models(register: Register, provider: Provider) -> Matrix:
    kind = "catalogue"
    window = (
        _holds(kind, "context_tokens"),
        lambda claim: str(claim.value.get("as_written") or show_value(claim.value["context_tokens"])),
    )
    columns = [(_holds(kind, key), _value(key)) for key in ("version_label", "status")]
    columns += [window, (_holds(kind, "released"), _value("released"))]
    names: dict[str, list[Claim]] = {}
    for claim in register.claims:
        if claim.kind == "alias":
            owner = claim.value.get("of") or claim.value.get("pins")
            names.setdefault(str(owner), []).append(claim)
    rows = []
    known = {claim.subject.id for claim in register.claims if claim.kind == kind and claim.value.get("exists")}
    for subject in [model for model in _model_ids(provider) if model in known]:
        aliases = names.get(subject, [])
        text = ", ".join(str(claim.value.get("alias") or claim.value.get("name")) for claim in aliases)
        other = Cell(text=text or ABSENT, claims=tuple(claim.id for claim in aliases))
        found = _table(register, [subject], columns)
        rows.append((*(found[0] if found else (Cell(text=subject), *[Cell(text=ABSENT)] * len(columns))), other))
    header = ("model", "version", "status", "context", "released", "other names")
    return Matrix(name="models", title="Models", header=header, rows=tuple(rows))


def _capabilities(register: Register, provider: Provider) -> Matrix:
    models = _model_ids(provider)
    kinds = dict.fromkeys(
        str(claim.value["capability"])
        for claim in register.claims
        if claim.kind == "capability" and "capability" in claim.value and claim.subject.id in models
    )

    def belongs(name: str) -> Callable[[Claim], bool]:
        return lambda claim: claim.kind == "capability" and claim.value.get("capability") == name

    rows = _table(register, models, [(belongs(name), _value("value")) for name in kinds])
    header = ("model", *(name.replace("_", " ") for name in kinds))
    return Matrix(name="capabilities", title="Capabilities", header=header, rows=rows)


def _parameters(register: Register, provider: Provider) -> Matrix:
    models = _model_ids(provider)
    names = dict.fromkeys(
        str(claim.value["param"]) for claim in register.claims if claim.kind == "parameter" and "param" in claim.value
    )
    errors = {
        (claim.subject.id, str(claim.value.get("param")))
        for claim in register.claims
        if claim.value.get("effect") == "error"
    }

    def belongs(name: str) -> Callable[[Claim], bool]:
        return lambda claim: claim.kind == "parameter" and claim.value.get("param") == name

    def show(claim: Claim) -> str:
        if claim.value.get("support") == "supported":
            return "yes"
        return "no, error" if (claim.subject.id, str(claim.value["param"])) in errors else "no"

    rows = _table(register, models, [(belongs(name), show) for name in names])
    return Matrix(name="parameters", title="Parameters", header=("model", *names), rows=rows)


def _limits(register: Register, provider: Provider) -> Matrix:
    kind = "rate_limit"
    hosts = dict.fromkeys(
        claim.subject.id for claim in register.claims if claim.kind == kind and claim.subject.type == "host"
    )

    def requests(claim: Claim) -> str:
        return (
            show_value(claim.value["rpm"])
            if "rpm" in claim.value
            else f"{claim.value['rpm_min']}-{claim.value['rpm_max']}"
        )

    columns = [
        (_holds(kind, "tpm"), _value("tpm")),
        (
            lambda claim: claim.kind == kind and ("rpm" in claim.value or {"rpm_min", "rpm_max"} <= set(claim.value)),
            requests,
        ),
        (_holds(kind, "concurrent"), _value("concurrent")),
    ]
    rows = _table(register, [*hosts, *_model_ids(provider)], columns)
    header = ("model", "tokens/minute", "requests/minute", "at once")
    return Matrix(name="limits", title="Rate limits", header=header, rows=rows, right=(1, 2, 3))


def _dollars(key: str) -> Callable[[Claim], str]:
    return lambda claim: _amount(claim.value[key])


def _amount(value: object) -> str:
    """A figure as dollars; anything else as written."""
    is_figure = isinstance(value, int | float) and not isinstance(value, bool)
    return show_dollars(Decimal(str(value))) if is_figure else show_value(value)


def show_dollars(amount: Decimal | None) -> str:
    """Dollars with two decimals, or as many as it takes; '-' for none."""
    if amount is None:
        return ABSENT
    exact = f"{amount.normalize():f}"
    return exact if len(exact.partition(".")[2]) > 2 else f"{amount:.2f}"  # noqa: PLR2004 - cents


_RATES = (
    ("input", "input", "usd_per_1m_input"),
    ("cached", "cached_input", "usd_per_1m_cached_input"),
    ("output", "output", "usd_per_1m_output"),
    ("an image", "image", "usd_per_image"),
)
"""Heading, name in a tariff, field of a claim's value."""


def _prices(register: Register, provider: Provider, profile: str) -> Matrix:
    columns = [(_holds("pricing", key), _dollars(key)) for _, _, key in _RATES]
    columns.append((_holds("guidance", "best_for"), _value("best_for")))
    header, rows = ["model"], []
    for heading, _, _ in _RATES:
        header += [heading] if profile == "documented" else [heading, f"{heading} ({profile})"]
    for model, *documented, best in _table(register, _model_ids(provider), columns):
        if profile == "documented":
            rows.append((model, *documented, best))
            continue
        beside = _tariff_cells(provider, model.text, profile)
        rows.append((model, *(cell for pair in zip(documented, beside, strict=True) for cell in pair), best))
    return Matrix(
        name="prices",
        title="Prices, US dollars per million tokens",
        header=(*header, "best for"),
        rows=tuple(rows),
        right=tuple(range(1, len(header))),
    )


def _tariff_cells(provider: Provider, model: str, profile: str) -> list[Cell]:
    """The rates of a price profile, in the order of the columns."""
    tariff = provider.find_tariff(model, profile)
    if tariff is None:
        return [Cell(text=ABSENT) for _ in _RATES]
    tier = tariff.long_context
    cells = []
    for _, rate, _ in _RATES:
        text = show_dollars(getattr(tariff, rate))
        beyond = getattr(tier, rate, None)
        if tier is not None and beyond is not None:
            text += f"; {show_dollars(beyond)} beyond {tier.above_tokens // 1000}k"
        cells.append(Cell(text=text))
    return cells


def _tools(register: Register) -> Matrix:
    header = ("tool", "does", "US dollars", "models")
    costs = [claim for claim in register.claims if claim.kind == "tool_cost"]
    builtin = [claim for claim in register.claims if claim.kind == "builtin_tool"]
    rows = []
    for cost in costs:
        does = [claim for claim in builtin if claim.subject == cost.subject and "function" in claim.value]
        having = tuple(claim.id for claim in builtin if claim.value.get("tool") == cost.subject.id)
        models = Cell(text=str(len(having)) if having else ABSENT, claims=having)
        shown = (_cell(register, does, _value("function")), _cell(register, [cost], _fee), models)
        rows.append((Cell(text=cost.subject.id), *shown))
    return Matrix(name="tools", title="Fees for tools and images", header=header, rows=tuple(rows), right=(3,))


def _fee(claim: Claim) -> str:
    for key, unit in (("usd_per_call", "a call"), ("usd_per_image", "an image")):
        if key in claim.value:
            return f"{_amount(claim.value[key])} {unit}"
    return ABSENT


def _uses(register: Register) -> Matrix:
    rows = []
    for claim in register.claims:
        if "use_case" in claim.value:
            cell = _cell(register, [claim], _value("model"))
            rows.append((Cell(text=str(claim.value["use_case"])), cell, Cell(text=claim.provenance.section)))
    return Matrix(name="uses", title="Use cases", header=("for", "model", "where"), rows=tuple(rows))


def _hosts(register: Register) -> Matrix:
    claims = [claim for claim in register.claims if claim.kind == "host"]
    rows = tuple((Cell(text=claim.subject.id), _cell(register, [claim], _terms)) for claim in claims)
    return Matrix(name="hosts", title="Hosts", header=("of", "documented"), rows=rows)


def _terms(claim: Claim) -> str:
    """The fields of a claim's value, those left out that only repeat its subject."""
    terms = [(key, value) for key, value in claim.value.items() if value != claim.subject.id]
    return "; ".join(f"{key} {_listed(value)}" for key, value in terms) or "base URL"


def _listed(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else show_value(value)


def _endpoints(provider: Provider) -> Matrix:
    rows = []
    for row in provider.endpoints:
        texts = (row.domain, row.method, "yes" if row.available else "not yet", row.about)
        rows.append((Cell(text=row.path, claims=row.claims), *(Cell(text=text) for text in texts)))
    header = ("path", "domain", "method", "there", "for")
    return Matrix(name="endpoints", title="Endpoints of both domains", header=header, rows=tuple(rows))


def _counts(register: Register) -> Matrix:
    observables: tuple[Observable, ...] = ("wire", "arithmetic", "none")
    documents = [document.id for document in register.documents]
    kinds = sorted({claim.kind for claim in register.claims})
    rows = []
    for kind in [*kinds, "all"]:
        claims = [claim for claim in register.claims if kind in (claim.kind, "all")]
        seen = Counter(claim.observable for claim in claims)
        read = Counter(claim.provenance.document for claim in claims)
        figures = [len(claims), *(seen[each] for each in observables), *(read[each] for each in documents)]
        rows.append((Cell(text=kind), *(Cell(text=str(figure)) for figure in figures)))
    header = ("kind", "claims", *observables, *documents)
    return Matrix(name="counts", title="Claims", header=header, rows=tuple(rows), right=tuple(range(1, len(header))))
