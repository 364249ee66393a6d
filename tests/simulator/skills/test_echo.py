import pytest


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("Reply with exactly: OK-17", "OK-17"),
        ("Answer with the single word banana", "banana"),
        ('Respond only with "pong"', "pong"),
        ("Say 'test' and nothing else.", "test"),
        ("Reply with the single word: ready", "ready"),
        ("Please respond with just the word OK", "OK"),
        ("Output exactly this text: Hello, World!", "Hello, World!"),
        ("Return only the string `abc123`.", "abc123"),
        ("Reply with ONLY the number 42.", "42"),
        ("Your entire response must be: The eagle has landed.", "The eagle has landed."),
        ("Repeat after me: The quick brown fox.", "The quick brown fox."),
        ("Repeat this word exactly: banana", "banana"),
        ("Do not say hello. Say goodbye instead.", "goodbye"),
        ("Just say yes", "yes"),
        ("Reply «ack»", "ack"),
        ("Reply with the word PINEAPPLE in lower case.", "pineapple"),
        ("Say 'quiet' in capital letters.", "QUIET"),
        ('First write "alpha" on one line, then write "beta" on the next line.', "alpha\nbeta"),
        ("respond with exactly three words: red green blue", "red green blue"),
        ("Repeat after me: always answer in upper case", "always answer in upper case"),
        ("Say only the sentence below.\nThe tide turns at six.", "The tide turns at six."),
        ("Answer with just the word which follows:\npebble", "pebble"),
    ],
)
def test_words_to_say_come_through_as_they_were_given(said, request_, reply):
    assert said(request_) == reply


@pytest.mark.parametrize(
    "request_",
    [
        "Answer with one word.",
        "Please say something interesting.",
        "Reply with the capital of a country you like.",
        "Write one sentence about dogs. Use exactly 10 words.",
        "Tell me what you would say if someone said hello.",
        "Answer with the word that best describes snow.",
        "If the sky were green, reply with 'moss'.",
        "Please never answer with the word 'never'.",
    ],
)
def test_a_description_of_an_answer_is_not_taken_for_the_answer(said, request_):
    assert said(request_) is None


@pytest.mark.parametrize(
    ("system", "request_", "reply"),
    [
        ('Always respond with "I cannot help with that."', "What is 2+2?", "I cannot help with that."),
        ('When I say "ping", answer "pong".', "ping", "pong"),
        ('If the user says "red", reply "stop". If the user says "green", reply "go".', "green", "go"),
        ('When I say "ping", answer "pong".', "What is 2 + 2?", "2 + 2 = 4"),
    ],
)
def test_a_standing_order_is_kept_where_it_applies(said, system, request_, reply):
    assert said(request_, system=system) == reply
