// A waiting screen outside its hours and at night: dark on purpose, which the server is told.

const FAR_MS = 20 * 3_600_000; // an opening further away is named with its day

export class Rest {
  constructor({ resting, zone }, texts, socket) {
    Object.assign(this, { resting, zone, texts, socket });
    this.told = { closed: false, dim: 0 };
    this.isDark = false;
    this.reported = false;
    this.veil = document.createElement("p");
    this.veil.className = "veil";
    this.veil.setAttribute("role", "status");
    document.body.append(this.veil);
  }

  /** @param {boolean} mayDarken nobody touched it a moment ago */
  show(isWaiting, mayDarken, isPresent) {
    const { veil } = this;
    this.isDark = isWaiting && this.told.closed && mayDarken;
    veil.textContent = this.isDark ? this.#words() : "";
    veil.dataset.shows = this.isDark ? this.resting : "night";
    veil.style.setProperty("--dim", isWaiting && !isPresent ? this.told.dim : 0);
    if (this.isDark) document.body.dataset.rest = "closed";
    else delete document.body.dataset.rest;
    const dark = this.isDark;
    if (dark !== this.reported && this.socket.send({ type: "rest", dark })) this.reported = dark;
  }

  /** The line of a dark screen does not stay in one place. */
  wander(place) {
    this.veil.dataset.place = String(place % 4);
  }

  #words() {
    const { opens } = this.told;
    if (!opens) return this.texts.get("rest.closed");
    const at = new Date(opens);
    const format = { hour: "numeric", minute: "2-digit", timeZone: this.zone };
    if (at - Date.now() > FAR_MS) format.weekday = "long";
    const time = new Intl.DateTimeFormat(this.texts.language, format).format(at);
    return this.texts.get("rest.until").replace("{time}", time);
  }
}
