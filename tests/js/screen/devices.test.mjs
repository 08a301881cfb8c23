// Microphone, loudspeaker and camera that go away, are said and reported, and used again.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Attract } from "../../../kiosk/static/kiosk/attract.js";
import { watchDevices } from "../../../kiosk/static/kiosk/devices.js";
import { Microphone } from "../../../kiosk/static/kiosk/microphone.js";
import { Presence } from "../../../kiosk/static/kiosk/presence.js";
import { Talk } from "../../../kiosk/static/kiosk/talk.js";
import { Socket, Stream, Words, browser, settle } from "./browser.mjs";

let made;

beforeEach(() => {
  made = browser();
});

const plug = (...kinds) => {
  made.devices.known = kinds.map((kind) => ({ kind }));
  made.devices.dispatchEvent(new Event("devicechange"));
};
const missing = (name = "NotFoundError") => () => {
  throw Object.assign(new Error("no device"), { name });
};

// ── the microphone ───────────────────────────────────────────────────────────────────────────

function sound() {
  Object.assign(globalThis, {
    AudioContext: class {
      audioWorklet = { addModule: async () => {} };
      async resume() {}
      async suspend() {}
      async close() {}
      createMediaStreamSource() {
        return { connect() {}, disconnect() {} };
      }
    },
    AudioWorkletNode: class {
      port = { postMessage() {} };
    },
  });
}

test("a microphone that is plugged in again is used again in the same visit", async () => {
  sound();
  let stream = new Stream("audio");
  made.devices.gives = () => stream;
  const socket = new Socket();
  const view = new Words();
  const page = { microphone: true, talk: "open" };
  const parts = { page, socket, media: {}, microphone: new Microphone(), view };
  let isHere = true;
  const talk = new Talk(parts, () => isHere, () => {});
  await talk.open();
  assert.deepEqual([talk.state, view.microphone], ["on", "on"]);

  made.devices.gives = missing();
  stream.track.unplug();
  await settle();
  assert.deepEqual([talk.state, view.microphone], ["missing", "missing"]);
  plug("audiooutput"); // something else
  await settle();
  assert.equal(talk.state, "missing");

  stream = new Stream("audio");
  made.devices.gives = () => stream;
  plug("audiooutput", "audioinput");
  await settle();
  assert.deepEqual([talk.state, view.microphone], ["on", "on"]);
  const told = socket.of("microphone").map(({ state }) => state);
  assert.deepEqual(told, ["on", "missing", "missing", "on"]);

  // Nobody's microphone is opened because something was plugged in after the visit.
  stream.track.unplug();
  isHere = false;
  talk.forget();
  plug("audioinput");
  await settle();
  assert.equal(talk.state, "off");
});

test("an open microphone that gives silence is said and reported, and so is sound again", async () => {
  const view = new Words();
  const microphone = new EventTarget();
  const told = [];
  watchDevices({ microphone, view, visit: { isOn: true } }, (event) => told.push(event));
  Object.assign(document.body.dataset, { microphone: "on", talk: "open" });
  const hear = (level) => microphone.dispatchEvent(new CustomEvent("frame", { detail: { level } }));
  await made.time.pass(15_000);
  hear(0.01);
  await made.time.pass(15_000);
  assert.deepEqual(told, []);
  hear(0);
  await made.time.pass(10_000);
  assert.equal(view.notices.get("microphone").key, "microphone.silent");
  assert.deepEqual([told.length, told[0].event], [1, "microphone_silent"]);
  hear(0.01);
  assert.equal(view.notices.size, 0);
  assert.equal(told[1].event, "microphone_heard");
  document.body.dataset.talk = "push"; // closed until somebody presses
  await made.time.pass(60_000);
  assert.equal(told.length, 2);
});

// ── the loudspeaker ──────────────────────────────────────────────────────────────────────────

test("a loudspeaker that went away is said and reported, and again when it is back", async () => {
  made.devices.known = [{ kind: "audiooutput" }, { kind: "audioinput" }];
  const view = new Words();
  const told = [];
  const parts = { microphone: new EventTarget(), view, visit: { isOn: false } };
  watchDevices(parts, (event) => told.push(event));
  await settle();
  assert.deepEqual([view.notices.size, told], [0, []]);
  plug("audioinput");
  await settle();
  assert.equal(view.notices.get("sound").key, "sound.lost");
  plug("audioinput", "audiooutput");
  await settle();
  assert.equal(view.notices.size, 0);
  assert.deepEqual(told, [{ event: "sound_lost" }, { event: "sound_back" }]);
});

test("a screen that has no loudspeaker from the start is quiet about it", async () => {
  const view = new Words();
  watchDevices({ microphone: new EventTarget(), view, visit: {} }, assert.fail);
  await settle();
  plug("audioinput");
  await settle();
  assert.equal(view.notices.size, 0);
});

// ── the camera that notices visitors ─────────────────────────────────────────────────────────

/** A camera: one picture a step of the clock for as long as `moves`. */
function camera() {
  const presence = new Presence("medium");
  const heard = [];
  for (const kind of ["on", "off", "sees", "lost"]) {
    presence.addEventListener(kind, () => heard.push(kind === "lost" ? `lost: ${presence.trouble}` : kind));
  }
  let moves = true;
  setInterval(() => {
    if (moves && presence.stream) presence.video.currentTime += 0.2;
  }, 200);
  return { presence, heard, freeze: (is) => { moves = !is; } };
}

test("a camera whose track ends is lost, looked for again, and sees again", async () => {
  const { presence, heard } = camera();
  presence.start();
  await made.time.pass(3_000);
  assert.deepEqual(heard, ["on", "sees"]);
  made.devices.gives = missing();
  presence.stream.track.unplug();
  await made.time.pass(25_000);
  assert.deepEqual(heard.slice(2), ["off", "lost: missing"], "said once, however often it is tried");
  made.devices.gives = () => new Stream("video");
  await made.time.pass(30_000);
  assert.deepEqual(heard.slice(4), ["on", "sees"]);
});

test("a camera that is plugged in is tried at once, not when the next look is due", async () => {
  made.devices.gives = missing();
  const { presence, heard } = camera();
  presence.start();
  await made.time.pass(15 * 60_000); // by now it looks every ten minutes
  assert.deepEqual(heard, ["lost: missing"]);
  made.devices.gives = () => new Stream("video");
  made.devices.dispatchEvent(new Event("devicechange"));
  await made.time.pass(3_000);
  assert.deepEqual(heard.slice(1), ["on", "sees"]);
});

test("a camera that gives no new picture counts as lost", async () => {
  const { presence, heard, freeze } = camera();
  presence.start();
  await made.time.pass(5_000);
  freeze(true);
  await made.time.pass(120_000);
  assert.equal(heard.filter((one) => one === "lost: missing").length, 1);
  assert.equal(heard.filter((one) => one === "sees").length, 1, "open is not seeing");
  freeze(false);
  await made.time.pass(200_000);
  assert.equal(heard.at(-1), "sees");
  // A page that nobody sees is shown nothing; that says nothing about the camera.
  document.hidden = true;
  freeze(true);
  await made.time.pass(120_000);
  assert.equal(heard.at(-1), "sees");
});

test("a camera that is forbidden is not asked for again until it may be", async () => {
  let asked = 0;
  made.devices.gives = () => {
    asked += 1;
    missing("NotAllowedError")();
  };
  const permission = new EventTarget();
  navigator.permissions = { query: async () => permission };
  const { presence, heard } = camera();
  await settle();
  presence.start();
  await made.time.pass(900_000);
  assert.deepEqual([heard, asked], [["lost: denied"], 1]);
  made.devices.gives = () => new Stream("video");
  permission.dispatchEvent(new Event("change"));
  await made.time.pass(3_000);
  assert.deepEqual(heard.slice(1), ["on", "sees"]);
});

test("a camera that a visit closes is not lost, and one that opens too late is let go", async () => {
  const { presence, heard } = camera();
  let give;
  made.devices.getUserMedia = () => new Promise((done) => { give = done; });
  presence.start();
  await settle();
  presence.stop();
  const late = new Stream("video");
  give(late);
  await made.time.pass(60_000);
  assert.deepEqual([heard, late.track.isStopped], [[], true]);
});

test("the waiting screen goes on without its camera, and the server is told when it can be", async () => {
  made.devices.gives = missing();
  document.body.dataset.state = "attract";
  globalThis.matchMedia = () => ({ matches: false });
  document.getElementById("attract-title").after = () => {};
  const own = {
    slides: [], greetings: [], greet_ms: 5_000, presence: "camera", sensitivity: "medium", leave_ms: 8_000,
    cooldown_ms: 0,
  };
  document.createElement = ((create) => () => Object.assign(create(), { after() {}, children: [] }))(
    document.createElement,
  );
  document.getElementById = () => Object.assign(document.createElement(), { textContent: "" });
  const socket = new Socket();
  socket.isUp = false;
  const texts = { home: "en", language: "en", get: (key) => key };
  const screen = new Attract({ page: { attract: own }, texts, visit: {}, socket });
  while (!screen.camera) await new Promise((done) => setImmediate(done)); // its module is loaded
  await made.time.pass(1_000);
  assert.equal(document.body.dataset.camera, "missing");
  assert.ok(screen.isWaiting);
  socket.isUp = true;
  socket.tell({ type: "welcome" });
  socket.tell({ type: "welcome" });
  assert.deepEqual(socket.of("page"), [{ type: "page", event: "camera_lost" }]);
  setInterval(() => { screen.camera.video.currentTime += 0.2; }, 200);
  made.devices.gives = () => new Stream("video");
  made.devices.dispatchEvent(new Event("devicechange"));
  await made.time.pass(3_000);
  assert.equal(document.body.dataset.camera, "on");
  assert.deepEqual(socket.of("page").at(-1), { type: "page", event: "camera_back" });
});
