"""How claims are named, and what contradicts them, on the page of a verification."""

from hypothesis import given
from hypothesis import strategies as st
from verification_samples import make_claim, make_conflict, make_register, make_verdict, make_verification

from harness.report.claim_views import claim_anchors, claim_views

NAMES = st.sampled_from(["a", "a b", "a-b", "é", "x" * 200, "\ud800"])
CONFLICT = make_conflict(["a", "same"], ["rival"])
REGISTER = make_register(*map(make_claim, ("a", "same", "rival")), conflicts=[CONFLICT])


def test_an_anchor_is_the_claims_name_and_the_models_where_several_were_asked():
    verdicts = [make_verdict(claim="a.b"), make_verdict(claim="c"), make_verdict(claim="c", model="grok-4")]

    assert claim_anchors(verdicts) == ("c-a.b", "c-c@grok-3", "c-c@grok-4")


@given(asked=st.lists(st.tuples(NAMES, NAMES)))
def test_no_two_verdicts_have_one_anchor_and_none_needs_escaping(asked):
    anchors = claim_anchors([make_verdict(claim=claim, model=model) for claim, model in asked])

    assert len(set(anchors)) == len(asked)
    assert all(anchor.isascii() and not set(anchor) & set(" \"'<>&#%") for anchor in anchors)


def test_a_contradiction_is_linked_where_the_page_shows_it():
    verdict = make_verdict(claim="a", conflicts=("K01", "K99"))

    (view,) = claim_views(make_verification(verdict), REGISTER)

    assert view.links == (("K01", "k-1"), ("K99", None))
