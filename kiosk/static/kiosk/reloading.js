// When the page loads itself anew: for a reason, while nobody visits, never into an empty network,
// and with growing pauses when the same reason is there again.

const KEY = "kiosk.reload";
const FIRST_MS = { refused: 3_000, crash: 4_000, protocol: 6_000 };
const OTHER_FIRST_MS = 60_000;
const AT_ONCE = new Set(["stale", "visits", "daily", "memory"]); // the first time
const ANYWAY = new Set(["refused", "crash", "protocol"]); // nobody can use this page: no need to wait
const MAX_MS = 30 * 60_000;
const FORGOTTEN_MS = 2 * 60 * 60_000;
const AGAIN_MS = 5_000;
const DEADLINE_MS = 4_000;

/** Whether our server can be reached; a proxy's own error page is not ours. */
export async function serverAnswers(address = "/livez") {
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    return (await fetch(address, { cache: "no-store", signal })).status < 500;
  } catch {
    return false;
  }
}

export class Reloads {
  /** @param {{isFree: () => boolean, report: (event: object) => void, spreadMs: number}} parts */
  constructor({ isFree, report, spreadMs }) {
    this.isFree = isFree;
    this.report = report;
    this.spreadMs = spreadMs;
    this.last = recall();
    this.wanted = new Set();
    this.due = new Set();
    this.trying = false;
  }

  /** Tell the server why this page was loaded anew, once. */
  tell() {
    if (!this.last || this.last.told) return;
    this.report({ event: "reloaded", reason: this.last.reason, count: this.last.count });
    this.#keep({ ...this.last, told: true });
  }

  /** @param {string} reason */
  want(reason) {
    if (this.wanted.has(reason)) return;
    this.wanted.add(reason);
    const { wait, again } = this.#pause(reason);
    if (again) this.report({ event: "waits", reason, count: again, seconds: wait / 1_000 });
    const spread = reason === "stale" ? Math.random() * this.spreadMs : 0;
    setTimeout(() => {
      if (!this.wanted.has(reason)) return; // no longer
      this.due.add(reason);
      this.attempt();
    }, wait + spread);
  }

  /** What was wanted no longer holds. */
  unwant(reason) {
    this.wanted.delete(reason);
    this.due.delete(reason);
  }

  /** Load the page anew if that is due and possible; asked whenever a visit is over. */
  async attempt() {
    const reason = this.#next();
    if (!reason || this.trying) return;
    this.trying = true;
    // Without a server the browser would show its own page; a kept one would be of no use either.
    const answers = await serverAnswers();
    this.trying = false;
    if (answers && this.#next() === reason) {
      this.#keep({ reason, at: Date.now(), count: this.#again(reason) + 1, told: false });
      location.reload();
    } else if (this.#next()) {
      setTimeout(() => this.attempt(), AGAIN_MS);
    }
  }

  #next() {
    return [...this.due].find((reason) => ANYWAY.has(reason) || this.isFree());
  }

  #again(reason) {
    const { last } = this;
    return last?.reason === reason && elapsed(last) < FORGOTTEN_MS ? last.count : 0;
  }

  #pause(reason) {
    const again = this.#again(reason);
    const first = FIRST_MS[reason] ?? OTHER_FIRST_MS;
    if (!again) return { wait: AT_ONCE.has(reason) ? 0 : first, again };
    return { wait: Math.max(0, Math.min(MAX_MS, first * 2 ** again) - elapsed(this.last)), again };
  }

  #keep(last) {
    this.last = last;
    sessionStorage.setItem(KEY, JSON.stringify(last));
  }
}

function elapsed({ at }) {
  return Math.max(0, Date.now() - at);
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}
