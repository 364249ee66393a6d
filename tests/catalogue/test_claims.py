from collections import Counter

import pytest
from register_texts import REGISTER, refused

from harness.catalogue.claims import load_register, parse_register, register_schema
from harness.core.catalogue import Provider
from harness.core.errors import InputError, UsageError

XAI = Provider(name="xai", base_url="https://api.x.ai/v1", dialect="openai-chat", register="xai")
BY_KIND = {
    "alias": 4, "arithmetic": 7, "auth": 2, "builtin_tool": 23, "capability": 85, "catalogue": 57, "constraint": 42,
    "count": 1, "doc_section": 35, "endpoint": 16, "error": 4, "example": 16, "guidance": 33, "host": 7, "legend": 4,
    "metadata": 3, "parameter": 63, "pricing": 23, "rate_header": 7, "rate_limit": 40, "request_schema": 42,
    "resource": 10, "response_schema": 22, "rule": 5, "stream": 19, "tool_cost": 3, "tool_flow": 11, "tool_schema": 6,
}  # fmt: skip


@pytest.fixture(scope="module")
def xai():
    return load_register(XAI)


def test_every_claim_of_the_two_documents_is_there(xai):
    kinds = Counter(claim.kind for claim in xai.claims)
    observables = Counter(claim.observable for claim in xai.claims)
    documents = Counter(claim.provenance.document for claim in xai.claims)

    assert len(xai.claims) == len(xai.by_id) == 590
    assert kinds == BY_KIND
    assert observables == {"wire": 456, "arithmetic": 53, "none": 81}
    assert documents == {"comp": 517, "ref": 73}


def test_every_claim_says_where_it_stands_and_when_it_was_read(xai):
    sources = [claim.provenance for claim in xai.claims]

    assert all(source.section and source.lines and source.quote for source in sources)
    assert {source.read for source in sources} == {"2026-11-22"}


def test_a_quote_is_a_few_words(xai):
    fragments = [(claim.id, part) for claim in xai.claims for part in claim.provenance.quote.split(" … ")]

    assert [each for each in fragments if len(each[1]) > 62 or len(each[1].split()) > 8] == []


def test_what_no_request_can_show_says_why(xai):
    reasons = {claim.id: claim.reason for claim in xai.claims if claim.observable == "none"}

    assert len(reasons) == 81
    assert all(reasons.values())


def test_both_sides_of_each_contradiction_are_told(xai):
    contradictions = [conflict for conflict in xai.conflicts if conflict.is_contradiction]

    assert (len(xai.conflicts), len(contradictions)) == (67, 30)
    assert all(len(conflict.sides) >= 2 for conflict in contradictions)
    assert all(side.says for conflict in contradictions for side in conflict.sides)


@pytest.mark.parametrize(
    ("conflict", "one", "other"),
    [
        ("K01", "comp.pricing.grok-4-0709.input", "ref.pricing.grok-4-0709.input"),
        ("K10", "comp.rate_limit.grok-4-0709.rpm", "ref.rate_limit.grok-4-0709.rpm"),
        ("K44", "comp.capability.grok-code-fast-1.prompt_cache", "comp.capability.prompt-caching.grok-4-only"),
    ],
)
def test_claims_that_contradict_each_other_are_both_flagged(xai, conflict, one, other):
    flagged = [[each.id for each in xai.contradictions(claim)] for claim in (one, other)]

    assert all(conflict in ids for ids in flagged)


def test_a_tag_that_is_broader_than_its_contradiction_flags_nothing(xai):
    cached = xai.by_id["comp.capability.grok-3.prompt_cache"]

    assert "K44" in cached.conflicts
    assert xai.contradictions(cached.id) == ()


def test_a_contradiction_that_holds_back_some_of_its_claims_says_which_and_why(xai):
    tagged = Counter(tag for claim in xai.claims for tag in claim.conflicts)
    sided = {each.id: sum(len(side.claims) for side in each.sides) for each in xai.conflicts if each.is_contradiction}

    broader = [each for each in xai.conflicts if each.id in sided and tagged[each.id] > sided[each.id]]

    assert broader
    assert [each.id for each in broader if not each.narrowed] == []


def test_claims_come_in_the_order_of_files_and_of_claims_in_them():
    first = REGISTER.split("claims:")[1].split("  - id: b")[0].replace("id: a", "id: c").replace("rpm: 60", "rpm: 70")

    register = parse_register({"1.yaml": f"register: r\nclaims:{first}", "2.yaml": REGISTER})

    assert [claim.id for claim in register.claims] == ["c", "a", "b"]


def test_a_folder_may_hold_another_vendors_register(tmp_path):
    (tmp_path / "all.yaml").write_text(REGISTER)

    register = load_register(XAI, tmp_path)

    assert (register.provider, register.find("a").value) == ("r", {"rpm": 60})


def test_a_provider_without_a_register_is_an_error_that_says_so():
    with pytest.raises(UsageError, match="'local' has no register"):
        load_register(Provider(name="local", base_url="http://127.0.0.1/v1", dialect="openai-chat"))


@pytest.mark.parametrize("make", [lambda folder: folder, lambda folder: folder / "none"])
def test_a_folder_without_register_files_is_an_error(tmp_path, make):
    with pytest.raises(InputError, match=str(tmp_path)):
        load_register(XAI, make(tmp_path))


def test_a_file_that_cannot_be_read_as_a_register_hides_no_other_files_problems():
    broken = REGISTER.replace("observable: wire", "observable: wired")
    reasoned = REGISTER.replace("observable: wire", "observable: none")

    problems = refused({"a.yaml": broken, "b.yaml": reasoned})

    assert {(problem.path, problem.code) for problem in problems} == {
        ("a.yaml", "register-value"),
        ("b.yaml", "register-observable"),
    }


def test_what_a_broken_file_may_hold_is_not_told_as_unknown():
    claims, conflicts = REGISTER.split("conflicts:\n  - id")

    problems = refused({"a.yaml": claims, "b.yaml": f"register: r\nconflict:\n  - id{conflicts}"})

    assert [problem.location for problem in problems] == ["b.yaml:2:1"]


def test_the_schema_describes_every_field_of_a_register_file():
    schema = register_schema()

    undescribed = [
        f"{name}.{field}"
        for name, model in {"file": schema, **schema["$defs"]}.items()
        for field, described in model["properties"].items()
        if not described.get("description")
    ]
    assert undescribed == []
