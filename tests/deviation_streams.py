"""The lines of the deviation table that need a stream or tools.

It stands apart from the table because that would be too long for one file.
"""

from chat_samples import THINKER, WEATHER, WEB_SEARCH, ask, text
from deviation_probes import (
    FORCED,
    NEWS,
    RAIN,
    RESULT,
    TWO,
    Probe,
    body,
    calls_weather,
    choice,
    draws,
    entries,
    greets,
    loses_words,
    message,
    parses,
    stream,
    well_counted,
    well_streamed,
)

STREAMS = {
    "stream-unsupported": Probe(shows=draws(400, stream=True), holds=greets),
    "stream-ignored": Probe(shows=stream(lambda chunks: chunks == ()), holds=well_counted),
    "stream-no-done": Probe(shows=stream(lambda chunks: chunks[-1] != "[DONE]"), holds=well_streamed),
    "stream-no-role": Probe(
        shows=stream(lambda chunks: not any("role" in entry["delta"] for entry in entries(chunks))), holds=well_streamed
    ),
    "stream-role-repeated": Probe(
        shows=stream(lambda chunks: sum("role" in entry["delta"] for entry in entries(chunks)) > 1), holds=well_streamed
    ),
    "stream-finish-twice": Probe(
        shows=stream(lambda chunks: sum(bool(entry["finish_reason"]) for entry in entries(chunks)) > 1),
        holds=well_streamed,
    ),
    "stream-finish-missing": Probe(
        shows=stream(lambda chunks: not any(entry["finish_reason"] for entry in entries(chunks))), holds=well_streamed
    ),
    "stream-finish-empty": Probe(
        shows=stream(lambda chunks: entries(chunks)[0]["finish_reason"] == ""), holds=well_streamed
    ),
    "stream-finish-on-content": Probe(
        shows=stream(lambda chunks: entries(chunks)[-1]["delta"] != {}), holds=well_streamed
    ),
    "stream-created-changes": Probe(
        shows=stream(lambda chunks: len({chunk["created"] for chunk in chunks[:-1]}) > 1), holds=well_streamed
    ),
    "stream-id-changes": Probe(
        shows=stream(lambda chunks: len({chunk["id"] for chunk in chunks[:-1]}) > 1), holds=well_streamed
    ),
    "stream-model-changes": Probe(
        shows=stream(lambda chunks: len({chunk["model"] for chunk in chunks[:-1]}) > 1), holds=well_streamed
    ),
    "stream-object-wrong": Probe(
        shows=stream(lambda chunks: chunks[0]["object"] != "chat.completion.chunk"), holds=well_streamed
    ),
    "stream-index-missing": Probe(shows=stream(lambda chunks: "index" not in entries(chunks)[0]), holds=well_streamed),
    "stream-reasoning-last": Probe(
        shows=stream(lambda chunks: "reasoning_content" in entries(chunks)[-2]["delta"]),
        holds=stream(lambda chunks: entries(chunks)[0]["delta"] == {"role": "assistant", "content": ""}),
        model=THINKER,
    ),
    "stream-words-lost": Probe(
        shows=loses_words,
        holds=stream(lambda chunks: chunks[-1] == "[DONE]"),
    ),
    "stream-usage-uninvited": Probe(
        shows=stream(lambda chunks: any("usage" in chunk for chunk in chunks[:-1])), holds=well_streamed
    ),
    "stream-usage-missing": Probe(
        shows=stream(
            lambda chunks: not any("usage" in chunk for chunk in chunks[:-1]), stream_options={"include_usage": True}
        ),
        holds=well_streamed,
    ),
    "stream-call-unnamed": Probe(
        shows=stream(
            lambda chunks: (
                not any(
                    "name" in call["function"]
                    for entry in entries(chunks)
                    for call in entry["delta"].get("tool_calls", [])
                )
            ),
            RAIN,
            tools=[WEATHER],
        ),
        holds=well_streamed,
    ),
}


def _called(see, *arguments, **fields):
    return message(lambda said: see(said.get("tool_calls") or []), *arguments, **fields)


TOOLS = {
    "ignores-tools": Probe(shows=_called(lambda made: not made, RAIN, tools=[WEATHER]), holds=well_counted),
    "rejects-tools": Probe(shows=draws(400, tools=[WEATHER]), holds=greets),
    "tool-choice-none-ignored": Probe(
        shows=_called(bool, RAIN, tools=[WEATHER], tool_choice="none"), holds=calls_weather
    ),
    "tool-choice-required-ignored": Probe(
        shows=_called(lambda made: not made, "Hello!", tools=[WEATHER], tool_choice="required"), holds=calls_weather
    ),
    "tool-choice-named-ignored": Probe(
        shows=_called(lambda made: not made, "Hello!", tools=[WEATHER], tool_choice=FORCED), holds=calls_weather
    ),
    "tool-choice-named-refused": Probe(shows=draws(400, tools=[WEATHER], tool_choice=FORCED), holds=calls_weather),
    "parallel-always": Probe(
        shows=_called(lambda made: len(made) == 2, TWO, tools=[WEATHER], parallel_tool_calls=False), holds=calls_weather
    ),
    "parallel-never": Probe(shows=_called(lambda made: len(made) == 1, TWO, tools=[WEATHER]), holds=calls_weather),
    "tool-ids-repeated": Probe(
        shows=_called(lambda made: made[0]["id"] == made[1]["id"], TWO, tools=[WEATHER]), holds=calls_weather
    ),
    "tool-ids-missing": Probe(
        shows=_called(lambda made: made[0]["id"] is None, RAIN, tools=[WEATHER]), holds=calls_weather
    ),
    "tool-arguments-invalid": Probe(
        shows=_called(lambda made: not parses(made[0]["function"]["arguments"]), RAIN, tools=[WEATHER]),
        holds=calls_weather,
    ),
    "tool-arguments-off-schema": Probe(
        shows=_called(lambda made: "city" not in made[0]["function"]["arguments"], RAIN, tools=[WEATHER]),
        holds=calls_weather,
    ),
    "tool-arguments-parsed": Probe(
        shows=_called(lambda made: isinstance(made[0]["function"]["arguments"], dict), RAIN, tools=[WEATHER]),
        holds=calls_weather,
    ),
    "tool-type-missing": Probe(
        shows=_called(lambda made: "type" not in made[0], RAIN, tools=[WEATHER]), holds=calls_weather
    ),
    "tool-content-said": Probe(
        shows=message(lambda said: said["content"] is not None, RAIN, tools=[WEATHER]), holds=calls_weather
    ),
    "tool-finish-stop": Probe(
        shows=choice(lambda first: first["finish_reason"] == "stop", RAIN, tools=[WEATHER]), holds=calls_weather
    ),
    "function-pretended": Probe(shows=_called(lambda made: not made, RAIN, tools=[WEATHER]), holds=well_counted),
    "results-ignored": Probe(
        shows=lambda service, model: "hail" not in text(ask(service, model=model, messages=RESULT)), holds=calls_weather
    ),
    "results-refused": Probe(shows=draws(400, messages=RESULT), holds=calls_weather),
    "tools-needed-again": Probe(shows=draws(400, messages=RESULT), holds=draws(200, messages=RESULT, tools=[WEATHER])),
    "search-returned": Probe(shows=_called(bool, NEWS, tools=[WEB_SEARCH]), holds=calls_weather),
    "search-refused": Probe(shows=draws(400, tools=[WEB_SEARCH]), holds=calls_weather),
    "search-sourceless": Probe(
        shows=body(lambda reply: not reply.get("citations"), NEWS, tools=[WEB_SEARCH]), holds=calls_weather
    ),
    "tools-unchecked": Probe(shows=draws(200, tools=[{"type": "web_search"}]), holds=calls_weather),
}
