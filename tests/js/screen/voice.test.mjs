// The waiting screen notices speech by its loudness, and leaves the microphone to the visit.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Voice } from "../../../kiosk/static/kiosk/voice.js";
import { browser, settle } from "./browser.mjs";

class Device extends EventTarget {
  opening = 0;
  isOpen = false;
  gives = true;

  async open() {
    this.close();
    const turn = this.opening;
    await settle();
    if (turn === this.opening) this.isOpen = this.gives;
    return this.isOpen ? "on" : "missing";
  }

  listen(active) {
    this.listens = active;
  }

  close() {
    this.opening += 1;
    this.isOpen = false;
  }

  hears(level, frames = 1) {
    for (let i = 0; i < frames; i += 1) {
      this.dispatchEvent(Object.assign(new Event("frame"), { detail: { level } }));
    }
  }
}

let device, voice, spoke, made;

beforeEach(async () => {
  made = browser();
  device = new Device();
  voice = new Voice(device, "medium");
  spoke = 0;
  voice.addEventListener("spoke", () => { spoke += 1; });
  voice.start();
  await settle();
  await settle();
  device.hears(0.003, 50);
});

test("half a second of speech is noticed", () => {
  assert.ok(device.listens);
  for (const level of [0.05, 0.1, 0.08, 0.01, 0.09, 0.12, 0.02, 0.1, 0.08, 0.06]) device.hears(level);
  assert.equal(spoke, 1);
});

test("a quiet room, a clap and a door are nobody", () => {
  device.hears(0.004, 500);
  device.hears(0.8, 3);
  device.hears(0.003, 50);
  device.hears(0.3, 5);
  device.hears(0.003, 50);
  assert.equal(spoke, 0);
});

test("a machine that runs on is taken for the room after a while", () => {
  device.hears(0.06, 400);
  const before = spoke;
  device.hears(0.06, 2_000);
  assert.equal(spoke, before);
  device.hears(0.5, 10);
  assert.equal(spoke, before + 1);
});

test("how softly one may speak is the site's choice", async () => {
  for (const [sensitivity, level, is] of [["low", 0.03, 0], ["high", 0.03, 1], ["high", 0.008, 0]]) {
    const other = new Device();
    const one = new Voice(other, sensitivity);
    let heard = 0;
    one.addEventListener("spoke", () => { heard = 1; });
    one.start();
    await settle();
    await settle();
    other.hears(0.001, 50);
    other.hears(level, 10);
    assert.equal(heard, is, `${sensitivity} ${level}`);
  }
});

test("a visit that opened the microphone keeps it", async () => {
  await device.open();
  device.hears(0.2, 20);
  assert.equal(spoke, 0);
  voice.stop();
  assert.ok(device.isOpen);
});

test("stopped, it lets the device go", () => {
  voice.stop();
  assert.equal(device.isOpen, false);
  device.hears(0.2, 20);
  assert.equal(spoke, 0);
});

test("a microphone that is plugged in later is found", async () => {
  voice.stop();
  device.gives = false;
  voice.start();
  await settle();
  await settle();
  assert.equal(voice.isOn, false);
  device.gives = true;
  made.devices.dispatchEvent(new Event("devicechange"));
  await settle();
  await settle();
  assert.equal(voice.isOn, true);
});
