"""Messages: sentences as they come, tokens counted, extras wanted, ends in order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kiosk.emulator.responses.speaking import Speaker, sentences
from kiosk.emulator.responses.timing import Extras
from tests.unit.emulator.responses.responding import WORD_MS, Session, output, request


async def pieces(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        (("Hello there. How are you?",), ["Hello there. ", "How are you?"]),
        (("Hel", "lo. ", "Bye", "."), ["Hello. ", "Bye."]),
        (('He said "yes." Then he left.',), ['He said "yes." ', "Then he left."]),
        (("3.5 euros", " each"), ["3.5 euros each"]),
        (("  ",), []),
        ((), []),
    ],
)
async def test_streamed_text_becomes_sentences(given: tuple[str, ...], whole: list[str]) -> None:
    assert [sentence async for sentence in sentences(pieces(*given))] == whole


async def test_a_streamed_message_is_one_message() -> None:
    session = Session()
    made = output(session)
    speaker = Speaker(session, made, request())
    await speaker.say(pieces("One two. Thr", "ee four."), item_id="mine")
    (item,) = made.items
    assert (item.id, item.status, item.text) == ("mine", "completed", "One two. Three four.")
    assert item.parts[0].audio_ms == 4 * WORD_MS
    assert [text.strip() for text in session.still.spoken] == ["One two.", "Three four."]
    words = [e["delta"] for e in session.sent if e["type"].endswith("transcript.delta")]
    assert "".join(words) == "One two. Three four."


async def test_two_messages_follow_each_other() -> None:
    session = Session()
    made = output(session)
    speaker = Speaker(session, made, request())
    await speaker.say("One moment.")
    await speaker.say("Here it is.")
    assert [item.text for item in made.items] == ["One moment.", "Here it is."]
    transcripts = [e for e in session.sent if e["type"].endswith("transcript.done")]
    assert [e["output_index"] for e in transcripts] == [0, 1]
    # Timestamps and what was heard are counted in each message.
    assert made.items[1].parts[0].words[-1][0] == 3 * WORD_MS


async def test_the_tokens_are_the_responses() -> None:
    session = Session()
    made = output(session)
    speaker = Speaker(session, made, request(max_output_tokens=6, modalities=["text"]))
    await speaker.say("One two.")
    await speaker.say("Three four five six seven.")
    assert speaker.cut
    assert [item.status for item in made.items] == ["completed", "incomplete"]
    assert made.items[1].text == "Three four"
    assert session.kinds().count("text.done") == 2


async def test_what_is_filtered_is_incomplete() -> None:
    session = Session()
    made = output(session)
    await Speaker(session, made, request()).say("Well.", filtered=True)
    assert made.items[0].status == "incomplete"


async def test_citations_come_before_the_transcript_ends() -> None:
    session = Session()
    speaker = Speaker(session, output(session), request())
    await speaker.say("Ten to six.", annotations=({"url": "a"}, {"url": "b"}))
    kinds = session.kinds()
    first = kinds.index("audio_transcript.annotation.added")
    assert kinds[first + 1 : first + 3] == ["audio_transcript.annotation.added", "audio.done"]
    added = [event for event in session.sent if "annotation" in event]
    assert [(e["annotation_index"], e["annotation"]["url"]) for e in added] == [(0, "a"), (1, "b")]


async def test_the_extras_end_before_the_audio() -> None:
    session = Session()
    session.extras = Extras(timestamps=True, visemes=True)
    await Speaker(session, output(session), request()).say("Ten to six.")
    assert session.kinds()[-6:] == [
        "audio_timestamp.done",
        "animation_viseme.done",
        "audio.done",
        "audio_transcript.done",
        "content_part.done",
        "output_item.done",
    ]


async def test_an_avatars_audio_stays_off_the_socket() -> None:
    session = Session()
    session.over_socket = False
    await Speaker(session, output(session), request()).say("Ten to six.")
    assert "audio.delta" not in session.kinds()
    assert "audio_transcript.delta" in session.kinds()
