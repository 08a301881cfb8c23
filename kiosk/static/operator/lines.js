// The lines of an operator's page: their times, their values, and what is new in them.

const body = document.body;
const zone = body.dataset.zone || undefined;
// The page's own clock may be wrong; ages are counted against the server's.
export const skew = Date.parse(body.dataset.now) - Date.now();
export const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "medium" });
const full = new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "medium", timeStyle: "medium" });
const still = matchMedia("(prefers-reduced-motion: reduce)");
export const $ = (id) => document.getElementById(id);

// ── times ─────────────────────────────────────────────────────────────────────────────────

/** @param {number} ms */
export function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** @param {HTMLTimeElement} element */
export function word(element) {
  const iso = element.getAttribute("datetime");
  const at = iso ? Date.parse(iso) : NaN;
  element.hidden = Number.isNaN(at);
  if (element.hidden) return;
  const passed = Date.now() + skew - at;
  const style = element.dataset.style;
  const text =
    style === "for" ? `for ${age(passed)}` : style === "ago" ? `${age(passed)} ago` : clock.format(at);
  if (element.textContent !== text) element.textContent = text;
  element.title = full.format(at);
}

export function wordAll(root = document) {
  for (const element of root.querySelectorAll("time[data-style]")) word(element);
}

// ── lines ─────────────────────────────────────────────────────────────────────────────────

/** Puts a message's values into the marked parts of one line; only what differs is touched. */
export function fill(line, row) {
  let changed = false;
  for (const part of line.querySelectorAll("[data-field]")) {
    const text = String(row[part.dataset.field] ?? "");
    if (part.textContent !== text) {
      part.textContent = text;
      changed = true;
    }
    if (row.lang && part.dataset.field === "text") part.lang = row.lang;
  }
  for (const element of line.querySelectorAll("time[data-time]")) {
    element.setAttribute("datetime", row[element.dataset.time] ?? "");
    word(element);
  }
  for (const link of line.querySelectorAll("[data-link]")) {
    const { link: kind, suffix = "" } = link.dataset;
    const target = row[kind];
    const place = kind === "visit" ? "visits" : "kiosks";
    if (target) link.setAttribute("href", `/operator/${place}/${encodeURIComponent(target)}${suffix}`);
    else link.removeAttribute("href");
    if (link.classList.contains("button")) link.hidden = !target;
  }
  for (const bar of line.querySelectorAll("[data-bar]")) {
    bar.setAttribute("width", row[bar.dataset.bar] ?? 0);
    bar.parentElement.toggleAttribute("hidden", !row[bar.dataset.bar]);
  }
  for (const path of line.querySelectorAll("[data-path]")) path.setAttribute("d", row[path.dataset.path] ?? "");
  for (const part of line.querySelectorAll("[data-said]")) part.setAttribute("aria-label", row[part.dataset.said] ?? "");
  if ("tone" in row) line.dataset.tone = row.tone;
  return changed;
}

export function fresh(line) {
  if (still.matches) return;
  line.classList.remove("fresh");
  void line.offsetWidth; // lets the same animation begin again
  line.classList.add("fresh");
}

export function made(template, row, key, value) {
  const line = $(template).content.firstElementChild.cloneNode(true);
  line.dataset[key] = value;
  fill(line, row);
  return line;
}

export function showNeeds(rows) {
  const list = $("attention");
  if (!list) return;
  const { only } = $("attention-section").dataset; // a screen's own page shows its own needs
  const shown = only ? rows.filter((row) => row.kiosk === only) : rows;
  const left = new Map([...list.children].map((line) => [line.dataset.need, line]));
  for (const row of shown) {
    const line = left.get(row.key);
    left.delete(row.key);
    if (line) {
      if (fill(line, row)) fresh(line);
    } else fresh(list.appendChild(made("need-template", row, "need", row.key)));
  }
  for (const line of left.values()) line.remove();
  $("calm").hidden = shown.length > 0;
}
