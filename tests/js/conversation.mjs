/**
 * One conversation through Microsoft's JavaScript SDK, as an application would hold it.
 *
 * node conversation.mjs ENDPOINT QUESTION.pcm INTERRUPTION.pcm
 *
 * The sound files are PCM16 mono at 24 kHz. Prints one JSON object with what was seen; the
 * assertions are in tests/contract/test_javascript.py.
 */
import { readFile } from "node:fs/promises";

import { VoiceLiveClient } from "@azure/ai-voicelive";
import { AzureKeyCredential } from "@azure/core-auth";

import { Listener } from "./listener.mjs";

const FRAME_BYTES = 24000 * 2 * 0.04;

const TOOL = {
  type: "function",
  name: "find_place",
  description: "Shows the way to a place in the museum, with a map.",
  parameters: {
    type: "object",
    properties: { place: { type: "string", enum: ["toilets", "cafe", "lift"] } },
    required: ["place"],
  },
};

async function say(session, file) {
  const pcm = await readFile(file);
  for (let start = 0; start < pcm.length; start += FRAME_BYTES) {
    await session.sendAudio(new Uint8Array(pcm.subarray(start, start + FRAME_BYTES)));
  }
}

const [endpoint, question, interruption] = process.argv.slice(2);
const client = new VoiceLiveClient(endpoint, new AzureKeyCredential("any"));
const session = client.createSession("gpt-realtime");
// Subscribed before connecting: the SDK does not keep events for a later subscriber.
const listener = new Listener(session);
const found = {};

await session.connect();
const created = await listener.until("session.created");
found.sessionId = [created.session.id, session.sessionId];

await session.updateSession({
  modalities: ["text", "audio"],
  voice: { type: "azure-standard", name: "en-US-AndrewNeural" },
  turnDetection: {
    type: "azure_semantic_vad",
    threshold: 0.5,
    silenceDurationInMs: 500,
    interruptResponse: true,
    autoTruncate: true,
  },
  inputAudioTranscription: { model: "azure-speech", language: "en-US" },
  outputAudioTimestampTypes: ["word"],
  tools: [TOOL],
  metadata: { kiosk: "lobby" },
});
found.session = (await listener.until("session.updated")).session;

// A spoken question, a function call, its output, the answer.
await say(session, question);
const heard = await listener.until("conversation.item.input_audio_transcription.completed");
found.heard = heard.transcript;
const call = await listener.until("response.function_call_arguments.done");
found.call = { name: call.name, arguments: JSON.parse(call.arguments) };
await listener.until("response.done");
await session.addConversationItem({
  type: "function_call_output",
  callId: call.callId,
  output: JSON.stringify({ say: "Behind you, on the left." }),
});
await session.sendEvent({ type: "response.create" });
found.answer = (await listener.until("response.audio_transcript.done")).transcript;
const answered = await listener.until("response.done");
found.status = answered.response.status;
found.usage = answered.response.usage;
found.audioBytes = listener.bytesOfAudio(answered.response.id);
found.words = listener.seen
  .filter((event) => event.type === "response.audio_timestamp.delta")
  .filter((event) => event.responseId === answered.response.id)
  .map((event) => event.text.trim());

// A long answer, interrupted by speech.
await session.sendEvent({
  type: "response.create",
  response: {
    preGeneratedAssistantMessage: {
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: "This house was built by the harbour. ".repeat(12) }],
    },
  },
});
await listener.until("response.audio.delta");
await say(session, interruption);
const cancelled = await listener.until("response.done");
found.interrupted = [cancelled.response.status, cancelled.response.statusDetails?.reason];
const truncated = await listener.until("conversation.item.truncated");
found.truncated = [truncated.itemId === cancelled.response.output[0].id, truncated.audioEndInMs];

// A refusal names the event that caused it.
await session.sendEvent({ type: "conversation.item.delete", itemId: "nobody", eventId: "mine" });
const refusal = await listener.until("error");
found.refusal = [refusal.error.type, refusal.error.eventId];

await session.disconnect();
found.connected = session.isConnected;
found.kinds = [...new Set(listener.seen.map((event) => event.type))];
found.errors = listener.seen.filter((event) => event.type === "error").map((event) => event.error);
found.connectionErrors = listener.connectionErrors;
console.log(JSON.stringify(found));
