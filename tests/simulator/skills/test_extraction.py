import pytest


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("Extract all email addresses from this: write to a@example.com or b@test.org", "a@example.com, b@test.org"),
        ("List every date in this text: 'Paid on 2025-03-04, sent on 2025-03-09.'", "2025-03-04, 2025-03-09"),
        ("Find the numbers in: we sold 12 lamps, 7 chairs and 30 rugs", "12, 7, 30"),
    ],
)
def test_things_of_a_kind_are_pulled_out_of_a_text(said, request_, reply):
    assert said(request_) == reply


def test_a_summary_is_a_sentence_of_the_text(said):
    text = "It rained. Storm waves had damaged the northern pier and engineers needed time to repair it."

    assert said(f"Summarize in one sentence: {text}") == text.partition(". ")[2]
