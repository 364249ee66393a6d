from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness.catalogue import catalogue_schema, load_catalogues, parse_provider
from harness.core.errors import UsageError
from harness.reading import ProblemsError, read_yaml

VALID = b"""provider: acme
base_url: https://api.acme.example/v1/
dialect: openai-chat
hosts: [API.acme.example]
models:
  - id: big
    aliases: [large]
    prices: [{input: 0.1, output: 1e-1}]
"""


def test_a_price_is_the_number_that_was_written():
    provider = parse_provider(VALID, "acme.yaml")

    tariff = provider.find_tariff("large", "documented")

    assert (tariff.input, tariff.output) == (Decimal("0.1"), Decimal("0.1"))


def test_a_provider_never_claims_a_server_that_is_not_its_own():
    broken = VALID.replace(b"https://api.acme.example", b"http://127.0.0.1:80")

    with pytest.raises(ProblemsError, match="not among the provider's own hosts"):
        parse_provider(broken, "acme.yaml")


def test_all_problems_of_a_catalogue_are_told_at_once():
    broken = VALID.replace(b"dialect", b"dialekt").replace(b"id: big", b"name: big")

    with pytest.raises(ProblemsError) as refusal:
        parse_provider(broken, "acme.yaml")

    codes = {problem.code for problem in refusal.value.problems}
    assert {"catalogue-unknown-key", "catalogue-missing-key"} <= codes


def test_one_name_never_means_two_models():
    broken = VALID + b"  - id: large\n"

    with pytest.raises(ProblemsError, match="already taken by 'big'"):
        parse_provider(broken, "acme.yaml")


def test_an_unknown_provider_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError) as refusal:
        load_catalogues().provider("locl")

    assert "local" in refusal.value.remedy


def test_whatever_runs_on_loopback_may_have_any_name_and_costs_nothing():
    local = load_catalogues().provider("local")

    assert local.find_model("never-heard-of") is not None
    assert local.find_tariff("never-heard-of", "documented").output == 0


LIKE_ACME = b"""provider: acme-sim
like: acme
simulated: true
base_url: http://127.0.0.1:8000/v1
hosts: []
"""
FULL = b"""provider: acme
base_url: https://api.acme.example/v1
hosts: [api.acme.example, keys.acme.example, eu.acme.example]
regions: {eu: https://eu.acme.example/v1}
dialect: openai-chat
dialects: [anthropic-messages]
management: {base_url: https://keys.acme.example/, key_variable: ACME_ADMIN, team_variable: ACME_TEAM}
model_list: /models
register: acme
groups: {chat: [large]}
endpoints: [{name: keys, method: POST, path: "/teams/{team}/keys", domain: management, claims: [c.keys]}]
prices: [{calls: {search: 0.005}, claims: {calls.search: c.search}}]
models:
  - id: big
    aliases: [large]
    prices:
      - input: 2
        output: 4
        long_context: {above_tokens: 1000, input: 3}
        claims: {input: c.input, long_context.input: c.tier}
        provenance: {document: Price list, section: Models, lines: "3,5-6", quote: $2, read: 2026-11-22}
  - id: painter
    makes: image
    prices: [{image: 0.07}]
"""


def problems_of(text):
    with pytest.raises(ProblemsError) as refusal:
        parse_provider(text, "acme.yaml")
    return refusal.value.problems


def test_a_file_says_how_to_reach_both_apis_of_a_provider():
    provider = parse_provider(FULL, "acme.yaml")

    assert (provider.management.base_url, provider.management.team_variable) == (
        "https://keys.acme.example",
        "ACME_TEAM",
    )
    assert (provider.dialects, provider.model_list, provider.register) == (("anthropic-messages",), "/models", "acme")
    assert [(row.method, row.domain, row.available) for row in provider.endpoints] == [("POST", "management", True)]


def test_a_price_carries_its_tier_its_claims_and_where_it_stands():
    tariff = parse_provider(FULL, "acme.yaml").find_tariff("large", "documented")

    assert (tariff.long_context.above_tokens, tariff.long_context.input) == (1000, Decimal(3))
    assert tariff.claims["long_context.input"] == "c.tier"
    assert (tariff.provenance.lines, tariff.provenance.quote) == ("3,5-6", "$2")


def test_a_tool_that_the_provider_runs_costs_the_same_whichever_model_calls_it():
    big, painter = parse_provider(FULL, "acme.yaml").models

    assert (big.tariffs[0].calls, big.tariffs[0].claims["calls.search"]) == ({"search": Decimal("0.005")}, "c.search")
    assert painter.tariffs[0].calls == {}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[large]}", "[lagre]}", "group 'chat' names 'lagre'"),
        (
            "management: {base_url: https://keys",
            "management: {base_url: https://kyes",
            "'kyes.acme.example' is not among",
        ),
        ("eu: https://eu", "eu: https://ue", "'ue.acme.example' is not among"),
        ("claims: [c.keys]}]", "}, {name: keys, method: GET, path: /keys}]", "endpoint 'keys' is listed twice"),
        ("claims: [c.keys]}]", "}, {name: k, domain: management, method: POST, path: '/teams/{team}/keys'}]", "twice"),
        ("[{image: 0.07}]", "[{image: 0.07}, {image: 0.08}]", "profile 'documented' is given twice"),
        ("{input: c.input,", "{inptu: c.input,", "the rate 'inptu', which is not given"),
        ("{calls.search: c", "{calls.serach: c", "the rate 'calls.serach', which is not given"),
        ("above_tokens: 1000", "above_tokens: 0", "must be at least 1"),
        ("input: 2", "input: true", "expected a number of dollars"),
        ("register: acme", "about: acme", "claims are cited, and this provider has no register"),
        ("dialect: openai-chat", "about: acme", "missing key 'dialect'"),
        ("id: painter", "id: large", "already taken by 'big'"),
    ],
)
def test_what_a_file_may_not_say_is_told_at_its_place(old, new, words):
    problems = problems_of(FULL.replace(old.encode(), new.encode()))

    assert any(words in problem.message for problem in problems)
    assert all(problem.code.startswith("catalogue-") for problem in problems)


def test_a_rule_of_names_is_told_where_the_name_stands():
    (problem,) = problems_of(FULL.replace(b"[large]}", b"[lagre]}"))

    assert (problem.line, problem.column) == (10, 17)
    assert "'large'" in problem.remedy


def test_a_group_may_name_a_model_that_is_not_listed_where_any_may_be_served():
    provider = parse_provider(FULL.replace(b"[large]}", b"[unlisted]}\nopen_models: true"), "acme.yaml")

    assert provider.groups == {"chat": ("unlisted",)}


def test_a_management_endpoint_needs_a_management_api():
    without = FULL.replace(b"management: {", b"# {")

    assert any("management domain" in problem.message for problem in problems_of(without))


def with_files(folder, *texts):
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    return load_catalogues(paths)


def test_a_file_that_is_like_another_shares_what_it_does_not_name(tmp_path):
    catalogues = with_files(tmp_path, LIKE_ACME, VALID)

    acme, simulated = catalogues.provider("acme"), catalogues.provider("acme-sim")

    assert (simulated.models, simulated.dialect) == (acme.models, acme.dialect)
    assert (simulated.simulated, simulated.hosts, simulated.base_url) == (True, (), "http://127.0.0.1:8000/v1")
    assert not acme.simulated


def test_addresses_and_keys_are_never_shared(tmp_path):
    likeness = LIKE_ACME.replace(b"hosts: []\n", b"")

    with pytest.raises(ProblemsError) as refusal:
        with_files(tmp_path, FULL, likeness)

    refused = {problem.message.split("'")[3] for problem in refusal.value.problems}
    assert refused == {"hosts", "regions", "management"}


@pytest.mark.parametrize(
    ("like", "words"),
    [
        ("acme-sim", "cannot be like itself"),
        ("other", "'other' is itself like 'acme-sim'"),
        ("amce", "no catalogue describes a provider 'amce'"),
    ],
)
def test_a_likeness_has_one_step_and_an_end(tmp_path, like, words):
    first = LIKE_ACME.replace(b"like: acme", f"like: {like}".encode())
    second = LIKE_ACME.replace(b"acme-sim", b"other").replace(b"like: acme", b"like: acme-sim")

    with pytest.raises(ProblemsError, match=words):
        with_files(tmp_path, VALID, first, second)


def test_what_a_likeness_changes_is_checked_with_what_it_shares(tmp_path):
    changed = LIKE_ACME + b"regions: {}\nmanagement: null\nmodels: [{id: other}]\nendpoints: []\n"

    with pytest.raises(ProblemsError, match="group 'chat' names 'large'"):
        with_files(tmp_path, FULL, changed)


def test_the_shipped_files_are_what_the_schema_describes():
    checker = Draft202012Validator(catalogue_schema())
    folder = files("harness.catalogue") / "providers"

    found = [read_yaml(entry.read_bytes(), entry.name).value for entry in folder.iterdir()]

    assert [error.message for each in found for error in checker.iter_errors(each)] == []
    assert not checker.is_valid({"provider": "acme", "base_url": "https://acme.example"})


@pytest.mark.parametrize(
    "url",
    ["https://[::1", "https://api\u2100x.example", "https://me:pw@api.acme.example", "https://h:99999", "https:///v1"],
)
@pytest.mark.parametrize("place", ["base_url: {}", "regions: {{far: '{}'}}"])
def test_an_address_that_cannot_be_asked_is_a_problem_at_its_place(url, place):
    own = "" if place.startswith("base_url") else "base_url: http://127.0.0.1/v1\n"
    text = f"provider: acme\ndialect: openai-chat\n{own}{place.format(url)}\n"

    with pytest.raises(ProblemsError, match="is not a URL that can be asked"):
        parse_provider(text.encode(), "acme.yaml")


@pytest.mark.parametrize(
    "line", ["auth_header: ''", 'auth_header: "a: b"', 'auth_prefix: "B\\r\\nX-Y: 1"', "auth_prefix: “"]
)
def test_what_no_header_can_carry_is_refused(line):
    with pytest.raises(ProblemsError, match="must match the pattern"):
        parse_provider(VALID + line.encode() + b"\n", "acme.yaml")


def test_a_catalogue_that_never_ends_is_refused():
    with pytest.raises(ProblemsError, match="larger than 10 MB"):
        load_catalogues([Path("/dev/zero")])
