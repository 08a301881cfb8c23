/**
 * As much of a browser as the modules of kiosk/static/kiosk/ look at, with a clock that a test moves.
 * What is stood in for is the browser; the modules under test are the screen's own, unchanged.
 */
const START = Date.parse("2026-03-10T02:50:00Z");

const TURNS = 12; // of promises that may wait for each other between two timers

/** Time: every timer, `Date` and `performance.now()` follow it. */
class Time {
  constructor(start) {
    this.start = start;
    this.elapsed = 0;
    this.jumped = 0; // a device that sleeps: the clock goes on, timers do not
    this.timers = new Map();
    this.last = 0;
  }

  install() {
    const time = this;
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor(...given) {
        super(...(given.length ? given : [time.now()]));
      }
      static now() {
        return time.now();
      }
    };
    define("performance", { now: () => time.elapsed, getEntriesByType: () => [], memory: { usedJSHeapSize: 20e6 } });
    globalThis.setTimeout = (action, ms = 0) => time.set(action, ms);
    globalThis.setInterval = (action, ms) => time.set(action, ms, ms);
    globalThis.clearTimeout = globalThis.clearInterval = (id) => time.timers.delete(id);
    AbortSignal.timeout = () => new AbortController().signal;
  }

  now() {
    return this.start + this.elapsed + this.jumped;
  }

  set(action, ms, every = 0) {
    this.last += 1;
    this.timers.set(this.last, { action, at: this.elapsed + ms, every });
    return this.last;
  }

  /** Let this much time pass, with everything that becomes due in it. */
  async pass(ms) {
    const end = this.elapsed + ms;
    for (;;) {
      await settle();
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!due.length) break;
      const [id, timer] = due[0];
      this.elapsed = Math.max(this.elapsed, timer.at);
      if (timer.every) timer.at += timer.every;
      else this.timers.delete(id);
      timer.action();
    }
    this.elapsed = end;
  }

  /** The device sleeps: all stands still but the clock. */
  async sleep(ms) {
    this.jumped += ms;
    await this.pass(6_000);
  }
}

export async function settle() {
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
}

class Element extends EventTarget {
  constructor() {
    super();
    this.dataset = {};
    this.style = { setProperty() {}, removeProperty() {} };
    this.classList = { add() {}, remove() {}, toggle() {} };
    this.lang = "en";
    this.currentTime = 0;
    this.readyState = 4;
    this.srcObject = null;
  }
  setAttribute() {}
  async play() {}
  focus() {}
  getContext() {
    return { drawImage() {}, getImageData: (x, y, w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }) };
  }
}

/** A track of a camera or microphone; `unplug()` is what the browser does when the device goes. */
class Track extends EventTarget {
  constructor(kind) {
    super();
    this.kind = kind;
    this.isStopped = false;
  }
  stop() {
    this.isStopped = true;
  }
  unplug() {
    this.isStopped = true;
    this.dispatchEvent(new Event("ended"));
  }
}

export class Stream {
  constructor(kind) {
    this.track = new Track(kind);
  }
  getTracks() {
    return [this.track];
  }
  getVideoTracks() {
    return this.getTracks();
  }
  getAudioTracks() {
    return this.getTracks();
  }
}

/** Make the globals of a page anew, opened `at`; what a reload keeps (`session`) may be given. */
export function browser({ session = new Map(), at = START } = {}) {
  const time = new Time(at);
  time.install();
  const parts = new Map();
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), {
    hidden: false,
    body: new Element(),
    documentElement: new Element(),
    elements: 400,
    createElement: () => new Element(),
    getElementById: () => new Element(),
    querySelector: (selector) => parts.get(selector) ?? parts.set(selector, new Element()).get(selector),
    querySelectorAll: () => [],
    getElementsByTagName: () => ({ length: document.elements }),
  });
  const devices = Object.assign(new EventTarget(), {
    known: [],
    enumerateDevices: async () => devices.known,
    getUserMedia: async () => devices.gives(),
    gives: () => new Stream("video"),
  });
  const wakeLocks = [];
  const made = {
    time, document, devices, session, page, wakeLocks,
    reloads: 0,
    answers: true,
    asked: 0,
    part: (name) => document.querySelector(`[data-testid="${name}"]`),
    /** The browser lets go of the wake lock, as it does when the page is hidden. */
    hide() {
      document.hidden = true;
      for (const lock of wakeLocks.splice(0)) lock.dispatchEvent(new Event("release"));
      document.dispatchEvent(new Event("visibilitychange"));
    },
    show() {
      document.hidden = false;
      document.dispatchEvent(new Event("visibilitychange"));
    },
  };
  define("document", document);
  define("location", { origin: "http://kiosk", reload: () => { made.reloads += 1; } });
  define("navigator", {
    mediaDevices: devices,
    wakeLock: {
      request: async () => {
        const lock = new EventTarget();
        wakeLocks.push(lock);
        return lock;
      },
    },
  });
  define("sessionStorage", {
    getItem: (key) => session.get(key) ?? null,
    setItem: (key, value) => session.set(key, value),
    removeItem: (key) => session.delete(key),
  });
  define("MutationObserver", class { observe() {} });
  define("fetch", async () => {
    made.asked += 1;
    if (!made.answers) throw new TypeError("no network");
    return { status: 200 };
  });
  for (const method of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
    define(method, page[method].bind(page));
  }
  return made;
}

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** A socket that keeps what is sent; `tell()` is the server speaking. */
export class Socket extends EventTarget {
  constructor() {
    super();
    this.isUp = true;
    this.sent = [];
    this.restarts = 0;
    this.checks = 0;
  }
  send(message) {
    if (this.isUp) this.sent.push(message);
    return this.isUp;
  }
  of(type) {
    return this.sent.filter((one) => one.type === type);
  }
  tell(message) {
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }
  restart() {
    this.restarts += 1;
  }
  check() {
    this.checks += 1;
  }
}

/** What of the view the modules write to. */
export class Words {
  constructor() {
    this.notices = new Map();
    this.rest = null;
    this.microphone = "off";
    this.asked = 0; // how often a state was asked for
  }
  notice(one) {
    this.notices.set(one.code, one);
  }
  noticeGone(code) {
    this.notices.delete(code);
  }
  setState() {
    this.asked += 1;
  }
  setMicrophone(state) {
    this.microphone = state;
    document.body.dataset.microphone = state;
  }
  setLevel() {}
  focusTyping() {}
}
