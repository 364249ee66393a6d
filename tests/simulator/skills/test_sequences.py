import pytest


def row(first, last, step=1, joint=", "):
    return joint.join(str(n) for n in range(first, last + (1 if step > 0 else -1), step))


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("Count from 3 to 40.", row(3, 40)),
        ("count up to 12", row(1, 12)),
        ("Please count down from 20 to 11", row(20, 11, -1)),
        ("Count backwards from 10.", row(10, 1, -1)),
        ("Could you count to 30 by threes?", row(3, 30, 3)),
        ("Count from 0 to 100 in steps of 10", row(0, 100, 10)),
        ("List the numbers 1 to 60 separated by commas", row(1, 60)),
        ("Print every integer from 5 through 15 with a space between each", row(5, 15, joint=" ")),
        ("Write the numbers from 7 to 9, one per line", row(7, 9, joint="\n")),
        ("Write out all the even numbers between 2 and 40.", row(2, 40, 2)),
        ("List all multiples of 7 up to 70.", row(7, 70, 7)),
        ("What are the first 5 prime numbers?", "2, 3, 5, 7, 11"),
        ("Count from one to four in words.", "one, two, three, four"),
        ("count 1 to 5 but skip 3", "1, 2, 4, 5"),
        ("Write the letters from D to G.", "D, E, F, G"),
        ("Recite the alphabet backwards in lower case", ", ".join("zyxwvutsrqponmlkjihgfedcba")),
        ("Name the days of the week.", "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    ],
)
def test_what_comes_in_a_known_order_is_listed_as_asked(said, request_, reply):
    assert said(request_) == reply


def test_a_round_begins_where_it_is_asked_to_and_goes_on_past_its_end(said):
    drafted = said("List the months of the year, starting with November, one per line")

    assert drafted.startswith("November\nDecember\nJanuary\n")


def test_a_long_count_goes_on_to_its_end(said):
    drafted = said("Write the numbers from 1 to 3000 in order, separated by single spaces. Do not stop early.")

    assert drafted == row(1, 3000, joint=" ")


@pytest.mark.parametrize(
    "request_",
    [
        "Give me a random number between 1 and 10.",
        "Tell me a fun fact about the number 42.",
        "The sum of two numbers is 10 and one is 4. What is the other?",
        "List ten animals.",
        "How many days are in a week?",
    ],
)
def test_numbers_in_a_request_do_not_make_it_a_count(said, request_):
    assert "2, 3" not in (said(request_) or "")
