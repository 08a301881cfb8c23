/**
 * An avatar through Microsoft's JavaScript SDK. Node has no WebRTC, so the peer connection is the
 * caller's: it gives the offer, takes the answer from the first line printed and says "go".
 *
 * node avatar.mjs ENDPOINT CLIENT_SDP
 *
 * Prints two JSON lines: {serverSdp, avatar}, and at the end what else was seen.
 */
import { once } from "node:events";

import { VoiceLiveClient } from "@azure/ai-voicelive";
import { AzureKeyCredential } from "@azure/core-auth";

import { Listener } from "./listener.mjs";

const [endpoint, clientSdp] = process.argv.slice(2);
const client = new VoiceLiveClient(endpoint, new AzureKeyCredential("any"));
const session = client.createSession("gpt-realtime");
const listener = new Listener(session);
await session.connect();
await session.updateSession({
  voice: { type: "azure-standard", name: "en-US-AndrewNeural" },
  avatar: {
    character: "lisa",
    style: "casual-sitting",
    customized: false,
    video: { codec: "h264", bitrate: 1000000, resolution: { width: 640, height: 360 } },
  },
});
const { avatar, modalities } = (await listener.until("session.updated")).session;
await session.sendEvent({ type: "session.avatar.connect", clientSdp });
const { serverSdp } = await listener.until("session.avatar.connecting");
console.log(JSON.stringify({ serverSdp, avatar, modalities }));
await once(process.stdin, "data");

const text = "Good morning and welcome to the museum by the harbour.";
const message = { type: "message", role: "assistant", content: [{ type: "text", text }] };
await session.sendEvent({
  type: "response.create",
  response: { preGeneratedAssistantMessage: message },
});
const speaking = await listener.until("session.avatar.switch_to_speaking");
await session.sendEvent({ type: "output_audio_buffer.clear" });
await listener.until("output_audio_buffer.cleared");
const idle = await listener.until("session.avatar.switch_to_idle");
await session.dispose();
const kinds = [...new Set(listener.seen.map((event) => event.type))];
const turns = [speaking.turnId ?? null, idle.turnId ?? null];
console.log(JSON.stringify({ kinds, turns }));
process.stdin.destroy();
