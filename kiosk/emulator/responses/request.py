"""One `response.create` over the session's defaults, and the context the mind gets for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.config.tools import check_tools
from kiosk.emulator.config.values import check_metadata, check_tokens
from kiosk.emulator.conversation.items import Conversation, Item, item_from_client
from kiosk.emulator.mind.mind import Called, Context, Returned, Said, Turn
from kiosk.emulator.mind.tools import parse_tools
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import INVALID_VALUE, JSON, WireError, unsupported


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
    commit: bool = True
    cancel_previous: bool = False
    pre_generated: str | None = None
    context_items: list[Item] | None = None
    appended_items: list[Item] = field(default_factory=list)

    @property
    def spoken(self) -> bool:
        """Whether the answer is audio with a transcript, not text alone."""
        return "audio" in self.modalities or "avatar" in self.modalities


def parse_request(message: JSON, config: SessionConfig, limits: Limits) -> ResponseRequest:
    """Return the request of a checked `response.create` ({}: the service's own), or refuse it."""
    params: JSON = message.get("response") or {}
    if params.get("invoke_input") is not None:
        raise unsupported("response.invoke_input", "hosted agents")
    if params.get("interim_response") is not None:
        raise unsupported("response.interim_response", "interim responses")
    modalities = params.get("modalities")
    if modalities is not None and "text" not in modalities and "audio" not in modalities:
        raise WireError(
            INVALID_VALUE,
            "Invalid value for 'response.modalities': name 'text', 'audio' or both.",
            "response.modalities",
        )
    check_tokens(params.get("max_output_tokens"), "response.max_output_tokens")
    check_metadata(params.get("metadata"), "response.metadata")
    check_tools(params.get("tools"), "response.tools", limits)
    tools = params.get("tools")
    tools = config.tools if tools is None else tools
    values = config.values
    extra = [params.get("instructions"), message.get("additional_instructions")]
    request = ResponseRequest(
        modalities=modalities or list(values["modalities"]),
        voice=params.get("voice") or values["voice"],
        output_audio_format=params.get("output_audio_format") or values["output_audio_format"],
        temperature=params.get("temperature") or values["temperature"],
        max_output_tokens=params.get("max_output_tokens") or values["max_response_output_tokens"],
        metadata=params.get("metadata"),
        instructions=config.instructions,
        extra="\n".join(text for text in extra if text),
        tools=tools or [],
        tool_choice=_tool_choice(params.get("tool_choice") or values["tool_choice"], tools or []),
        commit=params.get("commit") is not False,
        # The SDK's docstring says true is the default; the service was seen to refuse overlaps,
        # so only an explicit true cancels (unsure).
        cancel_previous=params.get("cancel_previous") is True,
        pre_generated=_pre_generated(params.get("pre_generated_assistant_message")),
    )
    for name in ("input_items", "append_input_items"):
        if params.get(name) is not None:
            items = [
                item_from_client(data, maximum_text=limits.text_characters)
                for data in params[name]
                if _supported(data, name)
            ]
            if name == "input_items":
                request.context_items = items
            else:
                request.appended_items = items
    return request


def _supported(data: JSON, name: str) -> bool:
    if data["type"] == "mcp_approval_response":
        raise unsupported(f"response.{name}", "MCP approvals")
    return True


def _pre_generated(message: JSON | None) -> str | None:
    """Return the one text of a pre-generated message (API reference: only one text entry)."""
    if message is None:
        return None
    param = "response.pre_generated_assistant_message.content"
    content = message["content"]
    if len(content) != 1 or content[0]["type"] != "text" or not content[0]["text"].strip():
        raise WireError(
            INVALID_VALUE, f"Invalid value for '{param}': give exactly one text entry.", param
        )
    return str(content[0]["text"])


def _tool_choice(value: Any, tools: list[JSON]) -> str:
    """Return auto, none, required or a declared function's name."""
    name = value["name"] if isinstance(value, dict) else value
    if name in ("auto", "none", "required"):
        return str(name)
    if any(tool["name"] == name for tool in tools):
        return str(name)
    raise WireError(
        INVALID_VALUE,
        "Invalid value for 'tool_choice': use 'auto', 'none', 'required' or a declared function.",
        "tool_choice",
    )


def build_context(
    request: ResponseRequest, conversation: Conversation, used: frozenset[int]
) -> Context:
    """Return what the mind knows; everything still being transcribed must have been heard."""
    items = conversation.items() if request.context_items is None else request.context_items
    turns: list[Turn] = []
    for item in [*items, *request.appended_items]:
        if item.kind == "function_call":
            turns.append(Called(item.name, item.arguments, item.call_id))
        elif item.kind == "function_call_output":
            turns.append(Returned(item.call_id, item.output))
        else:
            turns.append(Said(item.role, heard_text(item)))
    return Context(
        turns=tuple(turns),
        instructions=request.instructions,
        extra=request.extra,
        tools=parse_tools(request.tools, request.instructions),
        tool_choice=request.tool_choice,
        used=used,
    )


def heard_text(item: Item) -> str:
    """Return an item's words, also those heard here but not transcribed for the client."""
    texts = []
    for part in item.parts:
        heard = part.heard.result() if part.heard is not None and part.heard.done() else ""
        texts.append(part.text or heard)
    return " ".join(text for text in texts if text)
