"""What the page must show, and what it must never let through."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.chat import Message
from harness.core.check import Finding
from harness.core.reply import Reply
from harness.report import render_html
from harness.report.kept import WHOLE_TRIALS
from harness.report.untrusted import visible

# What the templates write; nothing else may come out of them.
TAGS = re.compile(
    "html|head|meta|link|title|style|body|header|nav|main|section|article|figure|figcaption|footer|h[1-4]|p|strong|span|"
    "bdi|ul|li|a|br|dl|dt|dd|div|table|thead|tbody|tr|th|td|svg|rect|line|desc|details|summary|pre|img"
)
ATTRIBUTES = re.compile(
    "lang|charset|http-equiv|content|name|rel|href|class|id|aria-label|aria-labelledby|aria-hidden|role|tabindex|scope|"
    "colspan|open|alt|src|data-name|height|width|[xy][12]?"
)
PIECES = [
    "<evil>",
    '"evil=',
    "'evil='",
    "</pre>",
    "</style>",
    "-->",
    "<![CDATA[",
    "{{ evil }}",
    "{% evil %}",
    "\n",
    "\0",
]
evil_text = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=()))).map("".join)


class Parsed(HTMLParser):
    """A page taken apart: its tags, its attributes and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, text):
        self.text.append(text)

    def values(self, name):
        return [value for attribute, value in self.attributes if attribute == name]


@settings(max_examples=40, deadline=None)
@given(text=evil_text)
def test_no_text_becomes_markup_wherever_it_stands(haunted, text):
    page = Parsed(render_html(haunted(text), title=text))

    assert all(map(TAGS.fullmatch, page.tags))
    assert all(ATTRIBUTES.fullmatch(name) for name, _ in page.attributes)
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert all(src.startswith("data:image/png;base64,") for src in page.values("src"))


@settings(max_examples=40, deadline=None)
@given(text=evil_text)
def test_the_page_can_be_stored_and_hides_no_character(haunted, text):
    page = render_html(haunted(text), title=text)

    assert page.encode("utf-8")
    assert visible(page) == page


@settings(max_examples=20, deadline=None)
@given(text=evil_text.filter(str.strip))
def test_a_reply_is_shown_whole(run_of, trial, exchange, text):
    page = Parsed(render_html(run_of(trial(exchanges=[exchange(text)])), title="t"))

    assert visible(text) in "".join(page.text)


def test_the_same_run_gives_the_same_bytes(haunted):
    assert render_html(haunted("x"), title="t") == render_html(haunted("x"), title="t")


def test_every_link_leads_somewhere_and_no_id_is_given_twice(haunted, trial, run_of):
    for run in (haunted("a b"), run_of(trial(case="a"), trial(case="b", row="1"), trial("fail", target="u"))):
        page = Parsed(render_html(run, title="t"))

        assert len(page.values("id")) == len(set(page.values("id")))
        assert {href[1:] for href in page.values("href") if href.startswith("#")} <= set(page.values("id"))


def test_the_page_runs_nothing_and_fetches_nothing(haunted):
    page = render_html(haunted("x"), title="t")

    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize(("outcome", "word"), [("pass", "PASS"), ("fail", "FAIL"), ("error", "NO ANSWER")])
def test_the_decision_stands_first_in_words(trial, run_of, outcome, word):
    page = render_html(run_of(trial(outcome)), title="t")

    assert page.index(word) < page.index("What was run")


def test_the_first_case_that_did_not_pass_is_a_step_away(trial, run_of):
    page = render_html(run_of(trial(case="a"), trial("fail", case="b"), trial("error", case="c")), title="t")

    (anchor,) = re.findall(r'<a href="#([^"]+)">First that did not pass, of 2</a>', page)
    assert page.index(f'id="{anchor}"') < page.index("</bdi></h3>", page.index(f'id="{anchor}"'))
    assert "First that" not in render_html(run_of(trial()), title="t")


def test_simulated_answers_are_marked_as_no_evidence(trial, run_of):
    warning = "Simulated: not evidence about a vendor&#39;s model"
    simulated = render_html(run_of(trial(simulated=True)), title="t").replace("'", "&#39;")

    assert warning in simulated
    assert "simulated</span>" in simulated
    assert "Simulated:" not in render_html(run_of(trial()), title="t")


def test_a_very_long_reply_is_cut_and_says_so(trial, exchange, run_of):
    page = render_html(run_of(trial(exchanges=[exchange("z" * 25_000)])), title="t")

    assert "z" * 20_000 in page
    assert "z" * 20_001 not in page
    assert "5,000 characters more; the whole is in records.jsonl" in page


def test_a_cost_that_is_not_known_is_shown_as_unknown(trial, exchange, run_of):
    page = render_html(run_of(trial(exchanges=[exchange("hello")])), title="t")

    assert "cost unknown" in page
    assert "$0" not in page


def test_a_newline_that_begins_a_reply_survives_the_parser(trial, exchange, run_of):
    page = render_html(run_of(trial(exchanges=[exchange("\nfirst")])), title="t")

    assert '<pre class="said">\n\nfirst</pre>' in page


def test_repeats_are_counted_in_the_matrix(trial, run_of):
    records = [trial("pass" if index else "fail", index=index, at_least=2) for index in range(3)]

    page = render_html(run_of(*records), title="t")

    assert "2 of 3</span></a>" in page


def test_a_finding_shows_what_was_expected_and_what_was_seen(trial, run_of):
    finding = Finding(check="contains", status="fail", expected="the sea", seen="a lake")

    page = "".join(Parsed(render_html(run_of(trial("fail", findings=((finding,),))), title="t")).text)

    assert page.index("the sea") < page.rindex("a lake")


def test_charts_have_a_title_and_a_description(trial, exchange, run_of):
    page = render_html(run_of(trial(exchanges=[exchange(ms=5, cost="1")])), title="t")

    assert page.count("<svg") == page.count('role="img"') == page.count("<desc") == 3
    assert "Quality of t</title>" in page
    assert "100 %, 1 of 1; 0 errors of 1</desc>" in page


def test_a_list_beyond_all_measure_is_cut_and_says_so(trial, exchange, run_of):
    reply = Reply(alternatives=tuple("abc" * 100))

    page = render_html(run_of(trial(exchanges=[exchange(reply=reply)])), title="t")

    assert "… 200 more; all are in records.jsonl" in page


def test_what_all_trials_of_a_case_were_told_is_shown_once(trial, run_of):
    said = ((Message(role="user", text="the question"),),)

    page = render_html(run_of(trial(said=said), trial(said=said, target="u")), title="t")

    assert page.count("the question") == 1


def large(trial, run_of, **told):
    """A run that is too large to be shown whole, its last case failing."""
    outcomes = ["pass"] * WHOLE_TRIALS + ["fail"]
    return run_of(*(trial(outcome, case=str(i), **told) for i, outcome in enumerate(outcomes)))


def test_a_large_page_says_how_much_of_the_run_it_shows_and_where_the_rest_is(trial, run_of):
    page = render_html(large(trial, run_of), title="t")

    assert "<strong>201 of 501 trials</strong> are shown, from 201 of 501 cases: those that failed, then the" in page
    assert "each is a line of records.jsonl" in page
    assert page.count("<article") == 201


def test_a_large_page_begins_with_what_failed(trial, run_of):
    page = render_html(large(trial, run_of), title="t")

    failed, passed = page.index("Failed: all of 1 case"), page.index("Passed, or skipped: 200 of 500 cases")
    assert failed < page.index('<article class="case" id="case-s-500"') < passed


def test_links_of_a_large_page_lead_somewhere(trial, run_of):
    page = Parsed(render_html(large(trial, run_of), title="t"))

    assert {href[1:] for href in page.values("href") if href.startswith("#")} <= set(page.values("id"))


def test_a_page_has_an_end_however_hard_its_texts_are_to_show(trial, exchange, run_of):
    page = render_html(large(trial, run_of, exchanges=[exchange("\0" * 2_000)]), title="t")

    assert len(page) < 3_000_000
    assert 1 <= page.count("<article") < 201


def test_repeats_that_are_not_shown_are_counted(trial, run_of):
    page = render_html(run_of(*(trial(index=i) for i in range(WHOLE_TRIALS + 1))), title="t")

    assert "498 more trials of <bdi>t</bdi> not shown; all are in records.jsonl" in page


def test_an_engine_for_templates_is_not_loaded_before_a_page_is_made():
    code = "import sys, harness.report.page; sys.exit('jinja2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
