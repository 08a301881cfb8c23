"""Every event of the protocol: when the emulator takes or sends it, and how sure that is.

docs/emulator_events.md is made from this, and tests/contract/test_protocol_walk.py holds it
against the SDK's lists and against real conversations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Certainty = Literal["documented", "SDK model", "seen by others", "unsure", "ours"]
"""How sure it is that the service does it so.

"documented": the API reference says so. "SDK model": the SDK's models or their texts say so.
"seen by others": a public project saw it on the service. "unsure": named somewhere, but when it
comes or what it answers is not. "ours": made up, because the emulator has to do something.
"""

REFERENCE: Final = "API reference"
"""Voice Live API reference 2026-04-10 and 2026-07-15 (MicrosoftDocs/azure-ai-docs)."""
MODELS: Final = "SDK models 1.3.1"
REALTIME: Final = "Realtime protocol"
RESPONSES: Final = "OpenAI Responses API"
SAMPLES: Final = "Microsoft's avatar samples"
PROJECTS: Final = "public projects"


@dataclass(frozen=True, slots=True)
class Fact:
    """One type of event."""

    type: str
    when: str
    """For a client event what it does, for a server event when it is sent."""
    source: str
    certainty: Certainty
    scenario: str = ""
    """What a scenario must have before it comes; empty: nothing."""
    left_out: str = ""
    """Why the emulator neither takes nor sends it; empty: it does."""


def _facts(
    source: str,
    certainty: Certainty,
    *,
    when: dict[str, str],
    scenario: str = "",
    left_out: str = "",
) -> tuple[Fact, ...]:
    """Return one fact for each type of `when`."""
    return tuple(
        Fact(kind, text, source, certainty, scenario, left_out) for kind, text in when.items()
    )


CLIENT: Final = (
    *_facts(
        REFERENCE,
        "documented",
        when={
            "session.update": "changes the fields it has, answered with session.updated",
            "session.avatar.connect": "answers a WebRTC offer with session.avatar.connecting",
            "input_audio_buffer.append": "adds sound; never answered",
            "input_audio_buffer.commit": (
                "makes the sound a user's item; an error when there is too little"
            ),
            "input_audio_buffer.clear": (
                "forgets the sound, answered with input_audio_buffer.cleared"
            ),
            "conversation.item.create": (
                "adds a message, a function call, its output or an MCP approval"
            ),
            "conversation.item.retrieve": "answered with conversation.item.retrieved",
            "conversation.item.truncate": "cuts a spoken answer to what was heard",
            "conversation.item.delete": "answered with conversation.item.deleted",
            "response.create": "begins a response; refused while another is being made",
            "response.cancel": (
                "ends the response being made; response_cancel_not_active without one"
            ),
            "output_audio_buffer.clear": "silences the avatar; refused without one",
        },
    ),
    *_facts(
        MODELS,
        "unsure",
        when={
            "input_audio.turn.start": "opens a turn by hand; not answered",
            "input_audio.turn.append": "adds sound to the open turn; not answered",
            "input_audio.turn.end": "commits the turn as input_audio_buffer.committed",
            "input_audio.turn.cancel": "forgets the turn, answered with input_audio_buffer.cleared",
            "mcp_approval_response": (
                "approves or denies an MCP call, as the item of that name does, which is what the "
                "reference has; the SDK lists this event and has no model of it"
            ),
            "input_audio.clear": (
                "forgets buffer and turn, answered with input_audio_buffer.cleared"
            ),
        },
    ),
    *_facts(
        f"{REFERENCE} 2026-07-15; {PROJECTS}",
        "seen by others",
        when={
            "input_text.delta": "adds text to an incomplete message; not answered",
            "input_text.done": "completes that message; not answered",
        },
    ),
)

SERVER: Final = (
    *_facts(
        REFERENCE,
        "documented",
        when={
            "error": "for every refused event, naming its event_id",
            "session.created": "first, on every connection",
            "session.updated": "for every session.update, with the whole session",
            "session.avatar.connecting": "when an offer was answered",
            "output_audio_buffer.cleared": "for every output_audio_buffer.clear",
            "conversation.item.created": "for every item, the client's and the service's",
            "conversation.item.retrieved": "for conversation.item.retrieve",
            "conversation.item.truncated": (
                "for conversation.item.truncate, and for an interruption with auto_truncate"
            ),
            "conversation.item.deleted": "for conversation.item.delete",
            "conversation.item.input_audio_transcription.completed": (
                "when speech was heard, if the session asks for transcription"
            ),
            "conversation.item.input_audio_transcription.failed": (
                "when hearing failed or took too long"
            ),
            "input_audio_buffer.speech_started": "when turn detection hears speech",
            "input_audio_buffer.speech_stopped": "after the silence that ends a turn",
            "input_audio_buffer.committed": (
                "when sound became an item, by turn detection or by hand"
            ),
            "input_audio_buffer.cleared": "for input_audio_buffer.clear",
            "response.created": "when a response begins",
            "response.done": "when it was made or ended; an avatar may still be speaking it",
            "response.output_item.added": "at the start of each of its items",
            "response.output_item.done": "at the end of each of its items",
            "response.content_part.added": "at the start of a message's part",
            "response.content_part.done": "at its end",
            "response.text.delta": 'word by word, when modalities are ["text"]',
            "response.text.done": "at the end of that text",
            "response.audio_transcript.delta": "word by word, with the sound",
            "response.audio_transcript.done": "at the end of that transcript",
            "response.audio.done": "at the end of that sound",
            "response.audio_timestamp.delta": (
                "for each word, if output_audio_timestamp_types has it"
            ),
            "response.audio_timestamp.done": "after the last word",
            "response.animation_viseme.delta": "for each viseme, if animation.outputs has it",
            "response.animation_viseme.done": "after the last viseme",
            "response.animation_blendshapes.done": "after the last frame",
            "response.function_call_arguments.delta": "the arguments in pieces",
            "response.function_call_arguments.done": "the whole arguments",
            "response.mcp_call_arguments.delta": "the arguments of an MCP call in pieces",
            "response.mcp_call_arguments.done": "the whole arguments",
            "response.mcp_call.in_progress": (
                "when the server is called, after approval if that is required"
            ),
            "response.mcp_call.completed": "when it has answered",
            "response.mcp_call.failed": "when it has not",
        },
    ),
    *_facts(
        REFERENCE,
        "ours",
        when={
            "warning": (
                "for what is accepted without effect; codes and moments are the emulator's own"
            ),
        },
    ),
    *_facts(
        f"{MODELS}; {PROJECTS}",
        "unsure",
        when={
            "session.avatar.switch_to_speaking": (
                "when the avatar's first sound goes out; turn_id is the response's id"
            ),
            "session.avatar.switch_to_idle": "when its last sound has gone out or was cleared",
        },
    ),
    *_facts(
        REFERENCE,
        "unsure",
        when={
            "conversation.item.input_audio_transcription.delta": (
                "when speech was heard, just before completed; the service may send it earlier"
            ),
            "response.animation_blendshapes.delta": (
                "frames of 55 weights, if animation.outputs has it"
            ),
        },
    ),
    *_facts(
        f"{REFERENCE}; {MODELS}",
        "documented",
        when={
            "response.audio.delta": (
                "the sound, unless it goes to an avatar without output_audit_audio"
            ),
            "mcp_list_tools.in_progress": "when a session declares an MCP server",
            "mcp_list_tools.completed": "when its tools are known",
            "mcp_list_tools.failed": "when it cannot be reached",
        },
    ),
    *_facts(
        f"{REFERENCE}; {SAMPLES}",
        "documented",
        when={
            "response.video.delta": (
                'the avatar\'s fragmented MP4 with output_protocol "websocket", also '
                "while it is idle"
            ),
        },
    ),
    *_facts(
        f"{REFERENCE}; {RESPONSES}",
        "unsure",
        scenario="hosted.web_search of a reply",
        when={
            "response.web_search_call.in_progress": "first of a search; the order is OpenAI's",
            "response.web_search_call.searching": "second",
            "response.web_search_call.completed": "third",
        },
    ),
    *_facts(
        f"{REFERENCE}; {RESPONSES}",
        "unsure",
        scenario="hosted.file_search of a reply",
        when={
            "response.file_search_call.in_progress": "first of a search; the order is OpenAI's",
            "response.file_search_call.searching": "second",
            "response.file_search_call.completed": "third",
        },
    ),
    *_facts(
        REFERENCE,
        "unsure",
        scenario="hosted.annotations of a reply",
        when={
            "response.audio_transcript.annotation.added": "for each citation, after the transcript",
        },
    ),
    *_facts(
        MODELS,
        "unsure",
        scenario="hosted.invocation of a reply",
        when={
            "response.invocation.delta": (
                "for each event of a hosted agent, before the answer is spoken"
            ),
        },
    ),
)

BEYOND_THE_SDK: Final = (
    *_facts(
        f"{PROJECTS}; {REALTIME}",
        "seen by others",
        scenario="service.rate_limits_event and service.tokens_per_minute",
        when={
            "rate_limits.updated": "after each response.created",
        },
    ),
    *_facts(
        REFERENCE,
        "documented",
        left_out=(
            "The SDK removed this preview tool and its models, so there is nothing to "
            "build them from."
        ),
        when={
            "response.foundry_agent_call.* and response.foundry_agent_call_arguments.*": "",
        },
    ),
    *_facts(
        "Azure/azure-rest-api-specs",
        "documented",
        left_out="Belongs to another endpoint, voice over WebRTC without an avatar, in preview.",
        when={
            "rtc.call.sdp.create": "",
        },
    ),
)
"""Events on the wire that the SDK's lists do not have."""
