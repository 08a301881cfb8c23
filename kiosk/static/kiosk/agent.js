// The page as a device: reports about itself to operators, keeps what they set, takes their commands.

const KEY = "kiosk.device"; // what stays over a reload: volume, mute, language, the house's note
const RELOADING = "kiosk.command"; // the reload that the next page answers
const MIN_GAP_MS = 2_000;
const MAX_ERRORS = 5;
const MAX_LEVELS = 12;
const SILENCE = 0.0003; // RMS; the quietest open microphone has more noise of its own
const FRAMES_GAP_MS = 1_500;
const TAPS = 5;
const TAPS_MS = 3_000;
const CORNER_PX = 96;

export class Agent {
  /** @param {object} parts what main.js made */
  constructor(parts) {
    Object.assign(this, parts);
    this.kept = recall();
    this.errors = [];
    this.levels = [];
    this.loudest = 0;
    this.frameAt = -Infinity;
    this.soundAt = 0;
    this.reportedAt = -MIN_GAP_MS;
    this.every = 30;
    this.taps = [];
    this.network = {};
    this.applySound();
    this.#listen();
    this.onHeld = () => {}; // whoever loads newer pages sets it
    if (this.kept.language !== this.texts.home) this.speaks(this.kept.language);
    if (this.kept.dark) this.#use("commands", ({ showDark }) => showDark(this));
    if (this.kept.note?.until > Date.now()) this.#use("commands", ({ showNote }) => showNote(this));
  }

  get silentS() {
    const now = performance.now();
    return now - this.frameAt > FRAMES_GAP_MS ? null : (now - this.soundAt) / 1_000;
  }

  /** Have the waiting screen in a language; false when the site does not offer it. */
  speaks(language) {
    const { texts, visit } = this;
    if (!texts.has(language)) return false;
    texts.home = language;
    if (!visit.isOn) visit.useLanguage(language);
    return true;
  }

  /** Change what stays over a reload. */
  keep(change) {
    Object.assign(this.kept, change);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept));
    } catch {} // a full or forbidden storage: it holds until the next reload
    this.applySound();
    this.soon();
  }

  applySound() {
    this.media.setMaster(this.kept.muted ? 0 : this.kept.volume / 100);
  }

  /** Remember what went wrong until it was reported: its kind, never words. */
  note(kind) {
    this.errors.push({ kind: String(kind).slice(0, 120), at: performance.now() });
    if (this.errors.length > MAX_ERRORS) this.errors.shift();
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    const wait = Math.max(0, this.reportedAt + MIN_GAP_MS - performance.now());
    this.timer = setTimeout(() => this.#report(), wait);
  }

  facts() {
    const { page, media, visit, socket, kept } = this;
    const { state, media: rung, camera } = document.body.dataset;
    const now = performance.now();
    const heap = performance.memory?.usedJSHeapSize;
    return {
      every_s: this.every,
      page: page.version,
      config: page.config,
      held: kept.held,
      dark: kept.dark,
      browser: navigator.userAgent.slice(0, 200),
      width: innerWidth,
      height: innerHeight,
      language: this.texts.language,
      state,
      media: rung ?? null,
      ...this.network,
      frame_age_s: media.isLive ? (now - media.frameAt) / 1_000 : null,
      volume: kept.volume,
      muted: kept.muted,
      camera: camera ?? null,
      microphone: visit.talk.state,
      silent_s: this.silentS,
      levels: this.levels,
      dropped_frames: socket.droppedFrames,
      ...this.devices,
      heap_mb: heap ? heap / 1e6 : null,
      nodes: document.getElementsByTagName("*").length,
      up_s: now / 1_000,
      visits: visit.finished,
      at: Date.now(),
      awake: document.documentElement.dataset.awake === "yes",
      online: navigator.onLine,
      hidden: document.hidden,
      errors: this.errors.map(({ kind, at }) => ({ kind, age_s: (now - at) / 1_000 })),
    };
  }

  #report() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#report(), this.every * 1_000);
    this.levels = [...this.levels, Math.min(100, Math.round(this.loudest * 400))].slice(-MAX_LEVELS);
    this.loudest = 0;
    if (!this.socket.send({ type: "device", ...this.facts() })) return;
    this.reportedAt = performance.now();
    this.errors.length = 0;
    this.#measure();
  }

  // For the next report: how long packets of the picture take, and how many got lost since this one.
  async #measure() {
    this.network = {};
    if (!this.media.isLive) return;
    const { rtt, received, lost } = await this.media.counts();
    const { packets = { received: 0, lost: 0 } } = this;
    this.packets = { received, lost };
    const [came, went] = [received - packets.received, Math.max(0, lost - packets.lost)];
    if (rtt !== null) this.network.rtt_ms = Math.round(rtt * 1_000);
    if (came > 0) this.network.lost = (went * 100) / (came + went);
  }

  #listen() {
    this.socket.addEventListener("message", ({ detail }) => {
      if (detail.type === "welcome") this.#welcomed(detail);
      else if (detail.type === "command") this.#command(detail);
      else if (detail.type === "error") this.note(`server: ${detail.code}`);
    });
    this.microphone.addEventListener("frame", ({ detail: { level } }) => {
      const now = performance.now();
      if (level > SILENCE || now - this.frameAt > FRAMES_GAP_MS) this.soundAt = now;
      this.frameAt = now;
      this.loudest = Math.max(this.loudest, level);
    });
    this.microphone.addEventListener("lost", () => this.note("microphone: lost"));
    this.media.addEventListener("failed", ({ detail }) => this.note(`media: ${detail}`));
    addEventListener("error", ({ error, message }) => {
      // What takes another frame to lay out is no mistake, and operators are not told of it.
      if (!message?.startsWith("ResizeObserver")) this.note(`page: ${error?.name ?? "error"}`);
    });
    addEventListener("unhandledrejection", ({ reason }) => this.note(`page: ${reason?.name}`));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#count());
    document.addEventListener("visibilitychange", () => this.soon());
    new MutationObserver(() => this.soon()).observe(document.body, { attributeFilter: ["data-camera", "data-reason"] });
    addEventListener("pointerdown", (event) => this.#tapped(event), { capture: true, passive: true });
    addEventListener("keydown", ({ ctrlKey, altKey, code }) => {
      if (ctrlKey && altKey && code === "KeyS") this.#openService();
    });
  }

  #welcomed({ report_s: every }) {
    this.every = every;
    const id = sessionStorage.getItem(RELOADING);
    if (id) {
      sessionStorage.removeItem(RELOADING);
      this.socket.send({ type: "command_done", id, ok: true, detail: "" });
    }
    this.#count();
  }

  async #command({ id, name, args }) {
    let done = { ok: false, detail: "its code could not be loaded" };
    if (name === "reload") {
      sessionStorage.setItem(RELOADING, id);
      location.reload();
      return;
    }
    try {
      const { run } = await import("./commands.js");
      done = await run(this, name, args);
    } catch (error) {
      this.note(`command ${name}: ${error.name}`);
    }
    this.socket.send({ type: "command_done", id, ...done });
  }

  async #count() {
    const known = (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? null;
    const count = (kind) => known?.filter((one) => one.kind === kind).length;
    this.devices = known
      ? { microphones: count("audioinput"), speakers: count("audiooutput"), cameras: count("videoinput") }
      : {};
    this.soon();
  }

  // Five taps in an upper corner, for those who know it; nothing shows that it is there.
  #tapped({ clientX, clientY, timeStamp }) {
    const isCorner = clientY < CORNER_PX && (clientX < CORNER_PX || clientX > innerWidth - CORNER_PX);
    this.taps = isCorner ? [...this.taps.filter((at) => timeStamp - at < TAPS_MS), timeStamp] : [];
    if (this.taps.length < TAPS) return;
    this.taps = [];
    this.#openService();
  }

  #openService() {
    this.#use("service", ({ open }) => open(this));
  }

  #use(module, action) {
    import(`./${module}.js`).then(action).catch((error) => this.note(`${module}: ${error.name}`));
  }
}

function recall() {
  const kept = { volume: 100, muted: false, note: null, held: false, dark: false, language: "" };
  try {
    return { ...kept, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return kept;
  }
}
