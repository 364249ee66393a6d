"""Greetings, thanks and questions about the model itself: short replies that fit.

It stands apart because these are no tasks: they are tried only on requests that hold nothing else.
"""

from harness.simulator.skills.patterns import find
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.words import words

LONGEST = 14
"""Words beyond which a request is no small talk."""

_THANKS = r"^(?:ok |okay |great |perfect |many )*(?:thanks|thank you|cheers|thx)\b"

_REPLIES = (
    (
        (
            r"^(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|yo|"
            r"hallo|hei)\b(?: there| again| everyone| you| friend| model|"
            r" assistant)?[\s!.,]*(?:how are you\??|how's it going\??|what's up\??|"
            r"nice to meet you[.!]?)?$"
        ),
        "Hello! How can I help you today?",
    ),
    (
        (
            r"(?<!not )(?<!n't )\b(?:say|give me|send me|write) (?:me )?(?:a )?(?:short |"
            r"friendly |brief |simple |quick )*(?:hello|hi|greeting)\b|\bgreet (?:me|us|"
            r"the user)\b|(?<!not )(?<!n\'t )\bsay (?:hello|hi)\b"
        ),
        "Hello! It is nice to meet you.",
    ),
    (
        (
            r"\b(?:how are you|how's it going|how do you do|how are things|are you (?:ok|okay|"
            r"well)|what's up)\b"
        ),
        "I am doing well, thank you. How can I help?",
    ),
    (
        _THANKS,
        "You are welcome! Let me know if there is anything else.",
    ),
    (r"^(?:bye|goodbye|see you|good night|farewell|take care)\b", "Goodbye! Have a good day."),
    (
        (
            r"\b(?:who are you|what are you|introduce yourself|are you (?:a |an )?(?:human|robot|"
            r"bot|ai|model|person|real|machine)|what(?:'s| is) your name|tell me about yourself)\b"
        ),
        "I am a simulated language model: a small program that stands in for a real one.",
    ),
    (
        (
            r"\b(?:are you there|can you hear me|are you (?:working|ready|online|awake|alive)|"
            r"do you work|is this (?:thing )?(?:on|working))\b|^(?:ping|test|testing)\W*(?:1|2|3|"
            r"one|two|three|\W)*$"
        ),
        "Yes, I am here and ready.",
    ),
    (
        r"\b(?:what can you do|how can you help|help me)\W*$|^help\W*$",
        ("I can follow simple instructions: counting, arithmetic, JSON, and questions about a text you give me."),
    ),
    (
        (
            r"^(?:ok|okay|fine|sure|great|nice|cool|good|alright|got it|i see|understood|yes|no|"
            r"perfect|wow)[\s.!]*$"
        ),
        "Good. What would you like to do next?",
    ),
    (
        (
            r"^(?:please )?(?:remember|note|keep in mind|store|memori[sz]e)\b|"
            r"\b(?:remember (?:this|that|it)|keep (?:this|that|it) in mind)\b"
        ),
        "Understood, I will keep that in mind.",
    ),
    (
        (
            r"^(?:hi|hello|hey)?[\s,!.]*(?:my name is|i am|i'm|"
            r"call me)\s+\p{L}[\p{L} '-]{0,40}[.!]*(?: nice to meet you[.!]?)?$"
        ),
        "Nice to meet you! How can I help?",
    ),
)


def small_talk(request: Request) -> Said | None:
    """A reply to small talk, or None."""
    text = request.text.strip()
    if not text:
        return Said(full="How can I help you?", brief="Hello")
    remembering = find(
        (
            r"^(?:please )?(?:remember|note|keep in mind|store|memori[sz]e)\b|"
            r"\b(?:remember (?:this|that|it)|keep (?:this|that|it) in mind)\b"
        ),
        text,
    )
    if len(words(text)) > (60 if remembering else LONGEST) or ("?" in text and remembering):
        return None
    if find(rf"{_THANKS}[^?]*[.!,;]\s+\S[^?]*\?", text):
        return None
    for pattern, reply in _REPLIES:
        if find(pattern, text):
            return Said(full=reply, brief=reply.split()[0].strip("!,."))
    return None
