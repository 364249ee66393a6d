"""What the page of a verification must show, and what it must never let through."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_samples import (
    PROVIDER,
    VERDICTS,
    make_claim,
    make_conflict,
    make_exchange,
    make_haunted,
    make_register,
    make_verdict,
    make_verification,
)

from harness.core.verdict import Evidence
from harness.report.untrusted import visible
from harness.report.verification_page import render_verification_html

# What the templates write; nothing else may come out of them.
TAGS = re.compile(
    "html|head|meta|link|title|style|body|header|nav|main|section|article|footer|h[1-4]|p|strong|span|bdi|blockquote|"
    "ul|ol|li|a|dl|dt|dd|div|table|thead|tbody|tr|th|td|svg|rect|text|desc|details|summary|pre"
)
ATTRIBUTES = re.compile(
    "lang|charset|http-equiv|content|name|rel|href|class|id|aria-labelledby|aria-label|aria-hidden|role|tabindex|scope|"
    "open|height|width|[xy]"
)
PIECES = ["<evil>", '"evil=', "'evil='", "</pre>", "</style>", "-->", "{{ evil }}", "{% evil %}", "\n", "\0", "&lt;"]
evil_text = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=()))).map("".join)


class Parsed(HTMLParser):
    """A page taken apart: its tags, its attributes, its text, and the text of each element that has an id."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes
        if tag in ("th", "td", "li", "dt", "dd"):
            self.text.append(" ")

    def handle_data(self, text):
        self.text.append(text)

    def values(self, name):
        return [value for attribute, value in self.attributes if attribute == name]


def render(*verdicts, register=None, exchanges=(), **more):
    register = register or make_register(*(make_claim(each.claim) for each in verdicts))
    asked = {"models": tuple({each.model: None for each in verdicts if each.model is not None} or ("grok-3",))}
    return render_verification_html(make_verification(*verdicts, **asked | more), register, exchanges, PROVIDER)


def words(page):
    """The text of a page, its white space as one blank."""
    return " ".join("".join(Parsed(page).text).split())


def after(page, heading):
    """The words of one of the page's sections."""
    _, _, rest = page.partition(f'<section id="{heading}"')
    return words("<section " + rest.partition("<section id=")[0])


@settings(max_examples=30, deadline=None)
@given(text=evil_text)
def test_no_text_becomes_markup_wherever_it_stands(text):
    page = Parsed(render_verification_html(*make_haunted(text), PROVIDER))

    assert {tag for tag in page.tags if not TAGS.fullmatch(tag)} == set()
    assert {name for name, _ in page.attributes if not ATTRIBUTES.fullmatch(name)} == set()
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))


@settings(max_examples=30, deadline=None)
@given(text=evil_text)
def test_the_page_can_be_stored_and_hides_no_character(text):
    page = render_verification_html(*make_haunted(text), PROVIDER)

    assert page.encode("utf-8")
    assert visible(page) == page


@settings(max_examples=30, deadline=None)
@given(text=evil_text)
def test_every_link_leads_somewhere_and_no_id_is_given_twice(text):
    page = Parsed(render_verification_html(*make_haunted(text), PROVIDER))

    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = {name for value in page.values("aria-labelledby") for name in value.split()}
    assert {href[1:] for href in page.values("href") if href.startswith("#")} | named <= set(ids)


def test_the_same_verification_gives_the_same_bytes():
    assert render_verification_html(*make_haunted("a b"), PROVIDER) == render_verification_html(
        *make_haunted("a b"), PROVIDER
    )


def test_the_page_runs_nothing_and_fetches_nothing():
    page = render(make_verdict())

    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize(
    ("code", "word"),
    [(0, "HOLDS"), (1, "DOES NOT HOLD"), (3, "NO ANSWER"), (4, "NOT ENOUGH EVIDENCE"), (99, "NO ANSWER")],
)
def test_the_exit_code_stands_first_in_words(code, word):
    page = words(render(make_verdict(), exit_code=code))

    assert page.index(word) < page.index("What was verified")
    assert f"exit code {code}" in page


def test_a_simulation_is_marked_and_said_to_be_no_evidence_about_a_vendors_model():
    page = words(render(make_verdict(), source="xai-sim"))

    assert "Simulated: not evidence about a vendor's model." in page
    assert "xai-sim/grok-3 simulated" in page
    assert "Simulated" not in words(render(make_verdict(), simulated=False))


def test_who_answered_when_how_and_for_how_much_is_said():
    page = after(render(make_verdict(), started_at="2026-01-02T03:04:05Z", seed=7, allowed=("money",)), "run")

    for told in ("xai-sim/grok-3", "live, started 2026-01-02T03:04:05Z, seed 7", "7 requests; $0.5", "money"):
        assert told in page
    assert "cost unknown" in after(render(make_verdict(), cost_usd=None), "run")


def test_verdicts_are_counted_in_the_bar_and_in_words():
    page = render(*(make_verdict(name, f"c{at}") for at, name in enumerate([*VERDICTS, "refuted"])))

    bar = re.search(r'<desc id="counts-d">(.*?)</desc>', page)[1]
    assert bar == ("1 confirmed, 2 refuted, 1 ignored, 1 undocumented, 1 partial, 1 inconclusive, 1 not tested")
    assert sum(map(float, re.findall(r'width="([0-9.]+)%"', page))) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("verdict", ["refuted", "ignored", "undocumented", "partial"])
def test_what_does_not_hold_shows_claim_document_and_observation(verdict):
    page = after(render(make_verdict(verdict, observed="it shows in 3 of 3")), "no")

    for told in (verdict, "stop: supported", "xai-sim/grok-3", "grok-3 … ✅", "comp:96", "it shows in 3 of 3", "E3"):
        assert told in page
    assert "Nothing that was decided" in after(render(make_verdict()), "no")


def test_a_promise_whose_rival_is_confirmed_stands_apart():
    register = make_register(make_claim("a"), make_claim("b"), conflicts=[make_conflict(["a"], ["b"])])

    page = after(render(make_verdict("refuted", "a", excused=True), make_verdict(claim="b"), register=register), "no")

    assert "1 claim that another passage of the documents contradicts, where that one is confirmed" in page
    assert "1 claim" not in after(render(make_verdict("refuted", "a"), register=register), "no")


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("confirmed", "refuted", "holds: reading 1"),
        ("confirmed", "confirmed", "more than one reading was confirmed"),
        ("confirmed", "not-tested", "confirmed, the other readings undecided: reading 1"),
        ("refuted", "ignored", "no reading holds"),
        ("inconclusive", "not-tested", "not decided"),
        ("not-tested", "partial", "does not hold: reading 2"),
    ],
)
def test_both_sides_of_a_contradiction_stand_abreast_with_their_verdicts(first, second, outcome):
    register = make_register(make_claim("a"), make_claim("b"), conflicts=[make_conflict(["a"], ["b"])])
    verdicts = [make_verdict(first, "a", conflicts=("K01",)), make_verdict(second, "b")]

    page = after(render(*verdicts, register=register), "conflicts")

    assert outcome in page
    _, one, other = page.replace(outcome, "").replace("-", " ").split("reading ")
    assert first.replace("-", " ") in one
    assert second.replace("-", " ") in other


def test_a_cell_says_what_is_documented_and_what_came_of_it():
    register = make_register(make_claim("a"), make_claim("b", model="grok-4"))
    verdicts = [make_verdict("ignored", "a", flags=("flaky",), grade="E4"), make_verdict(claim="b", model="grok-4")]

    page = after(render(*verdicts, register=register), "matrices")

    assert "xai-sim/grok-3 yes ∅ ignored E4 flaky" in page
    assert "xai-sim/grok-4 yes ✓ confirmed E3" in page


def test_a_claim_about_any_model_has_its_own_verdict_in_each_row():
    register = make_register(make_claim("a"), make_claim("a", model="grok-4"))
    verdicts = [make_verdict(claim="a"), make_verdict("refuted", "a", model="grok-4")]

    page = after(render(*verdicts, register=register), "matrices")

    assert "xai-sim/grok-3 yes ✓ confirmed E3" in page
    assert "xai-sim/grok-4 yes ✗ refuted E3" in page


def test_what_is_decided_of_the_whole_api_is_shown_in_no_row_of_a_model_that_was_not_asked():
    register = make_register(make_claim("a"), make_claim("b", model="grok-4"))
    verdicts = [make_verdict(claim="a"), make_verdict(claim="b", model=None)]

    page = after(render(*verdicts, register=register), "matrices")

    assert "xai-sim/grok-3 yes ✓ confirmed E3" in page
    assert "xai-sim/grok-4 yes ✓" not in page


def test_models_that_no_catalogue_lists_have_rows_of_their_own():
    verification, register = (
        make_verification(make_verdict(model="mine"), models=("mine",)),
        make_register(make_claim(model="mine")),
    )
    anyone = replace(PROVIDER, models=(), open_models=True)

    page = after(render_verification_html(verification, register, (), anyone), "matrices")

    assert "xai-sim/mine yes ✓ confirmed E3" in page


def test_a_decided_claim_that_no_matrix_shows_stands_under_its_kind():
    page = render(make_verdict(kind="auth", documented="a bad key draws 401"), register=make_register())

    assert "auth 1 documented verdict observed a bad key draws 401" in after(page, "claims")
    assert 'id="matrices"' not in page


def test_what_was_not_asked_is_grouped_by_reason():
    reasons = ["no key", "no key", "not observable: praise", "not observable: advice", "no key"]
    verdicts = [make_verdict("not-tested", f"c{at}", observed=why, grade="E0") for at, why in enumerate(reasons)]

    page = after(render(*verdicts), "untested")

    assert "3 claims: no key" in page
    assert page.index("3 claims") < page.index("2 claims: not observable") < page.index("not observable: praise")


def test_evidence_has_every_figure_and_control_beside_treatment():
    cited = (
        Evidence(exchange="p#2", role="treatment", about="with"),
        Evidence(exchange="p#1", role="control", about="w/o"),
    )
    exchanges = [make_exchange("p#1", reply={"seen": "c"}), make_exchange("p#2", reply={"seen": "t"}, status=400)]

    page = after(render(make_verdict(evidence=cited, n=2, p=0.00078), exchanges=exchanges), "evidence")

    for told in ("decided by 2 replies", "p = 0.00078 one-sided", "2 requests, $0", "grok-3 … ✅", "column stop"):
        assert told in page
    order = ["control w/o HTTP 200", "$XAI_API_KEY", '{"seen": "c"}', "treatment with HTTP 400", '{"seen": "t"}']
    assert [page.index(told) for told in order] == sorted(page.index(told) for told in order)


def test_claims_that_rest_on_the_same_exchanges_share_them():
    verdicts = [make_verdict(claim="a", evidence=["p#1"]), make_verdict(claim="b", evidence=["p#1"])]

    page = render(*verdicts, exchanges=[make_exchange("p#1", reply=b"once and for all")])

    assert page.count("once and for all") == 1
    assert page.count('<details class="group"') == 1


def test_an_exchange_that_others_cite_too_is_written_out_once_and_linked():
    verdicts = [make_verdict(claim="a", evidence=["p#1"]), make_verdict(claim="b", evidence=["p#2", "p#1"])]

    page = render(*verdicts, exchanges=[make_exchange("p#1", reply=b"once and for all"), make_exchange("p#2")])

    assert page.count("once and for all") == 1
    assert '<a href="#x-1">shown with another claim</a>' in page


def test_six_exchanges_of_a_claim_are_shown_and_the_rest_are_counted():
    roles = ["control"] * 10 + ["treatment"] * 10
    cited = [Evidence(exchange=f"p#{at}", role=role) for at, role in enumerate(roles)]
    exchanges = [make_exchange(each.exchange, role=each.role) for each in cited]

    page = render(make_verdict(evidence=cited), exchanges=exchanges)

    assert page.count('<article class="exchange control"') == page.count('<article class="exchange treatment"') == 3
    assert "… and 14 exchanges more" in page


def test_an_exchange_that_was_not_kept_is_said_to_be_missing():
    assert "this run's exchanges do not have it" in render(make_verdict(evidence=["p#1"]))


def test_what_a_reply_says_stands_before_its_headers():
    exchange = make_exchange("p#1", reply={"says": "Oslo"}, headers=(("x-ratelimit-limit-requests", "600"),))
    text = render(make_verdict(evidence=["p#1"]), exchanges=[exchange])

    assert 0 < text.index("Oslo") < text.index("x-ratelimit-limit-requests: 600")


def test_a_long_answer_is_cut_and_says_so():
    page = render(make_verdict(evidence=["p#1"]), exchanges=[make_exchange("p#1", reply=b"z" * 5_000)])

    assert "z" * 2_000 in page
    assert "z" * 2_001 not in page
    assert "… of 5,000 bytes; the whole is in exchanges.jsonl" in page


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ({}, "'http://127.0.0.1:8080/v1/chat/completions' -H \"Authorization: Bearer $XAI_API_KEY\""),
        (
            {"domain": "management"},
            "'http://127.0.0.1:8080/chat/completions' -H \"Authorization: Bearer $XAI_MANAGEMENT_KEY\"",
        ),
        (
            {"credential": "other"},
            "'http://127.0.0.1:8080/v1/chat/completions' -H \"Authorization: Bearer $XAI_MANAGEMENT_KEY\"",
        ),
    ],
)
def test_a_curl_line_asks_where_the_exchange_was_asked_with_its_key(told, address):
    page = render(make_verdict(evidence=["p#1"]), exchanges=[make_exchange("p#1", **told)])

    assert address in words(page)


@pytest.mark.parametrize(
    ("base_url", "told", "shown"),
    [
        ("https://api.x.ai/v1", {"region": "us-east-1"}, "https://us-east-1.api.x.ai/v1/chat"),
        ("https://api.x.ai/v1", {"domain": "management"}, "https://management-api.x.ai/chat"),
        ("https://else.example/v1", {}, "$API_KEY"),
        ("https://else.example/v1", {"domain": "management"}, "$BASE_URL"),
    ],
)
def test_a_vendors_key_is_only_named_for_the_vendors_hosts_and_this_machine(base_url, told, shown):
    page = words(render(make_verdict(evidence=["p#1"]), exchanges=[make_exchange("p#1", **told)], base_url=base_url))

    assert shown in page
    assert ("$XAI_" in page) is ("else" not in base_url)


def test_a_large_verification_stays_below_six_megabytes():
    exchanges = [make_exchange(f"p@m#{at}", body=b'{"x":"' + b"y" * 3000, reply=b'{"<":1}' * 900) for at in range(1500)]
    ids = [each.id for each in exchanges]
    told = {"observed": "o" * 300}
    verdicts = [
        make_verdict("refuted", f"c{at}", evidence=(ids * 3)[at * 5 : at * 5 + 12], **told) for at in range(590)
    ]

    page = render(*verdicts, exchanges=exchanges)

    assert len(page.encode()) < 6_000_000


def test_notes_that_are_alike_are_said_once():
    page = render(make_verdict(), notes=("grok-3: canned", "grok-4: canned", "other"), models=("grok-3", "grok-4"))

    assert after(page, "run").endswith("canned all 2 models other")


def test_nothing_selected_is_a_page_all_the_same():
    assert "of 0 claims" not in words(render())


def test_every_colour_is_one_of_the_palette():
    folder = resources.files("harness.report") / "templates"
    own, palette = (folder / "verification.css").read_text("utf-8"), (folder / "style.css").read_text("utf-8")

    assert set(re.findall(r"var\(--([\w-]+)\)", own)) <= set(re.findall(r"--([\w-]+):", palette))
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|hsl", own)
