// The service panel for the technician in front of the screen: facts, tests, a few actions. Loaded when opened.

import { styled } from "./commands.js";

const ADDRESS = "/kiosk/service";
const CLOSES_MS = 120_000;
const RENEW_MS = 1_000;
const ASK_MS = 6_000;
const TONE_HZ = 440;
const TONE_S = 0.9;
const MAX_PIN = 12;
const VOLUME_STEP = 10;

let panel = null;

/** @param {import("./agent.js").Agent} agent */
export async function open(agent) {
  if (panel) return;
  panel = new Panel(agent);
  await panel.open();
}

class Panel {
  constructor(agent) {
    this.agent = agent;
    this.pin = "";
    this.may = false;
    this.facts = null;
    this.texts = {};
    this.before = document.activeElement;
    this.root = make("section", { className: "service", role: "dialog", tabIndex: -1, ariaModal: "true" });
    this.quiet = () => this.#rest();
    this.keys = (event) => this.#key(event);
  }

  async open() {
    const answer = await ask(`${ADDRESS}?language=${encodeURIComponent(this.agent.texts.language)}`);
    await styled();
    this.texts = answer?.texts ?? this.agent.serviceTexts ?? {};
    this.agent.serviceTexts = this.texts; // read again when the server is away
    this.facts = answer?.facts ?? null;
    this.root.ariaLabel = this.#say("title");
    document.body.append(this.root);
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, this.quiet, true);
    addEventListener("keydown", this.keys, true);
    this.#rest();
    if (answer?.needs_pin) this.#askPin();
    else this.#show(answer ? "" : this.#say("away"));
  }

  close() {
    panel = null;
    clearTimeout(this.timer);
    clearInterval(this.renewing);
    for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, this.quiet, true);
    removeEventListener("keydown", this.keys, true);
    this.#closeMeter();
    this.pin = "";
    this.root.remove();
    this.before?.focus?.({ preventScroll: true });
  }

  #rest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.close(), CLOSES_MS);
  }

  #key(event) {
    if (event.key === "Escape") this.close();
    else if (event.key === "Tab") this.#keepFocus(event);
    else if (this.typed && /^[0-9]$/.test(event.key)) this.#digit(event.key);
    else if (this.typed && event.key === "Backspace") this.#digit("");
    else if (this.typed && event.key === "Enter" && event.target === this.root) this.#enter();
    else return;
    event.stopPropagation();
  }

  #keepFocus(event) {
    const stops = [...this.root.querySelectorAll("button:not(:disabled)")];
    const at = stops.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
    stops.at(at % stops.length)?.focus();
    event.preventDefault();
  }

  // ── the PIN ────────────────────────────────────────────────────────────────────────────────

  #askPin() {
    this.typed = make("output", { className: "service-pin", ariaLive: "polite" });
    this.said = make("p", { className: "service-said", role: "status", textContent: this.#say("pin.text") });
    const digits = [..."123456789", "back", "0", "ok"].map((key) => {
      const label = key.length > 1 ? this.#say(`pin.${key}`) : key;
      const press = { back: () => this.#digit(""), ok: () => this.#enter() }[key] ?? (() => this.#digit(key));
      return button(label, press, key === "ok" ? "primary" : "");
    });
    this.root.replaceChildren(
      this.#head(),
      make("div", { className: "service-lock" }, this.said, this.typed, make("div", { className: "service-keys" }, ...digits)),
    );
    this.root.focus();
  }

  #digit(digit) {
    this.pin = digit ? (this.pin + digit).slice(0, MAX_PIN) : this.pin.slice(0, -1);
    this.typed.textContent = "•".repeat(this.pin.length);
    this.typed.ariaLabel = String(this.pin.length);
  }

  async #enter() {
    const body = new URLSearchParams({ pin: this.pin });
    this.pin = "";
    this.#digit("");
    const answer = await ask(ADDRESS, { method: "POST", body });
    if (!panel) return;
    if (answer?.may) {
      this.typed = null;
      this.may = true;
      this.facts = answer.facts;
      this.#show("");
    } else if (answer?.wait_s) {
      this.said.textContent = this.#say("pin.wait").replace("{seconds}", answer.wait_s);
    } else {
      this.said.textContent = this.#say(answer ? "pin.wrong" : "away");
    }
  }

  // ── what it shows ──────────────────────────────────────────────────────────────────────────

  #show(words) {
    this.values = new Map();
    this.skew = this.facts ? Date.now() - this.facts.now : null;
    this.said = make("p", { className: "service-said", role: "status", textContent: words || this.#say(this.may ? "may" : "only") });
    const groups = {
      what: ["name", "place", "id", "page", "server"],
      line: ["socket", "address", "clock", "network"],
      seen: ["picture", "path", "diagnosis", "display"],
      heard: ["microphone", "devices", "volume"],
      runs: ["up", "memory"],
    };
    const parts = Object.entries(groups).map(([group, names]) => {
      const rows = names.flatMap((name) => {
        // Numbers and addresses keep their own direction, whichever way the panel reads.
        const value = make("bdi", {});
        this.values.set(name, value);
        return [make("dt", { textContent: this.#say(name) }), make("dd", {}, value)];
      });
      return make("div", { className: "service-group" }, make("h3", { textContent: this.#say(`group.${group}`) }), make("dl", {}, ...rows));
    });
    this.root.replaceChildren(
      this.#head(), this.said, make("div", { className: "service-groups" }, ...parts, this.#told()), ...(this.may ? [this.#actions()] : []),
    );
    this.#renew();
    this.renewing = setInterval(() => this.#renew(), RENEW_MS);
    this.root.focus();
  }

  #head() {
    return make("header", { className: "service-head" },
      make("h2", { textContent: this.#say("title") }), button(this.#say("close"), () => this.close()));
  }

  #told() {
    const lines = (this.facts?.commands ?? []).map(({ name, by, ok, at }) => {
      const time = new Date(at).toLocaleTimeString(this.agent.texts.language);
      const words = `${time} ${by ? `${by}: ` : ""}${this.#say(`command.${name}`) || name}`;
      return make("li", {}, make("bdi", { textContent: ok ? words : `${words} (${this.#say("failed")})` }));
    });
    const list = lines.length ? make("ul", {}, ...lines) : make("p", { textContent: this.#say("commands.none") });
    return make("div", { className: "service-group" }, make("h3", { textContent: this.#say("group.commands") }), list);
  }

  #actions() {
    const { agent } = this;
    const louder = (step) => {
      agent.keep({ volume: Math.max(0, Math.min(100, agent.kept.volume + step)), muted: false });
      this.#renew();
    };
    this.meter = make("span", { className: "service-meter", ariaHidden: "true" }, make("i", {}));
    return make("div", { className: "service-actions" },
      button(this.#say("test.sound"), () => tone(agent.kept.volume / 100)),
      button(this.#say("volume.lower"), () => louder(-VOLUME_STEP)),
      button(this.#say("volume.higher"), () => louder(VOLUME_STEP)),
      make("div", { className: "service-listen" }, button(this.#say("test.microphone"), () => this.#listen()), this.meter),
      button(this.#say("reload"), () => location.reload()),
      button(this.#say("enrol"), () => location.assign("/enrol")));
  }

  #renew() {
    const facts = this.agent.facts();
    const { facts: known } = this;
    const isFresh = !known || known.version === facts.page;
    const unknown = this.#say("unknown");
    const set = (name, words) => (this.values.get(name).textContent = words || "–");
    set("name", known?.name ?? this.agent.page.kiosk_name);
    set("place", known?.place);
    set("id", known?.id ?? this.agent.page.kiosk_id);
    set("page", facts.page);
    set("server", known ? (isFresh ? this.#say("server.same") : known.version) : unknown);
    set("socket", this.#say(this.agent.socket.isUp ? "socket.up" : "socket.down"));
    set("address", location.origin);
    set("clock", this.skew === null ? unknown : this.#say("clock.off").replace("{seconds}", (this.skew / 1_000).toFixed(1)));
    set("network", this.#say(facts.online ? "network.on" : "network.off"));
    set("picture", facts.frame_age_s === null ? this.#say("picture.none") : this.#say("picture.age").replace("{seconds}", facts.frame_age_s.toFixed(1)));
    set("path", facts.media);
    set("diagnosis", known?.diagnosis);
    set("display", `${facts.width} × ${facts.height}, ${this.#say(facts.awake ? "display.awake" : "display.sleeps")}`);
    set("microphone", this.#say(`microphone.${facts.microphone}`) || facts.microphone);
    set("devices", facts.microphones === undefined ? unknown : this.#say("devices.count")
      .replace("{microphones}", facts.microphones).replace("{speakers}", facts.speakers).replace("{cameras}", facts.cameras));
    set("volume", facts.muted ? this.#say("volume.muted") : `${facts.volume} %`);
    set("up", this.#say("up.for").replace("{minutes}", Math.floor(facts.up_s / 60)).replace("{visits}", facts.visits));
    set("memory", `${facts.heap_mb ? `${Math.round(facts.heap_mb)} MB, ` : ""}${facts.nodes}`);
  }

  #say(key) {
    return this.texts[`service.${key}`] ?? "";
  }

  // ── the microphone, heard by nobody but this page ──────────────────────────────────────────

  async #listen() {
    this.#closeMeter();
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      this.said.textContent = this.#say(error.name === "NotAllowedError" ? "microphone.denied" : "microphone.missing");
      return;
    }
    if (!panel) return this.#closeMeter();
    this.sound = new AudioContext();
    const analyser = this.sound.createAnalyser();
    analyser.fftSize = 1_024;
    this.sound.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const draw = () => {
      if (!this.stream) return;
      analyser.getFloatTimeDomainData(samples);
      const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
      this.meter.firstElementChild.style.setProperty("--level", Math.min(1, rms * 6).toFixed(3));
      requestAnimationFrame(draw);
    };
    draw();
  }

  #closeMeter() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.sound?.close();
    this.sound = null;
  }
}

function tone(loudness) {
  const sound = new AudioContext();
  const gain = new GainNode(sound, { gain: 0 });
  const note = new OscillatorNode(sound, { frequency: TONE_HZ });
  note.connect(gain).connect(sound.destination);
  gain.gain.linearRampToValueAtTime(loudness * 0.5, sound.currentTime + 0.05);
  gain.gain.setValueAtTime(loudness * 0.5, sound.currentTime + TONE_S - 0.1);
  gain.gain.linearRampToValueAtTime(0, sound.currentTime + TONE_S);
  note.start();
  note.stop(sound.currentTime + TONE_S);
  note.addEventListener("ended", () => sound.close());
}

// Any answer of ours is an object, also a refusal; null when there is none.
async function ask(address, options = {}) {
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ASK_MS), ...options });
    return await answer.json();
  } catch {
    return null;
  }
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function button(words, action, kind = "") {
  const made = make("button", { type: "button", className: `button ${kind}`, textContent: words });
  made.addEventListener("click", action);
  return made;
}
