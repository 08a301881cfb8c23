// The kiosk's one WebSocket: reconnects by itself, bounds what waits, sends JSON and microphone audio.

export const PROTOCOL = 1;
const NAME = "kiosk.v1";
const REVOKED = 4403;

const FIRST_RETRY_MS = 300;
const MAX_RETRY_MS = 8_000;
const OPEN_DEADLINE_MS = 8_000;
const PROBE_EVERY_MS = 5_000;
const PROBE_AFTER_SILENCE_MS = 10_000;
const PROBE_DEADLINE_MS = 4_000;
const MAX_WIRE_BYTES = 48_000; // one second of audio handed to the browser and not yet sent
const MAX_WAITING_FRAMES = 25; // one more second kept here; beyond it the oldest is dropped

/**
 * Emits `message` (detail: the object), `up` (a socket is open; `hello` was sent) and `down`.
 * The owner gives `hello()`, which returns the first message of every new socket.
 */
export class SignalSocket extends EventTarget {
  /** @param {string} url @param {() => object} hello */
  constructor(url, hello) {
    super();
    this.url = url;
    this.hello = hello;
    this.socket = null;
    this.attempt = 0;
    this.retryTimer = 0;
    this.openTimer = 0;
    this.heardAt = 0;
    this.waiting = [];
    this.droppedFrames = 0;
    this.closed = false;
    this.probing = false;
    setInterval(() => this.#probe(), PROBE_EVERY_MS);
    addEventListener("online", () => this.#now());
    addEventListener("offline", () => this.#lost(this.socket));
  }

  get isUp() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  async connect() {
    this.closed = false;
    clearTimeout(this.retryTimer);
    const asking = new AbortController();
    const waiting = { close: () => asking.abort() };
    this.socket = waiting;
    this.openTimer = setTimeout(() => this.#lost(this.socket), OPEN_DEADLINE_MS);
    const ticket = await ticketFor(this.url, asking.signal);
    if (this.socket !== waiting) return;
    if (!ticket) {
      this.#lost(waiting);
      return;
    }
    const socket = new WebSocket(this.url, [NAME, `ticket.${ticket}`]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      clearTimeout(this.openTimer);
      this.heardAt = performance.now();
      this.send(this.hello());
      this.dispatchEvent(new Event("up"));
    });
    socket.addEventListener("message", (event) => {
      if (socket !== this.socket) return;
      this.heardAt = performance.now();
      const message = parse(event.data);
      if (message) this.dispatchEvent(new CustomEvent("message", { detail: message }));
    });
    socket.addEventListener("close", ({ code }) => {
      if (code === REVOKED && socket === this.socket) this.dispatchEvent(new Event("revoked"));
      this.#lost(socket);
    });
    socket.addEventListener("error", () => this.#lost(socket));
  }

  /** After a sleep: is anybody still there? Asked at once, however fresh the last word seems. */
  check() {
    if (this.isUp) this.#probe(0);
    else this.#now();
  }

  /** Begin anew on another socket: a visit goes on there, with a new picture if it has none. */
  restart() {
    this.#lost(this.socket);
  }

  /** The server answered as ours: the next outage starts with the short waits again. */
  settled() {
    this.attempt = 0;
  }

  /** Send one message; false when there is no open socket (nothing is kept for later). */
  send(message) {
    if (!this.isUp) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Send one microphone frame. A slow socket loses the oldest sound, never memory. */
  sendAudio(frame) {
    if (!this.isUp) {
      this.waiting.length = 0;
      return;
    }
    this.waiting.push(frame);
    while (this.waiting.length && this.socket.bufferedAmount < MAX_WIRE_BYTES) {
      this.socket.send(this.waiting.shift());
    }
    while (this.waiting.length > MAX_WAITING_FRAMES) {
      this.waiting.shift();
      this.droppedFrames += 1;
      if (this.droppedFrames % MAX_WAITING_FRAMES === 1) {
        console.warn(`microphone: the socket is slow, ${this.droppedFrames} frames dropped so far`);
      }
    }
  }

  #now() {
    if (this.closed || this.isUp) return;
    this.attempt = 0;
    this.#lost(this.socket);
  }

  #lost(socket) {
    if (socket !== this.socket) return;
    clearTimeout(this.openTimer);
    clearTimeout(this.retryTimer);
    this.socket = null;
    this.waiting.length = 0;
    socket?.close();
    this.dispatchEvent(new Event("down"));
    if (this.closed) return;
    const wait = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempt);
    this.attempt += 1;
    // Jitter, so that two hundred screens do not come back in the same instant.
    this.retryTimer = setTimeout(() => this.connect(), wait * (0.5 + Math.random()));
  }

  // A cable pulled out closes no socket. When the server has been silent, ask it for a sign of
  // life over HTTP; any answer will do.
  async #probe(silence = PROBE_AFTER_SILENCE_MS) {
    const socket = this.socket;
    if (!this.isUp || this.probing) return;
    if (performance.now() - this.heardAt < silence) return;
    this.probing = true;
    try {
      await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(PROBE_DEADLINE_MS) });
      this.heardAt = performance.now();
    } catch {
      this.#lost(socket);
    } finally {
      this.probing = false;
    }
  }
}

/** What opens one socket, once and for seconds; it is no part of any address. */
async function ticketFor(url, signal) {
  try {
    const address = new URL("/kiosk/ticket", url.replace(/^ws/, "http"));
    const answer = await fetch(address, { method: "POST", cache: "no-store", signal });
    return answer.ok ? (await answer.json()).ticket : null;
  } catch {
    return null;
  }
}

function parse(data) {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data);
    return message && typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}
