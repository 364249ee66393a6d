import pytest


@pytest.mark.parametrize(
    ("system", "request_", "reply"),
    [
        ("Always answer in upper case.", "Say yes.", "YES"),
        ("Use lower case only.", "Reply with the word TIGER.", "tiger"),
        ("Answer in one word.", "What is the sum of 8 and 9?", "17"),
        ("End every reply with DONE", "Say hi", "hi DONE"),
        ('You are a pirate. End each response with "Over."', "What is 5 * 5?", "5 × 5 = 25 Over."),  # noqa: RUF001 - a sign
        ('Start every reply with "Sure:"', "What is 6 times 7?", "Sure: 6 × 7 = 42"),  # noqa: RUF001 - a sign
        ("You are a pirate.", "Say yes.", "yes"),
        ("Always answer in upper case.", "Reply in lower case: what letters are 'AB'? Say 'AB'.", "ab"),
    ],
)
def test_the_system_prompt_decides_how_a_reply_is_worded_unless_the_request_does(said, system, request_, reply):
    assert said(request_, system=system) == reply


@pytest.mark.parametrize(
    "condition",
    [
        "Answer with only the number.",
        "Reply with just the result.",
        "Number only.",
        "No explanation.",
        "Do not explain.",
        "Answer in one word.",
        "Give the answer only",
        "Reply with the number and nothing else.",
    ],
)
def test_a_wish_for_the_bare_answer_leaves_the_sentence_out(said, condition):
    assert said(f"What is 17 times 23? {condition}") == "391"


def test_a_word_limit_cuts_the_reply(said):
    drafted = said("Repeat after me: one two three four five six. Use at most 3 words.", system="")

    assert drafted == "one two three four five six. Use at most 3 words."
    assert said("What is my plan? My plan is to walk slowly home today. Use at most 4 words.") == "Your plan is to"
