"""What the visitors of these tests say, and what the emulator answers."""

from __future__ import annotations

from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario

TOILETS = "where are the toilets"
STOP = "please stop talking now"
STORY = (
    "Once upon a time there was a harbour with many ships, and every ship had a name, and every "
    "name had a story, and every story took a long while to tell, because the sailors who told "
    "them had all the time in the world."
)

LISTENS = Scenario(
    name="functional",
    phrases=(TOILETS, STOP, "tell me a story"),
    replies=(
        Reply(match="story", say=STORY),
        Reply(match="stop", say="I have stopped."),
        Reply(match="my number", say="I will not keep that."),
        Reply(keywords=("remember",), say="Yes, I remember what we talked about."),
    ),
)

CALLS_SLOWLY = Scenario(
    name="slow-tool",
    replies=(
        Reply(match="slow", call=Call(name="slow_tool", arguments={})),
        Reply(match="broken", call=Call(name="broken_tool", arguments={})),
        Reply(match="unknown", say="Nothing to call."),
    ),
)
