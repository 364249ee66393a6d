import pytest


@pytest.mark.parametrize(
    ("request_", "label"),
    [
        ("Classify the sentiment as positive, negative or neutral: I love this phone!", "positive"),
        ("Is this review positive or negative?\nThe food was cold and the service was terrible.", "negative"),
        ("Is this review positive or negative? It is not good at all.", "negative"),
        (
            'What is the sentiment of "This is the worst day ever"? Reply with Positive, Negative, or Neutral.',
            "Negative",
        ),
        ("Classify: 'The delivery arrived on Tuesday.' Labels: positive, negative, neutral", "neutral"),
        ("Choose one of [billing, technical, account]: I cannot reset my account password", "account"),
        ("Classify this into one of the categories billing, shipping or returns: 'I was billed twice'", "billing"),
        ("Label the text (spam/ham): this spam is about watches", "spam"),
    ],
)
def test_one_of_the_offered_labels_is_chosen_as_it_is_spelled(said, request_, label):
    assert said(request_) == label


def test_labels_may_stand_in_the_system_prompt(said):
    drafted = said("It broke on day one and they were rude.", system="Classify each message as happy or angry.")

    assert drafted == "angry"
