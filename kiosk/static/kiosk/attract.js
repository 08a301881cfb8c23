// The waiting screen: slides and greetings in turn, its hours and nights, and what wakes it.

const HOLD_MS = 30_000; // after a touch nothing moves by itself
const HOME_MS = 60_000; // a language chosen and left is not the next visitor's
const AWAKE_MS = 60_000; // a touch lifts the dark for this long
const WAKE_MS = 15_000; // a sensor tells once; whoever it saw needs time to come closer
const NUDGE_EVERY_MS = 60_000;
const NUDGES = [[0, 0], [4, 2], [6, -3], [2, -5], [-3, -4], [-6, 0], [-4, 4], [1, 6]]; // px: burn-in

export class Attract {
  constructor({ page, texts, visit, socket, microphone }) {
    Object.assign(this, { page, texts, visit, socket, microphone });
    this.own = page.attract;
    this.body = document.body;
    this.title = document.getElementById("attract-title");
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.touchedAt = -HOLD_MS;
    this.awakeUntil = 0;
    this.quietUntil = 0;
    this.timers = {};
    this.#build();
    for (const kind of ["pointerdown", "keydown"]) {
      addEventListener(kind, () => this.#touched(), { capture: true, passive: true });
    }
    new MutationObserver(() => this.#stateChanged())
      .observe(this.body, { attributeFilter: ["data-state"] });
    new MutationObserver(() => this.isWaiting && this.#greet())
      .observe(document.documentElement, { attributeFilter: ["lang"] });
    this.isWaiting = false;
    this.#stateChanged();
    if (this.own.presence === "camera") this.#watch();
    if ((this.own.speaks ?? "off") !== "off") this.#listen();
    if (this.own.slides.length) this.#slides();
  }

  /** The server says what the hours and the night ask for. */
  async attract(told) {
    if (!this.rest && !told.closed && !told.dim) return;
    const { Rest } = await import("./rest.js");
    this.rest ??= new Rest(this.own, this.texts, this.socket);
    this.rest.told = told;
    this.rest.reported = false; // the socket is a new one, or the hours changed
    this.#rest();
  }

  /** Somebody was noticed, by a sensor of the site (`wake`) or the camera (`presence`). */
  wake() {
    this.#invite("wake", Math.max(WAKE_MS, this.own.leave_ms));
  }

  // ── the visitor and the states ─────────────────────────────────────────────────────────────

  #stateChanged() {
    const isWaiting = this.body.dataset.state === "attract";
    if (isWaiting === this.isWaiting) return;
    this.isWaiting = isWaiting;
    if (isWaiting) {
      this.quietUntil = performance.now() + (this.begun ? this.own.cooldown_ms : 0);
      this.touchedAt = -HOLD_MS;
      this.#leave();
      this.#greet();
      this.#every("greet", this.own.greet_ms, () => this.#greet());
      this.#every("nudge", NUDGE_EVERY_MS, () => this.#nudge());
      this.slides?.later();
      this.camera?.start();
      this.voice?.start();
    } else {
      this.begun = true;
      for (const name of Object.keys(this.timers)) this.#cancel(name);
      this.slides?.stop();
      this.camera?.stop();
      this.voice?.stop();
    }
    this.#rest();
  }

  #touched() {
    this.touchedAt = performance.now();
    if (!this.isWaiting) return;
    this.awakeUntil = this.touchedAt + AWAKE_MS;
    this.#rest();
    this.slides?.later();
    this.#after("home", HOME_MS, () => {
      if (this.isWaiting && this.texts.language !== this.texts.home) {
        this.visit.useLanguage(this.texts.home);
        this.#greet();
      }
    });
  }

  /** Whether the screen may change by itself: nobody is there, and nobody chose a language. */
  get mayMove() {
    const held = performance.now() - this.touchedAt < HOLD_MS;
    const isHome = this.texts.language === this.texts.home;
    return Boolean(this.isWaiting && isHome && !held && !this.isPresent && !this.rest?.isDark);
  }

  #invite(by, ms) {
    const now = performance.now();
    if (!this.isWaiting || now < this.quietUntil) return;
    this.#after("leave", ms, () => this.#leave());
    if (this.isPresent) return;
    this.isPresent = true;
    this.body.dataset.present = "yes";
    this.socket.send({ type: "page", event: "noticed" }); // where visits begin: a count, nobody's
    this.awakeUntil = now + AWAKE_MS;
    this.slides?.later();
    this.#line("attract.present");
    this.#greet();
    this.#rest();
    if (this.own.hello) {
      // Browsers may keep a page quiet that nobody touched yet; then it only shows its line.
      new Audio(this.own.hello).play().catch(({ name }) => console.info(`kiosk: no hello (${name})`));
    }
    if (this.own.starts) this.visit.start(by);
  }

  #leave() {
    if (!this.isPresent) return;
    this.isPresent = false;
    delete this.body.dataset.present;
    this.quietUntil = Math.max(this.quietUntil, performance.now() + this.own.cooldown_ms);
    this.#line("attract.title");
    this.awakeUntil = 0;
    this.#rest();
  }

  #line(key) {
    this.title.dataset.text = key;
    this.title.textContent = this.texts.get(key);
  }

  async #watch() {
    const { Presence } = await import("./presence.js");
    this.camera = new Presence(this.own.sensitivity);
    this.camera.addEventListener("on", () => { this.notice.hidden = false; });
    this.camera.addEventListener("off", () => { this.notice.hidden = true; });
    this.camera.addEventListener("sees", () => this.#camera("on"));
    this.camera.addEventListener("lost", () => this.#camera(this.camera.trouble));
    this.socket.addEventListener("message", ({ detail }) => detail.type === "welcome" && this.#tellCamera());
    this.camera.addEventListener("here", () => this.#invite("presence", this.own.leave_ms));
    if (this.isWaiting) this.camera.start();
  }

  async #listen() {
    const { Voice } = await import("./voice.js");
    const notice = document.querySelector(".listens");
    this.voice = new Voice(this.microphone, this.own.speaks);
    this.voice.addEventListener("on", () => { notice.hidden = false; });
    this.voice.addEventListener("off", () => { notice.hidden = true; });
    this.voice.addEventListener("spoke", () => {
      // What the avatar said last is still in the room just after a visit; a closed house is closed.
      if (!this.isWaiting || this.rest?.isDark || performance.now() < this.quietUntil) return;
      this.voice.stop();
      this.visit.start("voice");
    });
    if (this.isWaiting) this.voice.start();
  }

  // The page as a device reports it (agent.js); the moment it went and came back is told as well.
  #camera(how) {
    this.body.dataset.camera = how;
    this.#tellCamera();
  }

  #tellCamera() {
    const isLost = this.camera.trouble !== "";
    if (isLost === Boolean(this.toldLost)) return;
    const event = isLost ? "camera_lost" : "camera_back";
    if (this.socket.send({ type: "page", event })) this.toldLost = isLost;
  }

  async #slides() {
    const { Slides } = await import("./slides.js");
    this.slides = new Slides(this.own, this.texts, () => this.mayMove);
    if (this.isWaiting) this.slides.later();
  }

  // ── greetings ──────────────────────────────────────────────────────────────────────────────

  // The heading itself stays, for who hears it; who sees reads the lines in turn above it, all in one
  // place, so that nothing below moves.
  #greet() {
    const { greetings } = this.own;
    const turns = greetings.length > 1 && this.mayMove;
    this.lines.hidden = !turns;
    this.title.classList.toggle("only-heard", turns);
    const first = Math.max(0, greetings.findIndex(({ code }) => code === this.texts.home));
    this.greeting = turns && this.greeting !== undefined ? this.greeting + 1 : first;
    [...this.lines.children].forEach((line, i) => {
      line.dataset.shown = String(i === this.greeting % greetings.length);
    });
    if (!turns) delete this.greeting;
  }

  #nudge() {
    if (this.still.matches) return;
    this.nudged = ((this.nudged ?? 0) + 1) % NUDGES.length;
    const [x, y] = NUDGES[this.nudged];
    this.body.style.setProperty("--nudge", `${x}px ${y}px`);
    this.rest?.wander(this.nudged);
  }

  // ── parts ──────────────────────────────────────────────────────────────────────────────────

  #build() {
    this.lines = make("div", "display greetings");
    this.lines.setAttribute("aria-hidden", "true");
    for (const { code, dir, text } of this.own.greetings) {
      const line = this.lines.appendChild(make("span", "greeting"));
      Object.assign(line, { lang: code, dir, textContent: text });
    }
    this.title.after(this.lines);
    this.notice = document.querySelector(".watching:not(.listens)");
  }

  #rest() {
    const left = this.awakeUntil - performance.now();
    if (this.rest && left > 0) this.#after("lift", left + 50, () => this.#rest());
    this.rest?.show(this.isWaiting, left <= 0, this.isPresent);
  }

  #every(name, ms, action) {
    this.#after(name, ms, () => {
      this.#every(name, ms, action);
      action();
    });
  }

  #after(name, ms, action) {
    this.#cancel(name);
    this.timers[name] = setTimeout(() => {
      delete this.timers[name];
      action();
    }, ms);
  }

  #cancel(name) {
    clearTimeout(this.timers[name]);
    delete this.timers[name];
  }
}

function make(tag, name) {
  const node = document.createElement(tag);
  node.className = name;
  return node;
}
