"""What a vendor documents, laid out as the vendor lays it out: tables made from claims, each cell naming its claims.

It stands apart from the command line so that a page may show the same tables.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from harness.catalogue.cells import (
    ABSENT,
    ANY,
    Cell,
    Column,
    Matrix,
    Rival,
    cell_of,
    has,
    rows_of,
    show_amount,
    show_value,
    value_of,
)
from harness.catalogue.price_matrix import build_prices, show_window
from harness.catalogue.protocol_matrices import build_protocol
from harness.core.catalogue import Provider
from harness.core.claims import Claim, Observable, Register

__all__ = ["Cell", "Matrix", "build_matrices"]


def build_matrices(register: Register, provider: Provider, profile: str = "documented") -> tuple[Matrix, ...]:
    """Every table that the register has claims for, in the order of a reader's questions.

    profile  a price profile of the provider's file, shown beside the documented prices where it is another
    """
    matrices = (
        _models(register, provider),
        _capabilities(register, provider),
        _parameters(register, provider),
        _limits(register, provider),
        build_prices(register, provider, profile),
        _tools(register),
        _uses(register),
        _hosts(register),
        _endpoints(register, provider),
        *build_protocol(register),
        _counts(register),
    )
    return tuple(matrix for matrix in matrices if matrix.rows)


def _model_ids(provider: Provider) -> list[str]:
    """The provider's models, and whichever is asked, of which a contract without models speaks."""
    return [*(model.id for model in provider.models), ANY]


def _models(register: Register, provider: Provider) -> Matrix:
    kind = "catalogue"

    def position(subject: str, claim: Claim) -> str:
        if "position" not in claim.value:
            return ""
        model = provider.find_model(claim.subject.id)
        return show_value(claim.value["position"]) if model and model.id == subject else f"{claim.subject.id} instead"

    def dated(_: str, claim: Claim) -> str:
        return f"by {claim.value['last_updated']}" if "last_updated" in claim.value else ""

    columns = [
        Column(belongs=has(kind, "version_label"), show=value_of("version_label")),
        Column(belongs=has(kind, "status"), show=value_of("status"), rival=position),
        Column(belongs=has(kind, "context_tokens"), show=show_window),
        Column(belongs=has(kind, "released"), show=value_of("released"), rival=dated),
    ]
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
        other = _named(register, text or ABSENT, [claim.id for claim in aliases])
        found = rows_of(register, [subject], columns)
        rows.append((*(found[0] if found else (Cell(text=subject), *[Cell(text=ABSENT)] * len(columns))), other))
    header = ("model", "version", "status", "context", "released", "other names")
    return Matrix(name="models", title="Models", header=header, rows=tuple(rows))


def _named(register: Register, text: str, claims: Iterable[str]) -> Cell:
    """A text of our own for some claims, with the contradictions that they have a part in."""
    names = tuple(claims)
    conflicts = {conflict.id for name in names for conflict in register.contradictions(name)}
    return Cell(text=text, claims=names, conflicts=tuple(sorted(conflicts)))


def _capabilities(register: Register, provider: Provider) -> Matrix:
    models = _model_ids(provider)
    kinds = dict.fromkeys(
        str(claim.value["capability"])
        for claim in register.claims
        if claim.kind == "capability" and "capability" in claim.value and claim.subject.id in models
    )

    def column(name: str) -> Column:
        def rival(subject: str, claim: Claim) -> str:
            if f"{name}_only" in claim.value and subject in _names(claim.value.get("excludes")):
                return "no"
            allowed = _names(claim.value.get("allowed"))
            return f"only {', '.join(allowed)}" if allowed else ""

        return Column(
            belongs=lambda claim: claim.kind == "capability" and claim.value.get("capability") == name,
            show=value_of("value"),
            rival=rival,
        )

    rows = rows_of(register, models, [column(name) for name in kinds])
    header = ("model", *(name.replace("_", " ") for name in kinds))
    return Matrix(name="capabilities", title="Capabilities", header=header, rows=rows)


def _names(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


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

    def rival(name: str) -> Rival:
        def says(_: str, claim: Claim) -> str:
            params = claim.value.get("params")
            if not isinstance(params, Mapping) or name not in params:
                return ""
            return {"accepted": "yes", "error": "no, error"}.get(str(claim.value.get("effect")), "")

        return says

    def show(claim: Claim) -> str:
        if claim.value.get("support") == "supported":
            return "yes"
        return "no, error" if (claim.subject.id, str(claim.value["param"])) in errors else "no"

    def column(name: str) -> Column:
        return Column(
            belongs=lambda claim: claim.kind == "parameter" and claim.value.get("param") == name,
            show=show,
            rival=rival(name),
        )

    rows = rows_of(register, models, [column(name) for name in names])
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
        Column(belongs=has(kind, "tpm"), show=value_of("tpm")),
        Column(
            belongs=lambda claim: (
                claim.kind == kind and ("rpm" in claim.value or {"rpm_min", "rpm_max"} <= set(claim.value))
            ),
            show=requests,
        ),
        Column(belongs=has(kind, "concurrent"), show=value_of("concurrent")),
    ]
    rows = rows_of(register, [*hosts, *_model_ids(provider)], columns)
    header = ("model", "tokens/minute", "requests/minute", "at once")
    return Matrix(name="limits", title="Rate limits", header=header, rows=rows, right=(1, 2, 3))


def _tools(register: Register) -> Matrix:
    header = ("tool", "does", "US dollars", "models")
    costs = [claim for claim in register.claims if claim.kind == "tool_cost"]
    builtin = [claim for claim in register.claims if claim.kind == "builtin_tool"]
    rows = []
    does = Column(belongs=has("builtin_tool", "function"), show=value_of("function"))
    for cost in costs:
        functions = [claim for claim in builtin if claim.subject == cost.subject and does.belongs(claim)]
        having = tuple(claim.id for claim in builtin if claim.value.get("tool") == cost.subject.id)
        # The price of an image is also given with the endpoint, for its model.
        drawing = [claim for claim in register.claims if "usd_per_image" in cost.value and _is_image_price(claim)]
        having += tuple(claim.id for claim in drawing)
        fee = cell_of(register, [cost, *drawing], _FEE)
        models = Cell(text=str(len(having)) if having else ABSENT, claims=having)
        rows.append((Cell(text=cost.subject.id), cell_of(register, functions, does), fee, models))
    return Matrix(name="tools", title="Fees for tools and images", header=header, rows=tuple(rows), right=(3,))


def _is_image_price(claim: Claim) -> bool:
    return claim.kind == "pricing" and "usd_per_image" in claim.value


def _fee(claim: Claim) -> str:
    for key, unit in (("usd_per_call", "a call"), ("usd_per_image", "an image")):
        if key in claim.value:
            return f"{show_amount(claim.value[key])} {unit}"
    return ABSENT


def _untold(_: str, claim: Claim) -> str:
    """What a formula for the total says against a fee: it has no term for it."""
    return "not in the total" if "total_cost" in claim.value else ""


_FEE = Column(belongs=has("tool_cost", "usd_per_call"), show=_fee, rival=_untold)


def _uses(register: Register) -> Matrix:
    rows = []
    for claim in register.claims:
        if "use_case" in claim.value:
            column = Column(belongs=has(claim.kind, "use_case"), show=value_of("model"))
            cell = cell_of(register, [claim], column)
            rows.append((Cell(text=str(claim.value["use_case"])), cell, Cell(text=claim.provenance.section)))
    return Matrix(name="uses", title="Use cases", header=("for", "model", "where"), rows=tuple(rows))


def _hosts(register: Register) -> Matrix:
    claims = [claim for claim in register.claims if claim.kind == "host"]
    column = Column(belongs=lambda _: False, show=_terms, rival=lambda _, claim: f"{claim.subject.id}: {_terms(claim)}")
    rows = tuple((Cell(text=claim.subject.id), cell_of(register, [claim], column)) for claim in claims)
    return Matrix(name="hosts", title="Hosts", header=("of", "documented"), rows=rows)


def _terms(claim: Claim) -> str:
    """The fields of a claim's value, those left out that only repeat its subject."""
    terms = [(key, value) for key, value in claim.value.items() if value != claim.subject.id]
    return "; ".join(f"{key} {_listed(value)}" for key, value in terms) or "base URL"


def _listed(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else show_value(value)


def _endpoints(register: Register, provider: Provider) -> Matrix:
    rows = []
    for row in provider.endpoints:
        texts = (row.domain, row.method, "yes" if row.available else "not yet", row.about)
        rows.append((_named(register, row.path, row.claims), *(Cell(text=text) for text in texts)))
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
