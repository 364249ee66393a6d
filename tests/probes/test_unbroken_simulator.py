from many_seeds import tally, verify_unbroken

FOUND = verify_unbroken(7, ("grok-4-1-fast-non-reasoning", "grok-4-0709", "grok-2-vision-1212"))


def test_nothing_that_nobody_contradicts_is_refuted_of_a_server_that_keeps_every_promise():
    assert tally(FOUND).lost == ()


def test_nearly_all_that_a_server_promises_is_confirmed_and_the_rest_says_why():
    found = tally(FOUND)

    assert found.share >= 0.95, found.open
    assert all(line.partition(": ")[2] for line in found.open)


def test_no_claim_that_was_asked_about_is_left_without_an_observation():
    assert [line for line in tally(FOUND).open if "nothing that was asked shows it" in line] == []
