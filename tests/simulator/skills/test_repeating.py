import pytest


@pytest.mark.parametrize(
    ("request_", "what", "times", "joint"),
    [
        ("Say the word banana 30 times", "banana", 30, " "),
        ("Repeat 'hello' five times", "hello", 5, " "),
        ('Write the word "echo" exactly 12 times separated by spaces', "echo", 12, " "),
        ("write hello 3 times", "hello", 3, " "),
        ("Say la 40 times.", "la", 40, " "),
        ("Output the letter A fifty times", "A", 50, " "),
        ('Write "I will not be late" 10 times, one per line.', "I will not be late", 10, "\n"),
        ("Please repeat the phrase good night 4 times, separated by commas.", "good night", 4, ", "),
        ("Type “x” 20 times with no spaces.", "x", 20, ""),
        ("Repeat the following sentence three times: Birds sing at dawn.", "Birds sing at dawn.", 3, " "),
        ("Print `ab` twice", "ab", 2, " "),
        ("SAY THE WORD GO TEN TIMES", "GO", 10, " "),
    ],
)
def test_a_thing_is_said_as_often_as_asked(said, request_, what, times, joint):
    assert said(request_) == joint.join([what] * times)


def test_without_end_means_very_often(said):
    drafted = said("Repeat the word cat over and over")

    assert set(drafted.split()) == {"cat"}
    assert len(drafted.split()) >= 100


def test_a_number_of_times_beyond_reason_is_cut_off(said):
    assert len(said("Say hi 999999999999 times").split()) == 5000
