"""What the service does on its own side of a response: searches and events of a hosted agent."""

from __future__ import annotations

from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id
from kiosk.emulator.conversation.items import Item
from kiosk.emulator.responses.output import OutputHost, ResponseOutput
from kiosk.emulator.scenario.hosted import Hosted
from kiosk.emulator.wire.codec import JSON

FILE_RESULTS = sdk.SessionIncludeOption.FILE_SEARCH_CALL_RESULTS.value
"""`include` of a session that wants to see what a file search found."""

_WEB = (
    sdk.ServerEventResponseWebSearchCallInProgress,
    sdk.ServerEventResponseWebSearchCallSearching,
    sdk.ServerEventResponseWebSearchCallCompleted,
)
_FILES = (
    sdk.ServerEventResponseFileSearchCallInProgress,
    sdk.ServerEventResponseFileSearchCallSearching,
    sdk.ServerEventResponseFileSearchCallCompleted,
)


def act_hosted(
    host: OutputHost, output: ResponseOutput, hosted: Hosted, *, file_results: bool
) -> None:
    """Send everything that comes before the answer is spoken.

    The order in progress, searching, completed is that of OpenAI's Responses API, whose events
    these are by name and `sequence_number`; unsure here.
    """
    for delta in hosted.invocation:
        host.emit(sdk.ServerEventResponseInvocationDelta, delta=delta)
    if hosted.web_search:
        _search(host, output, Item(id=new_id("ws"), kind="web_search_call"), _WEB)
    if hosted.file_search is not None:
        found = hosted.file_search
        item = Item(id=new_id("fs"), kind="file_search_call", own={"queries": [*found.queries]})
        results = [result.model_dump(exclude_none=True) for result in found.results]
        _search(host, output, item, _FILES, {"results": results} if file_results else {})


def _search(
    host: OutputHost,
    output: ResponseOutput,
    item: Item,
    models: tuple[type[sdk.ServerEvent], ...],
    found: JSON | None = None,
) -> None:
    item.status = "in_progress"
    output.add(item)
    for number, model in enumerate(models):
        host.emit(model, sequence_number=number, **output.place(item))
    item.own |= found or {}
    output.close(item, "completed")
