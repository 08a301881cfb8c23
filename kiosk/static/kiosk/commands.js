// What an operator may have this screen do. Each answers `{ok, detail}`; loaded with the first of them.

const STYLE = "/static/kiosk/device.css";
const RESTART_MS = 40_000;

/** @param {import("./agent.js").Agent} agent @param {string} name @param {object} args */
export async function run(agent, name, args) {
  const command = COMMANDS[name];
  if (!command) return { ok: false, detail: "this page does not know that command" };
  return { ok: true, detail: "", ...(await command(agent, args)) };
}

const COMMANDS = {
  identify: (agent, { seconds }) => identify(agent, seconds),
  volume: (agent, { level }) => agent.keep({ volume: level, muted: false }),
  mute: (agent, { muted }) => agent.keep({ muted }),
  language: (agent, { language }) => {
    if (!agent.speaks(language)) return { ok: false, detail: "this site does not offer that language" };
    agent.keep({ language });
    return {};
  },
  message: async (agent, { text, minutes }) => {
    agent.keep({ note: text ? { text, until: Date.now() + minutes * 60_000 } : null });
    await showNote(agent);
  },
  screenshot: async (agent) => {
    const { picture } = await import("./screenshot.js");
    return { image: await picture({ isPrivate: agent.visit.isOn || agent.visit.finishing }) };
  },
  restart_visit: (agent) => restart(agent),
  dark: async (agent, { dark }) => {
    agent.keep({ dark });
    await showDark(agent);
  },
  hold: (agent, { held }) => {
    agent.keep({ held });
    agent.onHeld();
  },
};

const LIT_MS = 60_000; // a touch lights a dark screen for this long

/** Cover the waiting screen, as an operator wants it; a touch or a key lifts the cover for a while. */
export async function showDark(agent) {
  agent.cover?.remove();
  agent.lit?.abort();
  if (!agent.kept.dark) return;
  await styled();
  const cover = Object.assign(document.createElement("div"), { className: "operator-dark" });
  agent.cover = cover;
  agent.lit = new AbortController();
  const lift = () => {
    cover.hidden = true;
    clearTimeout(agent.coverTimer);
    agent.coverTimer = setTimeout(() => (cover.hidden = false), LIT_MS);
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, lift, { capture: true, signal: agent.lit.signal });
  document.body.append(cover);
}

/** Show the house's sentence beside the waiting screen, or take it away. */
export async function showNote(agent) {
  clearTimeout(agent.noteTimer);
  document.querySelector(".house-note")?.remove();
  const { note } = agent.kept;
  const left = note ? note.until - Date.now() : 0;
  if (left <= 0) return;
  await styled();
  const line = document.createElement("p");
  line.className = "house-note";
  line.setAttribute("role", "status");
  line.dir = "auto";
  line.textContent = note.text;
  document.querySelector(".screen.attract .row").before(line);
  agent.noteTimer = setTimeout(() => showNote(agent), left);
}

async function identify({ page }, seconds) {
  await styled();
  document.querySelector(".identify")?.remove();
  const sign = document.createElement("div");
  sign.className = "identify";
  sign.setAttribute("role", "status");
  for (const words of [page.kiosk_name, page.kiosk_id]) {
    sign.append(Object.assign(document.createElement("p"), { textContent: words }));
  }
  document.body.append(sign);
  setTimeout(() => sign.remove(), seconds * 1_000);
}

async function restart({ visit }) {
  if (!visit.isOn || visit.finishing) return { ok: false, detail: "nobody visits now" };
  const waits = until("attract");
  visit.end();
  if (!(await waits)) return { ok: false, detail: "the visit did not come to its end" };
  visit.start();
  return {};
}

function until(state) {
  return new Promise((resolve) => {
    const watcher = new MutationObserver(() => document.body.dataset.state === state && end(true));
    const timer = setTimeout(() => end(false), RESTART_MS);
    const end = (came) => {
      clearTimeout(timer);
      watcher.disconnect();
      resolve(came);
    };
    watcher.observe(document.body, { attributes: true, attributeFilter: ["data-state"] });
  });
}

/** Resolve when the style of what only devices show is there; without it they still show. */
export function styled() {
  const known = document.querySelector(`link[href="${STYLE}"]`);
  if (known) return Promise.resolve();
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLE });
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}
