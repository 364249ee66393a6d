import pytest


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ('How many times does the letter r appear in "strawberry"?', "3"),
        ("How many r's are in strawberry?", "3"),
        ('How many letters are in the word "banana"?', "6"),
        ("Count the vowels in 'education'.", "5"),
        ("How many words are in this sentence: the cat sat on the mat", "6"),
        ("Reverse the word 'hello'.", "olleh"),
        ("Spell the word cat backwards.", "tac"),
        ('Convert "Hello World" to upper case.', "HELLO WORLD"),
        ('What is the third word in "the quick brown fox"?', "brown"),
        ("Sort these numbers in ascending order: 5, 3, 9, 1", "1, 3, 5, 9"),
        ("Arrange in descending order: 4, 11, 2", "11, 4, 2"),
        ("Sort alphabetically: pear, apple, fig", "apple, fig, pear"),
        ("Replace 'cat' with 'dog' in 'the cat sat'.", "the dog sat"),
        ("Which is larger, 9.11 or 9.9?", "9.9"),
        ("What is the smallest of 4, 17 and 12?", "4"),
        ("Is 17 prime?", "Yes"),
        ("Is 7 greater than 12?", "No"),
        ("True or false: 5 + 5 = 11.", "False"),
        ("If 10 is even, say BLUE, otherwise say RED.", "BLUE"),
        ("What comes next: 2, 4, 8, 16?", "32"),
        ("What comes next: -3, -1, 1, 3?", "5"),
        ("What comes next: 3, -6, 12, -24?", "48"),
        ("Is 1000000000039 prime?", "Yes"),
        ("Is 1000000000041 prime?", "No"),
        ("Is 3215031751 prime?", "No"),
        ("What comes next: 1, 4, 9, 16?", "25"),
        ("What comes next: 1, 1, 2, 3, 5?", "8"),
        ("What day comes after Tuesday?", "Wednesday"),
        ("Write 45 in words.", "forty-five"),
    ],
)
def test_work_on_given_words_and_numbers_is_read_off_them(said, request_, reply):
    assert said(f"No explanation, please. {request_}") == reply


def test_whether_a_number_too_large_for_a_proof_is_prime_is_left_open(said):
    assert said(f"Is {2**127 - 1} prime?") is None
    assert said(f"Is {2**127 + 1} prime?") == "No."


@pytest.mark.parametrize("numbers", ["1, 4, 9", "2, 3, 5, 9, 4"])
def test_a_row_that_shows_no_rule_is_not_continued(said, numbers):
    assert said(f"What comes next: {numbers}?") is None


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("Count the letters in the reverse of 'stone'.", "There are 5."),
        ("Write these words in reverse order: the, old, cat", "cat, old, the"),
        ("Reverse the words of 'one two', first word last", "two one"),
        ("Give the first item of this list, in alphabetical order: apple, fig, pear", "The first item is apple."),
    ],
)
def test_of_two_kinds_of_work_that_fit_counting_comes_first_and_sorting_last(said, request_, reply):
    assert said(request_) == reply
