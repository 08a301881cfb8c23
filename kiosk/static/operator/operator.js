/** Keeps an operator's page up to date from its feed. The page is whole without it. */

import { $, clock, fill, fresh, made, showNeeds, skew, wordAll } from "./lines.js";

const RECONNECT_MS = [500, 1000, 2000, 4000, 8000, 15000];
const MAX_HELD = 2000; // changes kept while paused; beyond it the page starts afresh
const MAX_LINES = 500; // turns and timeline entries kept on one page
const RENEW_MS = 1500; // a visit's end is written down a moment after it is told
const STALE_MS = 45_000; // the server pings every 20 s; a page asleep for longer reconnects

const { body } = document;

function showKiosk(row) {
  const head = document.querySelector(`[data-kiosk-head="${CSS.escape(row.id)}"]`);
  if (!head) return;
  fill(head, row);
  for (const link of document.querySelectorAll("main > .columns [data-link]")) fill(link.parentElement, { visit: row.visit });
}

/** One screen as a device: its facts in place, its lists as the server has them. */
function showDevice(row) {
  const part = $("device");
  if (part?.dataset.device !== row.id) return;
  $("unreported").hidden = row.reported;
  $("reported").hidden = !row.reported;
  if (row.reported) fill(part, row);
  const bars = part.querySelectorAll("[data-levels] rect");
  row.levels?.forEach((level, at) => {
    const height = Math.max(1, level / 5);
    bars[at]?.setAttribute("height", height);
    bars[at]?.setAttribute("y", 20 - height);
  });
  for (const name of ["commands", "errors"]) {
    const list = $(name);
    const key = JSON.stringify(row[name]);
    if (list.dataset.key === key) continue;
    list.dataset.key = key;
    list.replaceChildren(...row[name].map((line, at) => made("told-template", line, "at", at)));
    document.querySelector(`[data-empty="${name}"]`).hidden = row[name].length > 0;
  }
}

function showVisit(row) {
  const head = $("visit");
  if (!head) return;
  fill(head, row);
  if (!row.running && $("over").hidden) {
    $("actions")?.remove();
    $("running").hidden = true;
    $("over").hidden = false;
    $("end-dialog")?.close();
    $("outcome")?.remove();
  }
}

/** Adds a turn or an entry at its place by number; the same number again changes the line. */
function addLine(list, template, row, quiet) {
  if (!list || !$(template)) return;
  const lines = list.children;
  let at = lines.length;
  while (at > 0 && Number(lines[at - 1].dataset.seq) > row.seq) at -= 1;
  const before = lines[at - 1];
  if (before && Number(before.dataset.seq) === row.seq) {
    fill(before, row);
    return;
  }
  const scroller = document.scrollingElement;
  const atEnd = scroller.scrollHeight - scroller.scrollTop - innerHeight < 120;
  const line = made(template, row, "seq", row.seq);
  if (row.speaker) line.dataset.speaker = row.speaker;
  list.insertBefore(line, lines[at] ?? null);
  if (lines.length > MAX_LINES) lines[0].remove();
  if (!quiet) {
    fresh(line);
    // Who reads further up is left in peace.
    if (atEnd && list.id === "turns") line.scrollIntoView({ block: "nearest" });
  }
}

function addTurn(row, quiet) {
  addLine($("turns"), "turn-template", row, quiet);
  if ($("no-turns")) $("no-turns").hidden = true;
}

let renewing = 0;

/** The list of past visits is the server's; it is fetched a moment after a visit has ended. */
function renewRecent() {
  if (!$("recent")) return;
  renewing ||= setTimeout(async () => {
    renewing = 0;
    try {
      const answer = await fetch("/operator/fleet/recent", { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const recent = page.getElementById("recent");
      if (recent) $("recent").replaceWith(recent);
    } catch {
      // The next visit's end, or a reload, brings it.
    }
  }, RENEW_MS);
}

// ── messages ──────────────────────────────────────────────────────────────────────────────

// A page that says how far it is gets what came after; any other gets everything.
let epoch = body.dataset.epoch ?? "";
let seq = Number(body.dataset.seq ?? -1);
let paused = null; // a list of held messages, or null while live

function show(message) {
  for (const row of message.kiosks ?? []) showKiosk(row);
  if (message.kiosk) showKiosk(message.kiosk);
  if (message.attention) showNeeds(message.attention);
  if (message.device) showDevice(message.device);
  if (message.past) renewRecent();
  if (message.visit) showVisit(message.visit);
  for (const row of message.turns ?? []) addTurn(row, true);
  for (const row of message.timeline ?? []) addLine($("timeline"), "entry-template", row, true);
  if (message.turn) addTurn(message.turn, false);
  if (message.entry) addLine($("timeline"), "entry-template", message.entry, false);
  // For the scripts of single pages, such as fleet.js.
  document.dispatchEvent(new CustomEvent("feed", { detail: message }));
}

function take(message) {
  if (message.type === "snapshot") {
    if (epoch && epoch !== message.epoch && $("timeline")) $("timeline").replaceChildren();
    epoch = message.epoch;
  }
  if (message.type !== "resumed") seq = message.seq;
  if (paused === null) show(message);
  else if (message.type === "snapshot") paused = [message];
  else if (paused.length < MAX_HELD) paused.push(message);
  else {
    paused = [];
    epoch = ""; // too much was missed to replay: a new snapshot says it all
    socket?.close();
  }
  status();
}

// ── the socket ────────────────────────────────────────────────────────────────────────────

let socket = null;
let tries = 0;
let heard = Date.now();
let state = "connecting";
let pausedAt = 0;

function status() {
  const line = $("live");
  if (!line) return;
  const text =
    state === "over"
      ? "Logged out. Reload the page to log in."
      : paused !== null
        ? `Paused at ${clock.format(pausedAt)}, ${paused.length} ${paused.length === 1 ? "change" : "changes"} waiting`
        : state === "live"
          ? "Live"
          : `Not connected, trying again. As of ${clock.format(heard + skew)}`;
  const kind = state === "over" ? "lost" : paused !== null ? "paused" : state === "live" ? "live" : "lost";
  if (line.textContent !== text) line.textContent = text;
  line.dataset.live = kind;
  body.dataset.live = kind;
}

function connect() {
  const url = new URL(body.dataset.feed, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (epoch) url.searchParams.set("after", `${epoch}.${seq}`);
  const opened = new WebSocket(url);
  socket = opened;
  opened.addEventListener("message", (event) => {
    if (opened !== socket) return;
    tries = 0;
    heard = Date.now();
    state = "live";
    take(JSON.parse(event.data));
  });
  opened.addEventListener("close", (event) => {
    if (opened !== socket) return;
    socket = null;
    if (event.code === 4401) {
      state = "over";
      status();
      return;
    }
    state = "lost";
    status();
    const wait = RECONNECT_MS[Math.min(tries, RECONNECT_MS.length - 1)];
    tries += 1;
    if (tries === 4) check();
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
  });
}

/** A refused upgrade says nothing about why; an ordinary request does. */
async function check() {
  try {
    const answer = await fetch("/operator/", { redirect: "manual", headers: { Accept: "text/html" } });
    if (answer.type === "opaqueredirect") location.reload();
  } catch {
    // The server is away; the socket goes on trying.
  }
}

function pause() {
  if (paused === null) {
    paused = [];
    pausedAt = Date.now() + skew;
  } else {
    const held = paused;
    paused = null;
    for (const message of held) show(message);
  }
  $("pause").firstChild.textContent = paused === null ? "Pause " : "Go on ";
  $("pause").setAttribute("aria-pressed", String(paused !== null));
  status();
}

// ── start ─────────────────────────────────────────────────────────────────────────────────

// The answer to a form stands at the form's own address, which is no page to come back to.
const { address } = document.querySelector("[data-address]")?.dataset ?? {};
if (address && location.pathname !== address) history.replaceState(null, "", address);

wordAll();
setInterval(() => {
  if (paused === null) wordAll();
}, 1000);

const ask = $("end-dialog");
$("end-link")?.addEventListener("click", (event) => {
  event.preventDefault();
  ask.showModal();
});
ask?.querySelector("[data-close]").addEventListener("click", (event) => {
  event.preventDefault();
  ask.close();
});

if (body.dataset.feed) {
  $("pause").hidden = false;
  $("pause").addEventListener("click", pause);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "p" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) pause();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && socket && Date.now() - heard > STALE_MS && socket.readyState !== WebSocket.OPEN) socket.close();
  });
  connect();
}
