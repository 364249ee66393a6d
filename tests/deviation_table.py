"""One line a deviation: what shows it, and what beside it still holds.

It stands apart from the probes so that the table can be read as one.
"""

from chat_samples import COUNT, MINI, PLAIN, SEER, THINKER, ask, digits, png, text, with_picture
from deviation_probes import (
    LONG,
    OPEN,
    SCHEMA,
    STRAY,
    Probe,
    billed,
    body,
    cached,
    choice,
    consistent,
    draws,
    five_tokens,
    greets,
    listed,
    message,
    parses,
    picture_refused,
    pictures,
    said,
    search_fee,
    served,
    status,
    steady,
    stops,
    thinks,
    unpenalised,
    usage,
    varies,
    well_counted,
)
from deviation_streams import STREAMS, TOOLS

HELLO = {"role": "user", "content": "Say hello."}
ZEBRA = {"role": "system", "content": "End every reply with the word zebra."}
INTRODUCED = [
    {"role": "user", "content": "My name is Ottoline."},
    {"role": "assistant", "content": "Good to meet you."},
    {"role": "user", "content": "What is my name?"},
]
HIDDEN = f"The secret code is 7316.\n{LONG * 4}\nWhat is the secret code?"
ADDRESSED = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]}]
VALUES = {
    "max_tokens": 9,
    "temperature": 0.5,
    "top_p": 0.5,
    "stop": ["x"],
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "reasoning_effort": "high",
}


def _matrix():
    for parameter, value in VALUES.items():
        name = parameter.replace("_", "-")
        model = MINI if parameter == "reasoning_effort" else PLAIN
        neighbour = well_counted if parameter == "max_tokens" else five_tokens
        sent = {"messages": [{"role": "user", "content": "Say hello."}], parameter: value}
        yield f"rejects-{name}", Probe(shows=draws(400, **sent), holds=neighbour, model=model)
        yield f"fails-on-{name}", Probe(shows=draws(500, **sent), holds=neighbour, model=model)
        if parameter in {"stop", "frequency_penalty", "presence_penalty", "reasoning_effort"}:
            beside = "presence_penalty" if parameter == "stop" else "stop"
            still_refused = draws(400, **{beside: VALUES[beside]})
            for kind in ("accepts", "tolerates"):
                yield f"{kind}-{name}", Probe(shows=draws(200, **sent), holds=still_refused, model=THINKER)


def _domains():
    outside = {"temperature": 3, "top_p": 2, "frequency_penalty": 3, "presence_penalty": -3}
    for parameter, value in outside.items():
        beside = "temperature" if parameter == "top_p" else "top_p"
        yield (
            f"{parameter.replace('_', '-')}-unchecked",
            Probe(shows=draws(200, **{parameter: value}), holds=draws(400, **{beside: 9})),
        )


PARAMETERS = {
    **dict(_matrix()),
    **dict(_domains()),
    "reasoning-effort-unchecked": Probe(
        shows=draws(200, reasoning_effort="medium"), holds=draws(400, temperature=9), model=MINI
    ),
    "temperature-narrow": Probe(shows=draws(400, temperature=1.5), holds=draws(200, temperature=1)),
    "stop-string-refused": Probe(shows=draws(422, stop="x"), holds=draws(200, stop=["x"])),
    "stop-list-refused": Probe(shows=draws(422, stop=["x"]), holds=draws(200, stop="x")),
    "ignores-max-tokens": Probe(
        shows=usage(lambda used: used["completion_tokens"] > 16, max_tokens=16), holds=steady(temperature=0)
    ),
    "ignores-temperature": Probe(shows=varies(temperature=0), holds=five_tokens),
    "ignores-top-p": Probe(shows=varies(temperature=2, top_p=0.001), holds=steady(temperature=0)),
    "ignores-stop": Probe(shows=lambda *of: not stops(*of), holds=five_tokens),
    "ignores-frequency-penalty": Probe(
        shows=unpenalised("frequency_penalty"), holds=lambda *of: not unpenalised("presence_penalty")(*of)
    ),
    "ignores-presence-penalty": Probe(
        shows=unpenalised("presence_penalty"), holds=lambda *of: not unpenalised("frequency_penalty")(*of)
    ),
    "ignores-reasoning-effort": Probe(
        shows=lambda *of: thinks(*of, reasoning_effort="high") < 240, holds=five_tokens, model=MINI
    ),
    "ignores-seed": Probe(shows=varies(seed=3), holds=steady(temperature=0)),
    "max-tokens-doubled": Probe(
        shows=usage(lambda used: used["completion_tokens"] == 32, max_tokens=16), holds=steady(temperature=0)
    ),
    "ignores-json-object": Probe(
        shows=message(lambda said: not parses(said["content"]), OPEN, response_format={"type": "json_object"}),
        holds=draws(400, response_format={"type": "yaml"}),
    ),
    "rejects-json-object": Probe(
        shows=draws(400, response_format={"type": "json_object"}), holds=draws(200, response_format={"type": "text"})
    ),
    "accepts-json-schema": Probe(
        shows=served(parses, OPEN, response_format=SCHEMA), holds=draws(400, response_format={"type": "yaml"})
    ),
    "ignores-json-schema": Probe(
        shows=served(lambda reply: not parses(reply), OPEN, response_format=SCHEMA),
        holds=draws(400, response_format={"type": "yaml"}),
    ),
    "formats-unchecked": Probe(
        shows=draws(200, response_format={"type": "yaml"}), holds=draws(400, response_format=SCHEMA)
    ),
}

REPLIES = {
    "total-off-by-seven": Probe(shows=usage(lambda used: not consistent(used)), holds=billed),
    "total-without-reasoning": Probe(
        shows=usage(lambda used: used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"]),
        holds=billed,
        model=THINKER,
    ),
    "completion-includes-reasoning": Probe(
        shows=usage(lambda used: used["completion_tokens"] > 500), holds=lambda *of: thinks(*of) > 0, model=THINKER
    ),
    "reasoning-tokens-missing": Probe(
        shows=usage(lambda used: "reasoning_tokens" not in used),
        holds=message(lambda said: "reasoning_content" in said),
        model=THINKER,
    ),
    "prompt-tokens-missing": Probe(
        shows=usage(lambda used: "prompt_tokens" not in used), holds=usage(lambda used: used["total_tokens"] > 0)
    ),
    "usage-missing": Probe(
        shows=body(lambda reply: "usage" not in reply), holds=choice(lambda first: first["index"] == 0)
    ),
    "cached-never": Probe(shows=lambda *of: cached(*of) == 0, holds=well_counted),
    "cached-always": Probe(shows=lambda *of: cached(*of) > 0, holds=well_counted, model=MINI),
    "cached-exceeds-prompt": Probe(
        shows=usage(lambda used: used["prompt_tokens_details"]["cached_tokens"] > used["prompt_tokens"]), holds=billed
    ),
    "price-plus-ten-percent": Probe(shows=lambda *of: not billed(*of), holds=well_counted),
    "reasoning-not-billed": Probe(shows=lambda *of: not billed(*of), holds=well_counted, model=THINKER),
    "search-not-billed": Probe(shows=lambda *of: not search_fee(*of), holds=billed),
    "sources-not-counted": Probe(shows=usage(lambda used: "num_sources_used" not in used), holds=billed),
    "max-tokens-counts-reasoning": Probe(
        shows=usage(lambda used: used["completion_tokens"] < 16, max_tokens=16), holds=well_counted, model=THINKER
    ),
    "length-called-stop": Probe(
        shows=choice(lambda first: first["finish_reason"] == "stop", max_tokens=5), holds=five_tokens
    ),
    "stop-shown": Probe(shows=lambda *of: not stops(*of), holds=five_tokens),
    "canned": Probe(
        shows=lambda *of: text(ask(of[0], OPEN, model=of[1])) == text(ask(of[0], COUNT, model=of[1])), holds=billed
    ),
    "hashes-body": Probe(
        shows=lambda service, model: (
            text(ask(service, COUNT, model=model)) != text(ask(service, COUNT, model=model, x=1))
        ),
        holds=lambda service, model: text(ask(service, OPEN, model=model)) != text(ask(service, COUNT, model=model)),
    ),
    "model-redirected": Probe(shows=lambda *of: body(lambda reply: reply["model"] != of[1])(*of), holds=well_counted),
    "reasoning-absent": Probe(shows=lambda *of: thinks(*of) == 0, holds=well_counted, model=THINKER),
    "reasons-anyway": Probe(
        shows=lambda *of: thinks(*of) > 0, holds=message(lambda said: "reasoning_content" not in said)
    ),
    "reasoning-content-missing": Probe(
        shows=message(lambda said: "reasoning_content" not in said),
        holds=lambda *of: thinks(*of) >= 500,
        model=THINKER,
    ),
    "reasoning-content-on-plain": Probe(
        shows=message(lambda said: "reasoning_content" in said), holds=lambda *of: thinks(*of) == 0
    ),
    "window-halved": Probe(shows=draws(400, prompt="word " * 20_000), holds=draws(200, prompt=LONG), model=SEER),
    "window-unchecked": Probe(shows=draws(200, prompt="word " * 33_000), holds=draws(400, temperature=9), model=SEER),
    "id-missing": Probe(shows=body(lambda reply: "id" not in reply), holds=well_counted),
    "object-wrong": Probe(shows=body(lambda reply: reply["object"] != "chat.completion"), holds=well_counted),
    "created-text": Probe(shows=body(lambda reply: isinstance(reply["created"], str)), holds=well_counted),
    "choices-empty": Probe(shows=body(lambda reply: not reply["choices"]), holds=well_counted),
    "index-missing": Probe(shows=choice(lambda first: "index" not in first), holds=well_counted),
    "role-wrong": Probe(shows=message(lambda said: said["role"] != "assistant"), holds=well_counted),
    "finish-reason-unknown": Probe(
        shows=choice(lambda first: first["finish_reason"] not in {"stop", "length"}), holds=well_counted
    ),
    "alias-unknown": Probe(
        shows=lambda service, _model: status(service, "grok-4") == 404, holds=greets, model="grok-4-0709"
    ),
    "model-absent": Probe(shows=draws(404), holds=lambda service, _model: greets(service, MINI)),
    "model-unlisted": Probe(shows=lambda *of: not listed(*of), holds=greets),
    "images-size-refused": Probe(shows=picture_refused, holds=pictures(lambda reply: "created" in reply)),
    "images-created-missing": Probe(
        shows=pictures(lambda reply: "created" not in reply), holds=lambda *of: not picture_refused(*of)
    ),
    "images-n-ignored": Probe(
        shows=pictures(lambda reply: len(reply["data"]) == 1, n=2), holds=pictures(lambda reply: "created" in reply)
    ),
    "images-dearer": Probe(
        shows=pictures(lambda reply: reply["usage"]["cost_in_usd_ticks"] > 700_000_000),
        holds=pictures(lambda reply: "created" in reply),
    ),
    "unknown-model-answered": Probe(
        shows=lambda service, _model: status(service, "grok-9") == 200, holds=draws(400, temperature=9)
    ),
}

CONVERSATIONS = {
    "system-ignored": Probe(shows=lambda *of: "zebra" not in said(*of, messages=[ZEBRA, HELLO]), holds=greets),
    "history-forgotten": Probe(shows=lambda *of: "Ottoline" not in said(*of, messages=INTRODUCED), holds=greets),
    "beginning-forgotten": Probe(shows=lambda *of: "7316" not in said(*of, HIDDEN), holds=greets),
    "unknown-fields-refused": Probe(shows=draws(400, made_up=1), holds=draws(200, user="x", deferred=False)),
    "names-refused": Probe(shows=draws(400, messages=[HELLO | {"name": "Ann"}]), holds=greets),
    "parts-refused": Probe(
        shows=draws(422, messages=[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]), holds=greets
    ),
    "image-addresses-refused": Probe(
        shows=draws(400, messages=ADDRESSED), holds=draws(200, messages=with_picture(png())), model=SEER
    ),
    "image-contents-refused": Probe(
        shows=draws(400, messages=with_picture(png())), holds=draws(200, messages=ADDRESSED), model=SEER
    ),
    "roles-unchecked": Probe(
        shows=draws(200, messages=[{"role": "oracle", "content": "x"}]), holds=draws(422, messages=[{"content": "x"}])
    ),
    "tool-links-unchecked": Probe(shows=draws(200, messages=STRAY), holds=draws(422, messages=[{"role": "tool"}])),
    "vision-blind": Probe(
        shows=lambda service, model: "4719" not in text(ask(service, model=model, messages=with_picture(digits()))),
        holds=draws(400, messages=with_picture(png(4, 4))),
        model=SEER,
    ),
    "vision-refused": Probe(shows=draws(400, messages=with_picture(png())), holds=greets, model=SEER),
    "vision-anyway": Probe(
        shows=served(lambda reply: "4719" in reply, messages=with_picture(digits())), holds=draws(400, temperature=9)
    ),
    "vision-tolerated": Probe(
        shows=served(lambda reply: "4719" not in reply, messages=with_picture(digits())),
        holds=draws(400, temperature=9),
    ),
    "audio-accepted": Probe(
        shows=draws(200, messages=[{"role": "user", "content": [{"type": "input_audio"}]}]),
        holds=draws(400, messages=with_picture(png())),
    ),
}

TABLE = {**PARAMETERS, **CONVERSATIONS, **REPLIES, **STREAMS, **TOOLS}

# Of one promise two ways to break it: both are accepted, one works.
WORKING = {
    "accepts-stop": (THINKER, stops),
    "accepts-frequency-penalty": (THINKER, lambda *of: not unpenalised("frequency_penalty")(*of)),
    "accepts-presence-penalty": (THINKER, lambda *of: not unpenalised("presence_penalty")(*of)),
    "accepts-reasoning-effort": (THINKER, lambda *of: thinks(*of, reasoning_effort="low") < 500),
}
