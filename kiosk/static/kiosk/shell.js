// Keeps the page going: its version, its service, its sleep, its devices, and when it begins anew.

import { keepLoaded } from "./keep.js";
import { Reloads, serverAnswers } from "./reloading.js";
import { watchDevices } from "./devices.js";

const LOOK_MS = 5_000;
const ASLEEP_MS = 30_000;
const GROWTH_MS = 60_000;
const REFUSED_AFTER = 3; // sockets in a row
const MINUTE_MS = 60_000;
const DAY_MIN = 1_440;
const STATES = { maintenance: "offline", cleaning: "offline", event: "offline", out_of_order: "error" };

export class Shell {
  /** @param {object} parts what main.js made: page, texts, media, microphone, view, visit, socket, agent */
  constructor(parts) {
    Object.assign(this, parts);
    this.limits = this.page.screen ?? {};
    this.openedAt = Date.now();
    this.offset = 0; // of the server's clock to ours, ms
    this.refusals = 0;
    this.newest = "";
    this.agent.onHeld = () => this.#lookAtVersion();
    this.reloads = new Reloads({
      isFree: () => !this.visit.isOn && !this.visit.finishing,
      report: (event) => this.report(event),
      spreadMs: (this.limits.reload_spread_s ?? 0) * 1_000,
    });
    this.visit.onRest = () => this.#rested();
    this.visit.onProtocol = () => this.reloads.want("protocol");
    this.#listen();
    this.#watchSleep();
    setInterval(() => this.#watchGrowth(), GROWTH_MS);
    watchDevices(parts, (event) => this.report(event));
    this.#sayAway();
    new MutationObserver(() => this.#sayAway())
      .observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
    keepLoaded();
  }

  /** The time by the server's clock, milliseconds since 1970. */
  now() {
    return Date.now() + this.offset;
  }

  report(event) {
    return this.socket.send({ type: "page", ...event });
  }

  /** Something broke and nobody is in the middle of anything. */
  crashed() {
    this.reloads.want("crash");
  }

  #listen() {
    this.socket.addEventListener("message", ({ detail }) => {
      if (detail.type === "welcome") this.#welcomed(detail);
      else if (detail.type === "service") this.#service(detail.reason);
    });
    this.socket.addEventListener("down", () => this.#refused());
  }

  #welcomed({ page, now, service }) {
    this.refusals = 0;
    this.reloads.unwant("refused");
    this.reloads.tell();
    this.newest = page;
    this.#lookAtVersion();
    this.#service(service);
    if (!now) return;
    this.offset = now - Date.now();
    if (Math.abs(this.offset) > (this.limits.clock_skew_s ?? 60) * 1_000) {
      this.report({ event: "clock", seconds: this.offset / 1_000 });
    }
  }

  get #isOld() {
    return Boolean(this.newest) && this.newest !== this.page.version;
  }

  // An operator wants it to stay at its version: nothing that can wait brings another.
  get #isHeld() {
    return this.#isOld && this.agent.kept.held;
  }

  #lookAtVersion() {
    if (this.#isOld && !this.#isHeld) this.reloads.want("stale");
    else this.reloads.unwant("stale");
    if (this.#isHeld) for (const reason of ["daily", "visits"]) this.reloads.unwant(reason);
  }

  #service(reason = null) {
    this.view.rest = reason && { state: STATES[reason], reason };
    const isFree = !this.visit.isOn && !this.visit.finishing;
    if (isFree && this.socket.isUp) this.view.setState("attract");
  }

  #rested() {
    if (this.visit.reloadWhenDone) this.reloads.want("crash");
    const isWorn = this.visit.finished >= (this.limits.reload_after_visits ?? Infinity);
    if (isWorn && !this.#isHeld) this.reloads.want("visits");
    this.#watchGrowth();
    this.reloads.attempt();
  }

  // A socket that the server refuses (a cookie it no longer knows, say) is not mended by waiting:
  // the page that is loaded anew gets a cookie, or the way to enrol.
  async #refused() {
    this.refusals += 1;
    if (this.refusals < REFUSED_AFTER) return;
    if ((await serverAnswers()) && !this.socket.isUp && this.refusals >= REFUSED_AFTER) {
      this.reloads.want("refused");
    }
  }

  #watchGrowth() {
    const { reload_heap_mb: heap = Infinity, reload_nodes: nodes = Infinity } = this.limits;
    const used = performance.memory?.usedJSHeapSize ?? 0;
    if (used > heap * 1e6 || document.getElementsByTagName("*").length > nodes) this.reloads.want("memory");
    if (this.#isPastDaily() && !this.#isHeld) this.reloads.want("daily");
  }

  #isPastDaily() {
    const { reload_at: at, time_zone: timeZone } = this.limits;
    if (!at) return false;
    const [hour, minute] = at.split(":").map(Number);
    const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
    const [nowHour, nowMinute] = clock.format(this.now()).split(":").map(Number);
    const since = (nowHour * 60 + nowMinute - hour * 60 - minute + DAY_MIN) % DAY_MIN;
    return (Date.now() - this.openedAt) / MINUTE_MS > since + 1;
  }

  // Timers stand still while a device sleeps or its page is frozen; the clock does not.
  #watchSleep() {
    let seen = Date.now();
    const look = () => {
      if (document.hidden) return;
      const slept = Date.now() - seen;
      seen = Date.now();
      if (slept > ASLEEP_MS) this.#woke(slept / 1_000);
    };
    setInterval(look, LOOK_MS);
    for (const kind of ["visibilitychange", "resume"]) document.addEventListener(kind, look);
    addEventListener("pageshow", look);
  }

  #woke(seconds) {
    document.dispatchEvent(new Event("visibilitychange")); // the wake lock is asked for again
    const { visit, media, socket } = this;
    if (visit.isOn && seconds > (this.limits.resume_s ?? 0)) {
      // Whoever stands there now is somebody else.
      socket.send({ type: "end" });
      visit.wipe();
    }
    if (media.isDead && socket.isUp) {
      media.close();
      socket.restart();
    } else {
      socket.check();
    }
    this.report({ event: "slept", seconds });
  }

  // The site's own sentence for whoever stands before a screen that cannot help.
  #sayAway() {
    const { away = {} } = this.limits;
    const { lang } = document.documentElement;
    const words = away[lang] ?? away[lang.split("-")[0]] ?? "";
    for (const node of document.querySelectorAll(".away")) node.textContent = words;
  }
}
