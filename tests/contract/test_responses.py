"""Responses and conversation items as the real SDK sees them: every parameter, every ending."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from azure.ai.voicelive import models as sdk
from azure.core.credentials import AccessToken

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from tests.contract.talking import Client, Kind, said, talking
from tests.unit.emulator.emulating import FACTS, PLACES, QUICK, spoken

SLOW = Scenario(generation_speed=0.5)
PLACE = sdk.FunctionTool(
    name=str(PLACES["name"]),
    description=str(PLACES["description"]),
    parameters=PLACES["parameters"],
)


class Token:
    """A credential that gives a bearer token, as agents demand."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken("token", 2_000_000_000)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> Token:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing to leave."""


def scenario(**reply: Any) -> Scenario:
    """Return a scenario with one reply, to "search"."""
    values = {"keywords": ["search"], "say": "Here is what I found.", **reply}
    return Scenario.model_validate({"generation_speed": 1000, "replies": [values]})


async def speaking(client: Client) -> Any:
    """Begin a long answer and return its `response.created` once words have come."""
    await client.update(instructions=FACTS)
    await client.connection.response.create()
    created = await client.until(Kind.RESPONSE_CREATED)
    await client.until(Kind.RESPONSE_AUDIO_TRANSCRIPT_DELTA)
    return created.response


# ── one response at a time ───────────────────────────────────────────────────────────────────


async def test_cancel(engines: Engines) -> None:
    async with talking(engines, SLOW) as client:
        running = await speaking(client)
        await client.connection.response.cancel(response_id="resp_other", event_id="wrong")
        error = (await client.until(Kind.ERROR)).error
        assert (error.code, error.event_id) == ("response_cancel_not_active", "wrong")
        await client.connection.response.cancel(response_id=running.id)
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert done.id == running.id
        assert done.status == sdk.ResponseStatus.CANCELLED
        assert isinstance(done.status_details, sdk.ResponseCancelledDetails)
        assert done.status_details.reason == "client_cancelled"
        assert done.output[0].status == "incomplete"
        assert done.usage.output_tokens > 0
        await speaking(client)
        await client.connection.response.cancel()
        await client.until(Kind.RESPONSE_DONE)
        await client.connection.response.cancel(event_id="late")
        error = (await client.until(Kind.ERROR)).error
        assert (error.code, error.event_id) == ("response_cancel_not_active", "late")


async def test_speech_ends_a_response(engines: Engines) -> None:
    async with talking(engines, SLOW) as client:
        detection = sdk.AzureSemanticVad(create_response=False, interrupt_response=True)
        await client.update(turn_detection=detection)
        await speaking(client)
        pcm = base64.b64encode(await spoken("Stop please.", after_ms=0)).decode()
        await client.connection.input_audio_buffer.append(audio=pcm)
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert done.status_details.reason == "turn_detected"


async def test_an_overlapping_response_is_refused_or_replaces_the_first(engines: Engines) -> None:
    async with talking(engines, SLOW) as client:
        running = await speaking(client)
        await client.connection.response.create(event_id="second")
        error = (await client.until(Kind.ERROR)).error
        assert error.code == "conversation_already_has_active_response"
        assert error.event_id == "second"
        await client.connection.response.create(
            response=sdk.ResponseCreateParams(cancel_previous=True)
        )
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert (done.id, done.status) == (running.id, sdk.ResponseStatus.CANCELLED)
        assert (await client.until(Kind.RESPONSE_CREATED)).response.id != running.id


# ── what a response is made with ─────────────────────────────────────────────────────────────


async def test_the_parameters_of_a_response(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.update(instructions=FACTS, tools=[PLACE])
        done = await client.ask(
            "When do you open?",
            modalities=["text"],
            voice=sdk.AzureStandardVoice(name="en-US-AndrewNeural"),
            output_audio_format=sdk.OutputAudioFormat.PCM16_16000_HZ,
            temperature=0.7,
            max_output_tokens=100,
            reasoning_effort=sdk.ReasoningEffort.LOW,
            metadata={"topic": "hours"},
            tools=[],
        )
        assert done.modalities == ["text"]
        assert done.voice["name"] == "en-US-AndrewNeural"
        assert done.output_audio_format == "pcm16_16000hz"
        assert (done.temperature, done.max_output_tokens) == (0.7, 100)
        assert done.metadata == {"topic": "hours"}
        assert done.conversation_id.startswith("conv_")
        assert done.output[0].content[0].type == "text"
        usage = done.usage
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens
        assert usage.output_token_details.audio_tokens == 0 < usage.input_token_details.text_tokens
        # Nothing of it stays behind.
        again = await client.ask("Where is the cafe?")
        assert again.modalities == ["audio"]
        assert again.output[0].type == "function_call"


async def test_instructions_for_one_response(engines: Engines) -> None:
    async with talking(engines) as client:
        done = await client.ask("Hello", instructions='Say exactly: "Good evening, Ada."')
        assert said(done) == ["Good evening, Ada."]
        await client.type("Hello")
        await client.connection.response.create(
            additional_instructions='Say exactly: "Good night, Ada."'
        )
        assert said((await client.until(Kind.RESPONSE_DONE)).response) == ["Good night, Ada."]


@pytest.mark.parametrize("params", [{"commit": False}, {"conversation": "none"}])
async def test_a_response_out_of_band(engines: Engines, params: dict[str, Any]) -> None:
    async with talking(engines) as client:
        await client.connection.send({"type": "response.create", "response": params})
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert done.conversation_id is None
        await client.connection.conversation.item.retrieve(item_id=done.output[0].id)
        assert (await client.until(Kind.ERROR)).error.code == "item_not_found"


async def test_another_context_for_one_response(engines: Engines) -> None:
    question = sdk.UserMessageItem(content=[sdk.InputTextContentPart(text="How much is a ticket?")])
    async with talking(engines) as client:
        await client.update(instructions=FACTS)
        await client.type("When do you open?")
        alone = await client.respond(input_items=[question])
        assert "twelve euros" in said(alone)[0]
        assert "ten to six" in said(await client.ask("When do you open?"))[0]
        appended = await client.respond(append_input_items=[question])
        assert "twelve euros" in said(appended)[0]


async def test_the_ends_of_responses(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.update(instructions=FACTS)
        short = await client.ask("When do you open?", max_output_tokens=4)
        assert short.status == sdk.ResponseStatus.INCOMPLETE
        assert isinstance(short.status_details, sdk.ResponseIncompleteDetails)
        assert short.status_details.reason == "max_output_tokens"
        whole = await client.ask("When do you open?", max_output_tokens="inf")
        assert whole.status == sdk.ResponseStatus.COMPLETED
    filtered = scenario(hosted={"content_filter": True})
    async with talking(engines, filtered) as client:
        done = await client.ask("Please search.")
        assert done.status == sdk.ResponseStatus.INCOMPLETE
        assert done.status_details.reason == "content_filter"
        assert done.output[0].status == "incomplete"
    late = Scenario(reply_delay_ms=5000)
    async with talking(engines, late, limits=Limits(response_seconds=0.1)) as client:
        failed = await client.ask("Hello")
        assert failed.status == sdk.ResponseStatus.FAILED
        assert failed.status_details.error["code"] == "timeout"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"modalities": ["audio"]}, "response.modalities"),
        ({"max_output_tokens": 5000}, "response.max_output_tokens"),
        ({"metadata": {"x": "y" * 600}}, "response.metadata"),
        ({"invoke_input": {"a": 1}}, "response.invoke_input"),
        (
            {"interim_response": {"type": "static_interim_response", "texts": ["Wait."]}},
            "response.interim_response",
        ),
        (
            {
                "pre_generated_assistant_message": {
                    "type": "message",
                    "role": "assistant",
                    "content": [],
                }
            },
            "response.pre_generated_assistant_message.content",
        ),
    ],
)
async def test_parameters_that_cannot_be(
    engines: Engines, params: dict[str, Any], param: str
) -> None:
    async with talking(engines) as client:
        await client.connection.send(
            {"type": "response.create", "response": params, "event_id": "bad"}
        )
        error = (await client.until(Kind.ERROR)).error
        assert (error.param, error.event_id) == (param, "bad")
        assert said(await client.respond()) != []


# ── interim responses ────────────────────────────────────────────────────────────────────────


async def test_an_interim_response_while_the_answer_takes_long(engines: Engines) -> None:
    interim = sdk.StaticInterimResponseConfig(
        texts=["Let me look."], latency_threshold_ms=50, triggers=["latency"]
    )
    late = Scenario(generation_speed=1000, reply_delay_ms=600)
    async with talking(engines, late, model="gpt-4.1") as client:
        session = await client.update(instructions=FACTS, interim_response=interim)
        assert session.interim_response["latency_threshold_ms"] == 50
        done = await client.ask("When do you open?")
        assert done.status == sdk.ResponseStatus.COMPLETED
        first, second = said(done)
        assert first == "Let me look."
        assert "ten to six" in second


async def test_no_interim_response_when_the_answer_is_quick(engines: Engines) -> None:
    interim = sdk.StaticInterimResponseConfig(texts=["Let me look."])
    async with talking(engines, model="gpt-4.1") as client:
        session = await client.update(instructions=FACTS, interim_response=interim)
        assert session.interim_response["latency_threshold_ms"] == 2000
        assert session.interim_response["triggers"] == ["latency"]
        assert len(said(await client.ask("When do you open?"))) == 1


async def test_an_interim_response_while_a_function_works(engines: Engines) -> None:
    interim = sdk.LlmInterimResponseConfig(
        triggers=["tool"], instructions='Say exactly: "I am looking at the map."'
    )
    async with talking(engines, model="gpt-4.1") as client:
        await client.update(tools=[PLACE])
        done = await client.ask("Where is the cafe?", interim_response=interim)
        assert [item.type for item in done.output] == ["function_call", "message"]
        assert said(done) == ["I am looking at the map."]
        result = sdk.FunctionCallOutputItem(call_id=done.output[0].call_id, output="Upstairs.")
        await client.connection.conversation.item.create(item=result)
        assert said(await client.respond()) == ["Upstairs."]


async def test_an_interim_response_ends_with_its_response(engines: Engines) -> None:
    interim = sdk.StaticInterimResponseConfig(
        texts=["This takes a while, so please have a seat."], latency_threshold_ms=0
    )
    late = Scenario(generation_speed=0.5, reply_delay_ms=30_000)
    async with talking(engines, late, model="gpt-4.1") as client:
        await client.update(interim_response=interim)
        await client.connection.response.create()
        await client.until(Kind.RESPONSE_AUDIO_TRANSCRIPT_DELTA)
        await client.connection.response.cancel()
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert done.status == sdk.ResponseStatus.CANCELLED
        await client.connection.input_audio_buffer.clear()
        await client.until(Kind.INPUT_AUDIO_BUFFER_CLEARED)
        assert client.kinds()[-2:] == ["response.done", "input_audio_buffer.cleared"]


async def test_realtime_models_have_no_interim_responses(engines: Engines) -> None:
    async with talking(engines) as client:
        interim = sdk.StaticInterimResponseConfig(texts=["Let me look."])
        await client.connection.session.update(session=sdk.RequestSession(interim_response=interim))
        error = (await client.until(Kind.ERROR)).error
        # Microsoft's MCP sample looks for these words.
        assert "interim response" in error.message.lower()


# ── items ────────────────────────────────────────────────────────────────────────────────────


async def test_items_are_made_where_they_belong(engines: Engines) -> None:
    async with talking(engines) as client:
        create = client.connection.conversation.item.create

        def message(item_id: str) -> sdk.UserMessageItem:
            return sdk.UserMessageItem(id=item_id, content=[sdk.InputTextContentPart(text="Hello")])

        for item_id, after in (("b", None), ("a", "root"), ("d", None), ("c", "b")):
            await create(item=message(item_id), previous_item_id=after)
        made = [await client.until(Kind.CONVERSATION_ITEM_CREATED) for _ in range(4)]
        assert [(event.previous_item_id, event.item.id) for event in made] == [
            (None, "b"),
            (None, "a"),
            ("b", "d"),
            ("b", "c"),
        ]
        for item_id, after, code in (
            ("e", "gone", "item_not_found"),
            ("a", None, "item_already_exists"),
        ):
            await create(item=message(item_id), previous_item_id=after, event_id=f"make-{item_id}")
            error = (await client.until(Kind.ERROR)).error
            assert (error.code, error.event_id) == (code, f"make-{item_id}")


async def test_items_of_every_type(engines: Engines) -> None:
    items = [
        sdk.SystemMessageItem(content=[sdk.InputTextContentPart(text="Be kind.")]),
        sdk.AssistantMessageItem(content=[sdk.OutputTextContentPart(text="Hello.")]),
        sdk.UserMessageItem(content=[sdk.InputTextContentPart(text="Hi.")]),
        sdk.FunctionCallItem(name="f", call_id="call_1", arguments="{}"),
        sdk.FunctionCallOutputItem(call_id="call_1", output="42"),
    ]
    async with talking(engines) as client:
        for item in items:
            await client.connection.conversation.item.create(item=item)
            made = (await client.until(Kind.CONVERSATION_ITEM_CREATED)).item
            assert made.type == item.type
            await client.connection.conversation.item.retrieve(item_id=made.id)
            kept = (await client.until(Kind.CONVERSATION_ITEM_RETRIEVED)).item
            assert kept.as_dict() == made.as_dict()
        approval = sdk.MCPApprovalResponseRequestItem(approval_request_id="none", approve=True)
        await client.connection.conversation.item.create(item=approval, event_id="none")
        error = (await client.until(Kind.ERROR)).error
        assert (error.code, error.event_id) == ("invalid_approval_request_id", "none")


async def test_delete_and_truncate(engines: Engines) -> None:
    async with talking(engines) as client:
        items = client.connection.conversation.item
        item = (await client.ask("Hello")).output[0]
        await items.truncate(item_id=item.id, content_index=0, audio_end_ms=900)
        cut = await client.until(Kind.CONVERSATION_ITEM_TRUNCATED)
        assert (cut.item_id, cut.content_index, cut.audio_end_ms) == (item.id, 0, 900)
        await items.retrieve(item_id=item.id)
        kept = (await client.until(Kind.CONVERSATION_ITEM_RETRIEVED)).item.content[0].transcript
        whole = item.content[0].transcript
        assert whole.startswith(kept)
        assert len(kept) < len(whole)
        for index, end, param in ((1, 0, "content_index"), (0, 99_000, "audio_end_ms")):
            await items.truncate(item_id=item.id, content_index=index, audio_end_ms=end)
            assert (await client.until(Kind.ERROR)).error.param == param
        await items.delete(item_id=item.id)
        assert (await client.until(Kind.CONVERSATION_ITEM_DELETED)).item_id == item.id
        await items.delete(item_id=item.id, event_id="twice")
        error = (await client.until(Kind.ERROR)).error
        assert (error.code, error.event_id) == ("item_not_found", "twice")


# ── streamed text ────────────────────────────────────────────────────────────────────────────


async def stream(client: Client, item_id: str, *pieces: str) -> None:
    for piece in pieces:
        await client.connection.send(sdk.ClientEventInputTextDelta(id=item_id, delta=piece))
    await client.connection.send(sdk.ClientEventInputTextDone(id=item_id))


async def test_text_streamed_into_the_message_being_spoken(engines: Engines) -> None:
    """Sentences are spoken as they are whole, before the text has ended."""
    message = sdk.AssistantMessageItem(content=[], status="incomplete")
    async with talking(engines) as client:
        await client.connection.response.create(
            response=sdk.ResponseCreateParams(pre_generated_assistant_message=message)
        )
        item = (await client.until(Kind.RESPONSE_OUTPUT_ITEM_ADDED)).item
        for piece in ("The museum ", "is open. It clo"):
            await client.connection.send(sdk.ClientEventInputTextDelta(id=item.id, delta=piece))
        await client.until(Kind.RESPONSE_AUDIO_DELTA)
        await stream(client, item.id, "ses ", "at six.")
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert said(done) == ["The museum is open. It closes at six."]
        assert done.output[0].id == item.id
        await client.connection.send(sdk.ClientEventInputTextDelta(id=item.id, delta="More."))
        assert "No incomplete" in (await client.until(Kind.ERROR)).error.message


async def test_text_streamed_into_a_message_of_the_user(engines: Engines) -> None:
    message = sdk.UserMessageItem(
        id="typed", status="incomplete", content=[sdk.InputTextContentPart(text="")]
    )
    async with talking(engines) as client:
        await client.update(instructions=FACTS)
        await client.connection.conversation.item.create(item=message)
        await client.until(Kind.CONVERSATION_ITEM_CREATED)
        await stream(client, "typed", "When do ", "you open?")
        await client.connection.conversation.item.retrieve(item_id="typed")
        kept = (await client.until(Kind.CONVERSATION_ITEM_RETRIEVED)).item
        assert (kept.content[0].text, kept.status) == ("When do you open?", "completed")
        assert "ten to six" in said(await client.respond())[0]


async def test_text_streamed_to_nowhere(engines: Engines) -> None:
    """As one project saw it on the service."""
    async with talking(engines) as client:
        await client.connection.send({"type": "input_text.delta", "delta": "x", "event_id": "1"})
        error = (await client.until(Kind.ERROR)).error
        assert (error.message, error.event_id) == ("Missing required parameter: 'id'.", "1")
        await client.connection.send(sdk.ClientEventInputTextDelta(id="x", delta="y"))
        error = (await client.until(Kind.ERROR)).error
        assert error.message.startswith("No incomplete pre_generated_assistant_message found")


# ── the service's own side ───────────────────────────────────────────────────────────────────


async def test_searches_and_citations(engines: Engines) -> None:
    citation = {"type": "url_citation", "url": "https://example.org", "title": "Example"}
    result = {"file_id": "file_1", "filename": "hours.md", "score": 0.9, "text": "Ten to six."}
    hosted = {
        "web_search": True,
        "file_search": {"queries": ["opening hours"], "results": [result]},
        "annotations": [citation],
    }
    async with talking(engines, scenario(hosted=hosted)) as client:
        done = await client.ask("Please search.")
        assert [i.type for i in done.output] == ["web_search_call", "file_search_call", "message"]
        kinds = [kind.removeprefix("response.") for kind in client.kinds()]
        for name in ("web_search_call", "file_search_call"):
            order = [kind for kind in kinds if kind.startswith(name)]
            assert order == [f"{name}.in_progress", f"{name}.searching", f"{name}.completed"]
        event = next(e for e in client.seen if e.type == Kind.RESPONSE_WEB_SEARCH_CALL_SEARCHING)
        assert (event.response_id, event.item_id) == (done.id, done.output[0].id)
        assert isinstance(event.sequence_number, int)
        assert isinstance(done.output[1], sdk.ResponseFileSearchCallItem)
        assert done.output[1].queries == ["opening hours"]
        assert done.output[1].results is None
        name = "response.audio_transcript.annotation.added"
        (added,) = [e for e in client.seen if e.type == name]
        assert (added.annotation, added.annotation_index) == (citation, 0)
        assert added.item_id == done.output[2].id
        include = sdk.SessionIncludeOption.FILE_SEARCH_CALL_RESULTS
        await client.update(include=[include])
        done = await client.ask("Please search.")
        (found,) = done.output[1].results
        assert (found.filename, found.text) == ("hours.md", "Ten to six.")


async def test_an_agent_and_what_it_owns(engines: Engines) -> None:
    hosted = {"invocation": [{"type": "ui.card", "title": "Map"}]}
    agent: dict[str, Any] = {
        "credential": Token(),
        "model": None,
        "agent_name": "guide",
        "project_name": "museum",
    }
    async with talking(engines, scenario(hosted=hosted), **agent) as client:
        for field, value, code in (
            ("instructions", "Be kind.", "instructions_configuration_not_supported"),
            ("temperature", 0.7, "temperature_configuration_not_supported"),
            ("tools", [PLACES], "tools_configuration_not_supported"),
            ("tool_choice", "none", "tool_choice_configuration_not_supported"),
        ):
            await client.connection.send(
                {"type": "session.update", "session": {field: value}, "event_id": field}
            )
            error = (await client.until(Kind.ERROR)).error
            assert (error.code, error.param, error.event_id) == (code, f"session.{field}", field)
        await client.connection.send(
            {"type": "response.create", "response": {"instructions": "Be kind."}}
        )
        error = (await client.until(Kind.ERROR)).error
        assert error.param == "response.instructions"
        # Interim responses are for agents too, and so is input of the client's own.
        await client.update(interim_response=sdk.StaticInterimResponseConfig(texts=["One moment."]))
        done = await client.respond(invoke_input={"action": "search"})
        assert said(done) == ["Here is what I found."]
        name = "response.invocation.delta"
        (event,) = [e for e in client.seen if e.type == name]
        assert event.delta == {"type": "ui.card", "title": "Map"}


async def test_many_clients_do_not_share_a_conversation(engines: Engines) -> None:
    async with talking(engines, QUICK) as one, talking(engines, QUICK) as other:
        first, second = await asyncio.gather(one.ask("Hello"), other.ask("Hello"))
        assert first.conversation_id != second.conversation_id
