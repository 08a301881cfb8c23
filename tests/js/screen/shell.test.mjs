// When a page begins anew by itself, and what it does after a sleep.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Socket, Words, browser } from "./browser.mjs";

const MINUTE = 60_000;
const SCREEN = { reload_heap_mb: 300, reload_nodes: 8_000, reload_after_visits: 500, resume_s: 30 };
let made = browser(); // one of these modules looks for a browser when it is loaded
const { holdStill, stayAwake } = await import("../../../kiosk/static/kiosk/comfort.js");
const { Shell } = await import("../../../kiosk/static/kiosk/shell.js");

beforeEach(() => {
  made = browser();
});

/** A page as main.js makes it; `onRest` is what a visit that is over calls. */
function opened(screen = {}) {
  const visit = {
    isOn: false, finishing: false, finished: 0, reloadWhenDone: false, wiped: 0,
    wipe() {
      this.wiped += 1;
      this.isOn = false;
    },
  };
  const media = { isDead: false, closed: 0, close() { this.closed += 1; } };
  const parts = { visit, media, socket: new Socket(), view: new Words(), microphone: new EventTarget(), agent: { kept: { held: false } } };
  const page = { version: "1", screen: { ...SCREEN, ...screen } };
  return { ...parts, shell: new Shell({ page, ...parts }) };
}

/** The page that a reload makes: another clock, the same tab. */
function again(screen) {
  const { session } = made;
  made = browser({ session, at: Date.now() });
  return opened(screen);
}

test("a page is loaded anew past the hour, between visits, and tells so", async () => {
  const screen = { reload_at: "03:00", time_zone: "UTC" };
  const { visit, shell } = opened(screen);
  await made.time.pass(9 * MINUTE);
  assert.equal(made.reloads, 0);
  visit.isOn = true;
  await made.time.pass(5 * MINUTE);
  assert.equal(made.reloads, 0, "never during a visit");
  visit.isOn = false;
  visit.onRest();
  await made.time.pass(1_000);
  assert.equal(made.reloads, 1);
  shell.reloads.trying = true; // that page is gone
  const next = again(screen);
  next.socket.tell({ type: "welcome", page: "1" });
  assert.deepEqual(next.socket.of("page"), [{ type: "page", event: "reloaded", reason: "daily", count: 1 }]);
  await made.time.pass(30 * MINUTE);
  assert.equal(made.reloads, 0, "once a day");
});

test("a screen that is held at its version stays there past the hour and many visits", async () => {
  const { socket, shell, visit } = opened({ reload_at: "03:00", time_zone: "UTC", reload_after_visits: 3 });
  shell.agent.kept.held = true;
  socket.tell({ type: "welcome", page: "2" });
  visit.finished = 3;
  visit.onRest();
  await made.time.pass(60 * MINUTE);
  assert.equal(made.reloads, 0);
  shell.agent.kept.held = false;
  shell.agent.onHeld();
  await made.time.pass(MINUTE);
  assert.ok(made.reloads > 0, "let go, it takes the newer one");
});

test("a held screen whose server has nothing newer begins anew at the hour", async () => {
  const { socket, shell } = opened({ reload_at: "03:00", time_zone: "UTC" });
  shell.agent.kept.held = true;
  socket.tell({ type: "welcome", page: "1" });
  await made.time.pass(15 * MINUTE);
  assert.equal(made.reloads, 1);
});

test("the hour is the site's, by the server's clock", async () => {
  const { socket } = opened({ reload_at: "03:00", time_zone: "America/New_York" });
  await made.time.pass(30 * MINUTE);
  assert.equal(made.reloads, 0, "02:50 UTC is the evening there");
  const ahead = again({ reload_at: "03:00", time_zone: "UTC" });
  await made.time.pass(MINUTE);
  ahead.socket.tell({ type: "welcome", page: "1", now: Date.now() + 15 * MINUTE });
  assert.equal(ahead.socket.of("page")[0].event, "clock");
  await made.time.pass(2 * MINUTE);
  assert.equal(made.reloads, 0, "this page was opened after three by that clock");
  assert.equal(socket.of("page").length, 0);
});

for (const [what, grow] of [
  ["memory", () => { performance.memory.usedJSHeapSize = 400e6; }],
  ["elements", () => { document.elements = 9_000; }],
]) {
  test(`grown ${what}: loaded anew after the visit; a page that grows again holds back`, async () => {
    const { visit } = opened();
    visit.isOn = true;
    grow();
    await made.time.pass(3 * MINUTE);
    assert.equal(made.reloads, 0);
    visit.isOn = false;
    visit.onRest();
    await made.time.pass(1_000);
    assert.equal(made.reloads, 1);
    const next = again();
    grow();
    await made.time.pass(MINUTE);
    const [waits] = next.socket.of("page");
    assert.deepEqual([waits.event, waits.reason, waits.count], ["waits", "memory", 1]);
    await made.time.pass(MINUTE / 2);
    assert.equal(made.reloads, 0);
    await made.time.pass(2 * MINUTE);
    assert.equal(made.reloads, 1);
  });
}

test("after so many visits, and not into an empty network", async () => {
  const { visit } = opened({ reload_after_visits: 3 });
  made.answers = false;
  visit.finished = 3;
  visit.onRest();
  await made.time.pass(20_000);
  assert.ok(made.asked > 2);
  assert.equal(made.reloads, 0);
  made.answers = true;
  await made.time.pass(6_000);
  assert.equal(made.reloads, 1);
});

test("after a sleep a dead picture is asked for again on another socket", async () => {
  const { media, socket, visit } = opened();
  visit.isOn = true;
  media.isDead = true;
  await made.time.sleep(20_000);
  assert.deepEqual([media.closed, visit.wiped], [0, 0], "a moment is no sleep");
  visit.isOn = false;
  await made.time.sleep(90_000);
  assert.deepEqual([media.closed, socket.restarts, visit.wiped], [1, 1, 0]);
  assert.equal(socket.of("page").at(-1).event, "slept");
});

test("after a sleep a live picture is left, and the socket asked whether anybody is there", async () => {
  const { media, socket } = opened();
  await made.time.sleep(90_000);
  assert.deepEqual([media.closed, socket.restarts, socket.checks], [0, 0, 1]);
});

test("the wake lock is asked for again when the page is seen again, and after a sleep", async () => {
  stayAwake();
  opened();
  await made.time.pass(1_000);
  assert.equal(document.documentElement.dataset.awake, "yes");
  made.hide();
  assert.equal(document.documentElement.dataset.awake, "no");
  await made.time.pass(1_000);
  assert.equal(made.wakeLocks.length, 0);
  made.show();
  await made.time.pass(1_000);
  assert.deepEqual([document.documentElement.dataset.awake, made.wakeLocks.length], ["yes", 1]);
  made.wakeLocks.splice(0)[0].dispatchEvent(new Event("release"));
  await made.time.sleep(90_000);
  assert.deepEqual([document.documentElement.dataset.awake, made.wakeLocks.length], ["yes", 1]);
});

test("a device that slept longer than a visit is kept wipes it: somebody else stands there", async () => {
  const { socket, visit } = opened();
  visit.isOn = true;
  await made.time.sleep(90_000);
  assert.equal(visit.wiped, 1);
  const [end, slept] = socket.sent;
  assert.deepEqual([end.type, slept.event], ["end", "slept"]);
  assert.ok(slept.seconds > 85 && slept.seconds < 120);
});

test("a page that stays old after it was loaded anew reports it and holds back, longer each time", async () => {
  const stale = (count) => {
    const last = { reason: "stale", at: Date.now(), count, told: true };
    made = browser({ session: new Map([["kiosk.reload", JSON.stringify(last)]]) });
    return opened();
  };
  for (const [count, minutes] of [[1, 2], [3, 8], [9, 30]]) {
    const { socket, visit } = stale(count);
    visit.isOn = true;
    socket.tell({ type: "welcome", page: "2" });
    socket.tell({ type: "welcome", page: "2" });
    const [waits, ...more] = socket.of("page");
    assert.deepEqual([waits.event, waits.reason, waits.count, more.length], ["waits", "stale", count, 0]);
    assert.equal(waits.seconds, 60 * minutes);
    await made.time.pass(minutes * MINUTE + 1_000);
    assert.equal(made.reloads, 0, "never during a visit");
    visit.isOn = false;
    visit.onRest();
    await made.time.pass(1_000);
    assert.equal(made.reloads, 1);
  }
});

test("a page that the server refuses three times is loaded anew, if it is the server that does", async () => {
  const { socket } = opened();
  const down = async () => {
    socket.isUp = false;
    socket.dispatchEvent(new Event("down"));
    await made.time.pass(500);
  };
  made.answers = false; // no network is no refusal
  for (let turn = 0; turn < 5; turn += 1) await down();
  await made.time.pass(10_000);
  assert.equal(made.reloads, 0);
  made.answers = true;
  await down();
  await made.time.pass(4_000);
  assert.equal(made.reloads, 1);
});

test("a wrong clock is reported, a right one is not", () => {
  const { socket } = opened();
  socket.tell({ type: "welcome", page: "1", now: Date.now() + 20_000 });
  assert.deepEqual(socket.sent, []);
  socket.tell({ type: "welcome", page: "1", now: Date.now() + 600_000 });
  assert.deepEqual(socket.sent, [{ type: "page", event: "clock", seconds: 600 }]);
});

test("a server that comes back says whether the screen is in service", () => {
  const { socket, view, visit } = opened();
  const service = (reason) => socket.tell({ type: "welcome", page: "1", service: reason });
  service("maintenance");
  assert.deepEqual(view.rest, { state: "offline", reason: "maintenance" });
  service("out_of_order");
  assert.deepEqual([view.rest, view.asked], [{ state: "error", reason: "out_of_order" }, 2]);
  visit.isOn = true; // a visit that goes on is finished first
  service(undefined);
  assert.deepEqual([view.rest, view.asked], [null, 2]);
});

test("keys that lead away do nothing, those that write do", () => {
  const pressed = (name) => {
    const parts = name.split("+");
    const event = Object.assign(new Event("keydown", { cancelable: true }), {
      key: parts.at(-1), ctrlKey: parts.includes("Control"), altKey: parts.includes("Alt"), metaKey: false,
    });
    return made.page.dispatchEvent(event);
  };
  const away = ["F5", "F11", "Control+r", "Control+p", "Control+s", "Control+-", "Alt+ArrowLeft"];
  globalThis.HTMLInputElement = class {};
  holdStill();
  for (const name of away) assert.equal(pressed(name), false, name);
  for (const name of ["a", "Control+a", "Control+Alt+e", "Tab"]) assert.equal(pressed(name), true, name);
  for (const kind of ["contextmenu", "dragstart", "drop"]) {
    assert.equal(made.page.dispatchEvent(new Event(kind, { cancelable: true })), false, kind);
  }
  made = browser();
  holdStill({ shortcuts: true });
  assert.equal(pressed("F5"), true, "while developing");
});
