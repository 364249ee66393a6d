import pytest

PASSAGE = "The meeting is on Tuesday at 14:30. Dr. Lindqvist will chair it. The budget is $4,500 and lunch is paid."


@pytest.mark.parametrize(
    ("turns", "answer"),
    [
        (("My name is Ada and I live in Lisbon.", "Hello!", "What is my name?"), "Ada"),
        (("My name is Ada and I live in Lisbon.", "Hello!", "Where do I live?"), "Lisbon"),
        (("Hi, I'm Bob.", "Hello Bob!", "Do you remember my name?"), "Bob"),
        (("Remember the number 7431.", "OK.", "What number did I ask you to remember?"), "7431"),
        (("The code word for today is zephyr.", "Noted.", "What was the code word?"), "zephyr"),
        (("I have a cat named Miso and a dog named Rex.", "Nice!", "What is my dog called?"), "Rex"),
        (("I am 34 years old and work as a nurse.", "Good.", "How old am I?"), "34"),
        (("We need to buy milk, eggs and flour.", "OK", "What do we need to buy?"), "milk, eggs and flour"),
        (("Tell me a fact.", "Bees dance.", "What did you just say?"), "Bees dance."),
        ((f"{PASSAGE}\n\nWho will chair the meeting?",), "Lindqvist"),
        ((f"{PASSAGE}\n\nHow much is the budget?",), "$4,500"),
        ((f"{PASSAGE}\n\nWhen is the meeting?",), "Tuesday"),
        (("Product: Lamp\nPrice: 19.99\nColour: blue\n\nWhat is the price?",), "19.99"),
        (("Passage: Lena moved to Bergen in 2011.\nQuestion: When did Lena move to Bergen?",), "2011"),
        (("The key for A is 'heron 42'. The key for B is 'fox 7'. What is the key for B?",), "fox 7"),
        (("The vault code is 99-12-X. Give me the vault code.",), "99-12-X"),
    ],
)
def test_what_was_said_earlier_is_found_again(said, turns, answer):
    assert answer in said(*turns)


def test_the_latest_word_on_a_thing_counts(said):
    drafted = said(
        "My favourite colour is green.",
        "Noted.",
        "My favourite colour is purple.",
        "OK.",
        "What is my favourite colour?",
    )

    assert "purple" in drafted
    assert "green" not in drafted


@pytest.mark.parametrize(
    "request_",
    [
        "What is the capital of France?",
        "What is my dog's name?",
        "Freedonia has three rivers. What is the capital of Freedonia?",
        "Explain photosynthesis.",
    ],
)
def test_what_was_not_said_is_not_known(said, request_):
    assert said(request_) is None


def test_a_text_that_is_silent_gives_the_reply_asked_for_then(said):
    request_ = (
        'Freedonia has three rivers. What is the capital of Freedonia? If the text does not say, reply "unknown".'
    )

    assert said(request_) == "unknown"


@pytest.mark.parametrize("place", [0.02, 0.5, 0.97])
def test_one_sentence_in_a_megabyte_is_found_and_no_pattern_searches_all_of_it(said, searches, place):
    straw = ["The old road went past the mill and nobody in the house said what the river had done."] * 12_000
    straw.insert(int(place * len(straw)), "The access code of the Meridian station is K7-441-Z.")

    drafted = said(" ".join(straw) + "\n\nWhat is the access code of the Meridian station?")

    assert "K7-441-Z" in drafted
    assert max(map(len, searches)) < 20_000


def test_a_megabyte_without_sentences_is_searched_only_around_what_is_sought(said, searches):
    straw = "the old road went past the mill and nobody said what the river had done " * 7_000

    drafted = said(f"{straw}the access code is K7-441-Z {straw}\n\nWhat is the access code?")

    assert drafted is not None
    assert max(map(len, searches)) < 20_000
