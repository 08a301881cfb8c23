"""English, for the built-in mind. Meanings and stop words are in words.py: they are the measure."""

from __future__ import annotations

from kiosk.emulator.mind.tongue import Sentences, Tongue, any_case

ENGLISH = Tongue(
    code="en",
    sentences=Sentences(
        not_caught="I am sorry, I did not catch that. Could you say it again?",
        welcome="Hello, and welcome!",
        welcome_to="Hello, and welcome to the {place}!",
        introduce="I am a computer assistant. How can I help you?",
        goodbye="Goodbye, and enjoy your day.",
        welcome_goodbye="You are welcome. Goodbye, and enjoy your day.",
        nudge="Are you still there? I am happy to help if you have a question.",
        thanks="You are welcome. Is there anything else I can help you with?",
        self="I am a computer assistant, not a person.",
        how="I am well, thank you. How can I help you?",
        unknown="I am sorry, I do not know that.",
        ask_else="Please ask me something else, or ask a member of staff.",
        offer="I can {offers}.",
        offer_in_other_words="I can help with this: {offers}.",
        which="I can {offer}. Which {name} do you mean?",
        which_of="Which {name} do you mean: {choices}?",
        not_known="I am sorry, I do not know that {name}. I know {choices}.",
        foreign_fact="I only have this text about it: {text}",
        done="Done.",
        yes="Yes",
        no="No",
        nothing="Nothing was found",
        and_more=", and {count} more",
        failed="I am sorry, that did not work",
        is_word="is",
        at_word="at",
        or_word="or",
        and_word="and",
        name_noted="Nice to meet you, {name}. How can I help you?",
        your_name="Your name is {name}.",
        name_unknown="You have not told me your name.",
        you_asked="You said: {words}",
        nothing_asked="You have not asked me anything yet.",
    ),
    stopwords=frozenset(),
    meanings={},
    numbers={},
    days={},
    way=any_case(r"(?!)"),
    small_talk=(
        (
            any_case(r"\b(?:good ?bye|bye|see you|have a (?:nice|good)|that(?:'s| is| was) all)\b"),
            "bye",
        ),
        (any_case(r"\b(?:thank|thanks|cheers)\b"), "thanks"),
        (
            any_case(r"\bare you (?:a |an )?(?:human|real|robot|person|machine|computer|ai)\b"),
            "self",
        ),
        (any_case(r"\b(?:who|what) are you\b|\bwhat(?:'s| is) your name\b"), "self"),
        (any_case(r"\bhow are you\b|\bhow do you do\b"), "how"),
        (
            any_case(r"\bwhat (?:can|could|do) you (?:do|help|know)\b|\bhow can you help\b"),
            "offer",
        ),
        (
            any_case(r"\b(?:what(?:'s| is)|know|remember|tell me|said) my name\b|\bwho am i\b"),
            "my_name",
        ),
        (
            any_case(
                r"\bwhat (?:did|have) i (?:just |last )?(?:ask|said|say|asked|want)|"
                r"\bwhat was my (?:last |first |previous )?question\b"
            ),
            "asked",
        ),
        (
            any_case(r"\b(?:say|repeat) that(?: again)?\b|\bpardon\b|\bcome again\b|\brepeat\b"),
            "again",
        ),
    ),
    hello=any_case(r"^\W*(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings)\b"),
    follow_up=any_case(r"^\W*(?:and|what about|how about|or)\b"),
    conjunction=any_case(r",?\s+and(?:\s+(?:also|then))?\s+"),
    before_noun=any_case(
        r"^.*?\b(?:where(?:'s| is| are| can i find| do i find)|(?:get|go|way|route|directions?|"
        r"walk|take me|bring me|guide me|lead me) (?:\w+ )?to|looking for|search(?:ing)? for|find|"
        r"visit|see|show me|tell me about|about|need|want|what is|what are|who is|who was|"
        r"is there|are there|do you have|have you got|and|or)\b\s+"
    ),
    article=any_case(r"^(?:(?:the|a|an|some|your|my|any|nearest|to|me|out)\s+)+"),
    after_noun=any_case(
        r"(?:\s+(?:please|from here|in here|here|today|right now|now|located|then|thanks|"
        r"thank you))+$"
    ),
    name_given=any_case(r"\b(?:my name is|my name's|i am called|call me)\s+([^\W\d_][\w'-]*)"),
)
