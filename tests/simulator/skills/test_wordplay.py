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
        ("What day comes after Tuesday?", "Wednesday"),
        ("Write 45 in words.", "forty-five"),
    ],
)
def test_work_on_given_words_and_numbers_is_read_off_them(said, request_, reply):
    assert said(f"No explanation, please. {request_}") == reply
