// The fleet page: rows as they change, in their places; the search as it is typed; choices at once.

import { $, fill, fresh, made, showNeeds } from "./lines.js";

const form = $("choose");
const list = $("kiosks");
const lines = new Map([...list.querySelectorAll("[data-kiosk]")].map((line) => [line.dataset.kiosk, line]));
const chosen = Object.fromEntries(new FormData(form));
const words = () => form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);

const FITS = {
  all: () => true,
  trouble: (row) => row.trouble,
  visit: (row) => row.visit !== "",
  off: (row) => row.tone === "off",
  older: (row) => row.page !== "" || row.config !== "",
};

/** Whether a screen belongs on this page as it was asked for. */
function fits(row) {
  return FITS[chosen.show](row) && (!chosen.site || chosen.site === row.site);
}

/** Leave only the rows with every word of the search; what was typed needs no answer for that. */
function search() {
  const wanted = words();
  let shown = 0;
  for (const line of lines.values()) {
    const text = line.textContent.toLowerCase();
    line.hidden = !wanted.every((word) => text.includes(word));
    shown += !line.hidden;
  }
  for (const group of list.querySelectorAll(".group")) group.hidden = !group.querySelector(".unit:not([hidden])");
  $("shown").textContent = `${shown} of ${lines.size}`;
  // What is chosen goes with the search as it stands, so the words do, too.
  const pick = $("pick-all-words");
  if (pick) pick.textContent = shown === 1 ? "The one that fits" : `All ${shown} that fit`;
}

function placed(row) {
  let group = list.querySelector(`.group[data-site="${CSS.escape(row.site)}"]`);
  if (!group) {
    // The first screen of a site that shows: its heading comes with the next load.
    group = Object.assign(document.createElement("section"), { className: "group" });
    group.dataset.site = row.site;
    group.append(Object.assign(document.createElement("ol"), { className: "units" }));
    list.append(group);
  }
  const line = made("unit-template", row, "kiosk", row.id);
  Object.assign(line.querySelector(".pick"), { value: row.id, ariaLabel: `Choose ${row.name}` });
  group.querySelector(".units").append(line);
  lines.set(row.id, line);
  return line;
}

function show(row, isQuiet) {
  let line = lines.get(row.id);
  if (!line && !fits(row)) return;
  const isNew = !line;
  line ??= placed(row);
  const changed = fill(line, row) || isNew;
  // A row that no longer fits keeps its place until the page is asked for again.
  line.toggleAttribute("data-left", !fits(row));
  if (changed && !isQuiet) fresh(line);
}

function sum({ headline, attention, more, sites }) {
  $("headline").textContent = headline;
  showNeeds(attention);
  $("more").hidden = !more;
  $("more").firstElementChild.textContent = more;
  for (const [site, text] of Object.entries(sites)) {
    const line = list.querySelector(`[data-site-line="${CSS.escape(site)}"]`);
    if (line && line.textContent !== text) line.textContent = text;
  }
}

document.addEventListener("feed", ({ detail: { type, rows, summary } }) => {
  for (const row of rows ?? []) show(row, type === "snapshot");
  if (summary) sum(summary);
  if (rows?.length && words().length) search();
});

form.elements.q.addEventListener("input", search);
for (const name of ["show", "site", "sort", "view"]) {
  form.elements[name]?.addEventListener("change", () => form.requestSubmit());
}
if (words().length) search();

// ── what they are to do ────────────────────────────────────────────────────────────────────

const picked = () => list.querySelectorAll(".pick:checked").length;
const bulk = $("bulk");
bulk?.addEventListener("change", count);
list.addEventListener("change", count);

function count() {
  const number = picked();
  const all = $("pick-all").checked;
  $("picked").textContent = all ? "" : number ? `or the ${number} that ${number === 1 ? "is" : "are"} ticked` : "or those that are ticked";
  bulk.toggleAttribute("data-picked", number > 0 || all);
}
// The search as it stands, also when nobody pressed Show; a tick that no longer shows does not count.
bulk?.addEventListener("submit", () => {
  bulk.elements.q.value = form.elements.q.value;
  for (const tick of list.querySelectorAll(".unit[hidden] .pick:checked")) tick.checked = false;
});
if (bulk) count();
