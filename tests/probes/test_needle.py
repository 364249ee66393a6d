import re

from endpoint_runs import MadeUp, lineup_of, observed, probe_of, reply_to

from harness.probes.context import FAMILY

SMALL = "grok-2-vision-1212"
NUMBER = re.compile(r"ticket number is (\d+)")


def window(says):
    """What is observed where prompts that fit are answered as told, and the prompts that fit."""
    sent = []

    def answer(ask):
        if ask.method == "GET":
            return 404, {}
        prompt = ask.body["messages"][0]["content"]
        tokens = len(prompt.split())
        if tokens > 32_000:
            return 400, {"error": f"maximum prompt length is 32000 but the request contains {tokens} tokens"}
        sent.append(prompt)
        return reply_to(ask, says(prompt), usage={"prompt_tokens": tokens})

    found = observed(probe_of(FAMILY, lineup_of(SMALL, allowed=("long-context",)), "context"), MadeUp(answer))
    return found["context.32K"], sent


def known(prompt):
    found = NUMBER.search(prompt)
    return found[1] if found else "I do not know."


def test_a_number_before_nearly_all_that_fits_confirms_a_window():
    found, sent = window(known)

    assert found.outcome == "holds"
    assert "is known at their end" in found.words
    assert [len(prompt.split()) > 25_000 for prompt in sent] == [False, True]


def test_a_server_that_heeds_the_end_alone_has_no_such_window():
    found, sent = window(lambda prompt: known(prompt[-1_500:]))

    assert found.outcome == "broken"
    assert "is not known at their end, on 2 of 2 tries; at their end it is" in found.words
    assert len(sent) == 4


def test_a_model_that_tells_no_number_says_nothing_of_its_window():
    found, sent = window(lambda _: "What a nice day.")

    assert found.outcome == "holds"
    assert "a short prompt shows too little" in found.words
    assert len(sent) == 1
