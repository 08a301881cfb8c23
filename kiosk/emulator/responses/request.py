"""One `response.create` over the session's defaults, and the context the mind gets for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kiosk.emulator.config.agent import check_agent_owns
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.config.family import REALTIME, Family
from kiosk.emulator.config.interim import check_interim, filled_interim
from kiosk.emulator.config.tools import check_tools
from kiosk.emulator.config.values import check_metadata, check_temperature, check_tokens
from kiosk.emulator.conversation.items import Conversation, Item, item_from_client
from kiosk.emulator.mcp.desk import McpTool, outcome_text
from kiosk.emulator.mind.thought import Called, Context, Returned, Said, Turn
from kiosk.emulator.mind.tools import parse_tools
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.voices import session_language
from kiosk.emulator.wire.codec import INVALID_VALUE, JSON, WireError

_TEXT = ("text", "output_text")


@dataclass(slots=True)
class ResponseRequest:
    """Everything one response is made with."""

    modalities: list[str]
    voice: Any
    output_audio_format: str
    temperature: float | None
    max_output_tokens: int | str
    metadata: dict[str, str] | None
    instructions: str
    extra: str
    tools: list[JSON]
    tool_choice: str
    parallel: bool = True
    family: Family = REALTIME
    language: str = ""
    """What the session is set to speak or hear, "" when it is set to neither."""
    commit: bool = True
    cancel_previous: bool = False
    pre_generated: str | None = None
    pre_generated_id: str | None = None
    streamed: bool = False
    """Whether the pre-generated message is incomplete: its text goes on by `input_text.delta`."""
    interim: JSON | None = None
    invoke_input: JSON | None = None
    context_items: list[Item] | None = None
    appended_items: list[Item] = field(default_factory=list)

    @property
    def spoken(self) -> bool:
        """Whether the answer is audio with a transcript, not text alone."""
        return "audio" in self.modalities or "avatar" in self.modalities


def parse_request(message: JSON, config: SessionConfig, limits: Limits) -> ResponseRequest:
    """Return the request of a checked `response.create` ({}: the service's own), or refuse it."""
    params: JSON = message.get("response") or {}
    values = config.values
    if config.agent_mode:
        check_agent_owns(params, "response")
    elif params.get("invoke_input") is not None:
        raise WireError(
            INVALID_VALUE,
            "'response.invoke_input' is input of a hosted agent; connect with an agent to use it.",
            "response.invoke_input",
        )
    interim = params.get("interim_response")
    if interim is not None:
        model = None if config.agent_mode else values["model"]
        check_interim(interim, "response.interim_response", model, limits)
        interim = filled_interim(interim)
    modalities = params.get("modalities")
    if modalities is not None and "text" not in modalities:
        # API reference, RealtimeResponseOptions: "You can't enable only audio."
        raise WireError(
            INVALID_VALUE,
            "Invalid value for 'response.modalities': 'text' must be among them.",
            "response.modalities",
        )
    if params.get("commit") is False and params.get("conversation") == "auto":
        raise WireError(
            INVALID_VALUE,
            "'response.commit' and 'response.conversation' contradict each other; leave one out.",
            "response.conversation",
        )
    # The SDK and the API reference have different names for it.
    tokens = params.get("max_output_tokens") or params.get("max_response_output_tokens")
    check_tokens(params.get("max_output_tokens"), "response.max_output_tokens")
    check_tokens(params.get("max_response_output_tokens"), "response.max_response_output_tokens")
    check_temperature(params.get("temperature"), "response.temperature")
    check_metadata(params.get("metadata"), "response.metadata")
    check_tools(params.get("tools"), "response.tools", limits)
    tools = params.get("tools")
    tools = config.tools if tools is None else tools
    message_text, message_id, streamed = _pre_generated(
        params.get("pre_generated_assistant_message")
    )
    extra = [params.get("instructions"), message.get("additional_instructions")]
    request = ResponseRequest(
        modalities=modalities or list(values["modalities"]),
        voice=params.get("voice") or values["voice"],
        output_audio_format=params.get("output_audio_format") or values["output_audio_format"],
        temperature=_given(params, values, "temperature"),
        max_output_tokens=tokens or values["max_response_output_tokens"],
        metadata=params.get("metadata"),
        instructions=config.instructions,
        extra="\n".join(text for text in extra if text),
        tools=tools or [],
        tool_choice=_tool_choice(params.get("tool_choice") or values["tool_choice"], tools or []),
        parallel=values.get("parallel_tool_calls") is not False,
        family=config.family,
        language=session_language(values),
        commit=params.get("commit") is not False and params.get("conversation") != "none",
        # The SDK's docstring says true is the default; the service was seen to refuse overlaps,
        # so only an explicit true cancels (unsure).
        cancel_previous=params.get("cancel_previous") is True,
        pre_generated=message_text,
        pre_generated_id=message_id,
        streamed=streamed,
        interim=interim or values.get("interim_response"),
        invoke_input=params.get("invoke_input"),
    )
    for name in ("input_items", "append_input_items"):
        if params.get(name) is not None:
            items = [
                item_from_client(data, maximum_text=limits.text_characters) for data in params[name]
            ]
            if name == "input_items":
                request.context_items = items
            else:
                request.appended_items = items
    return request


def _given(params: JSON, values: Mapping[str, Any], name: str) -> Any:
    return values[name] if params.get(name) is None else params[name]


def _pre_generated(message: JSON | None) -> tuple[str | None, str | None, bool]:
    """Return the one text of a pre-generated message (API reference), its id, if it is incomplete.

    The service was seen to look for an "incomplete pre_generated_assistant_message" when it gets
    `input_text.delta`; that status "incomplete" makes one is unsure.
    """
    if message is None:
        return None, None, False
    param = "response.pre_generated_assistant_message.content"
    content = message["content"]
    streamed = message.get("status") == "incomplete"
    whole = len(content) == 1 and content[0]["type"] in _TEXT and content[0]["text"].strip()
    if not whole and not streamed:
        raise WireError(
            INVALID_VALUE, f"Invalid value for '{param}': give exactly one text entry.", param
        )
    if len(content) > 1 or any(part["type"] not in _TEXT for part in content):
        raise WireError(
            INVALID_VALUE, f"Invalid value for '{param}': give at most one text entry.", param
        )
    return "".join(part["text"] for part in content), message.get("id"), streamed


def _tool_choice(value: Any, tools: list[JSON]) -> str:
    """Return auto, none, required or a declared function's name."""
    name = value["name"] if isinstance(value, dict) else value
    if name in ("auto", "none", "required"):
        return str(name)
    # The tools of an MCP server are known only once they are listed.
    if any(tool["type"] == "mcp" or tool["name"] == name for tool in tools):
        return str(name)
    raise WireError(
        INVALID_VALUE,
        "Invalid value for 'tool_choice': use 'auto', 'none', 'required' or a declared function.",
        "tool_choice",
    )


def build_context(
    request: ResponseRequest,
    conversation: Conversation,
    used: Mapping[int, int],
    mcp_tools: Mapping[str, McpTool] | None = None,
) -> Context:
    """Return what the mind knows; everything still being transcribed must have been heard."""
    items = conversation.items() if request.context_items is None else request.context_items
    turns = _turns([*items, *request.appended_items])
    if request.invoke_input is not None:
        turns.append(Said("user", json.dumps(request.invoke_input, ensure_ascii=False)))
    functions = [tool.as_function() for tool in (mcp_tools or {}).values()]
    return Context(
        turns=tuple(turns),
        instructions=request.instructions,
        extra=request.extra,
        tools=parse_tools([*request.tools, *functions], request.instructions),
        tool_choice=request.tool_choice,
        parallel=request.parallel,
        used=dict(used),
        language=request.language,
        temperature=request.temperature,
    )


def _turns(items: list[Item]) -> list[Turn]:
    """Return the items as the mind knows them: an MCP call's result where it became known."""
    ids = {item.id for item in items}
    turns: list[Turn] = []
    late: dict[str, list[Returned]] = {}
    for item in items:
        if item.kind == "message":
            turns.append(Said(item.role, heard_text(item)))
        elif item.kind == "function_call":
            turns.append(Called(item.name, item.arguments, item.call_id))
        elif item.kind == "function_call_output":
            turns.append(Returned(item.call_id, item.output or ""))
        elif item.kind == "mcp_call":
            turns.append(Called(item.name, item.arguments, item.id))
            outcome = outcome_text(item)
            if outcome is not None:
                place = item.returned_after if item.returned_after in ids else item.id
                late.setdefault(place or item.id, []).append(Returned(item.id, outcome))
        turns += late.pop(item.id, [])
    return turns


def heard_text(item: Item) -> str:
    """Return an item's words, also those heard here but not transcribed for the client."""
    texts = []
    for part in item.parts:
        heard = part.heard.result() if part.heard is not None and part.heard.done() else ""
        texts.append(part.text or heard)
    return " ".join(text for text in texts if text)
