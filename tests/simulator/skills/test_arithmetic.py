from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.skills.expressions import worked

NUMBERS = st.integers(0, 999).map(str)


def expressions():
    def deeper(inner):
        operators = st.sampled_from([" + ", "-", " * ", "+", " - ", "*", "/"])
        joined = st.tuples(inner, operators, inner).map("".join)
        return joined | inner.map(lambda text: f"({text})")

    return st.recursive(NUMBERS, deeper, max_leaves=8).filter(lambda text: any(c in "+-*/" for c in text))


def value_of(text):
    """Python's own arithmetic on the same text, exact."""
    exact = "".join(f"Fraction({part})" if part.isdigit() else part for part in split_digits(text))
    return eval(exact, {"Fraction": Fraction})  # noqa: S307 - the text is made here, of digits and operators


def split_digits(text):
    parts = [""]
    for c in text:
        if parts[-1] and parts[-1].isdigit() == c.isdigit():
            parts[-1] += c
        else:
            parts.append(c)
    return parts


@given(text=expressions())
def test_an_expression_has_the_value_that_python_gives_it(text):
    try:
        expected = value_of(text)
    except ZeroDivisionError:
        return

    assert worked(f"What is {text}?").value == expected


@given(text=st.text(alphabet="0123456789+-*/^()!% .,abx", max_size=60))
def test_no_text_of_digits_and_signs_is_too_much_for_the_parser(text):
    found = worked(text)

    assert found is None or found.operations > 0


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("What is 17 times 23?", "391"),
        ("What's 17 + 25?", "42"),
        ("Compute (3 + 4) * 5 - 2^3", "27"),
        ("12 × 12 =", "144"),  # noqa: RUF001 - a sign
        ("Add 4 to 9", "13"),
        ("Please subtract 15 from 40.", "25"),
        ("What is 1,250 minus 375?", "875"),
        ("How much is one hundred and twenty divided by eight?", "15"),
        ("What is 15% of 240?", "36"),
        ("What is the square root of 144?", "12"),
        ("What is 7 factorial?", "5040"),
        ("Calculate 2 to the power of 10.", "1024"),
        ("what is 25 squared", "625"),
        ("What is the remainder when 17 is divided by 5?", "2"),
        ("What is the average of 4, 8 and 15?", "9"),
        ("What is 100 divided by 7, rounded to two decimal places?", "14.29"),
        ("What is 10 divided by 4?", "2.5"),
        ("Divide 144 by 12 and then add 5.", "17"),
        ("Start with 7, double it, then subtract 3. What do you get?", "11"),
        ("Take 10, subtract 4, multiply by 3 and divide by 2. What is the result?", "9"),
        ("Solve for x: 3x + 4 = 19", "5"),
        ("what is 12345678901234567890 * 98765432109876543210", "1219326311370217952237463801111263526900"),
    ],
)
def test_arithmetic_in_many_phrasings_comes_out_right(said, request_, answer):
    assert said(f"{request_} Answer with only the number.") in {answer, f"x = {answer}"}


@pytest.mark.parametrize(
    ("story", "answer"),
    [
        ("Alice has 3 apples. She buys 5 more and gives 2 to Bob. How many apples does she have?", "6"),
        ("A train travels at 60 km/h for 3 hours. How far does it go?", "180"),
        ("A shirt costs $40 and is discounted by 25%. What is the final price?", "30"),
        ("There are 12 boxes with 8 pencils each. How many pencils are there in total?", "96"),
        ("Tom had 20 marbles. He lost half of them and then found 3. How many marbles does he have now?", "13"),
        ("If 24 sweets are shared equally among 6 children, how many does each get?", "4"),
        ("He has 5 balls. He buys 2 more cans. Each can has 3 balls. How many balls does he have now?", "11"),
        ("A bakery made 24 cakes and sold 15. In the afternoon it baked 10 more. How many cakes are there now?", "19"),
        ("Tim reads 20 pages a day for 5 days. How many pages does he read?", "100"),
    ],
)
def test_a_story_whose_arithmetic_is_spelled_out_is_followed(said, story, answer):
    assert said(story) == f"The answer is {answer}."


def test_what_follows_refers_to_the_last_result(said):
    assert said("What is 2 + 2?", "2 + 2 = 4", "Add 3 to that.") == "The answer is 7."


@pytest.mark.parametrize(
    "expression",
    ["9^9^9^9", "1/0", "99999!", "(" * 500 + "1+1", "3 + 4 + 1/0", "9^9^9^9 + 3 + 4", "5 * 9^9^9 * 2 * 3", "7 mod 0"],
)
def test_what_is_too_large_or_has_no_value_is_not_worked_out_nor_is_a_part_of_it(said, expression):
    assert said(f"What is {expression}?") is None


def test_what_stands_beside_an_expression_without_a_value_is_worked_out(said):
    assert said("I have 500! What is 3 + 4?") == "3 + 4 = 7"
