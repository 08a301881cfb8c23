/** Keeps the line of alerts, and the page of alerts, as they are; both are whole without it. */

import { $, wordAll } from "./lines.js";

const SOON_MS = 400; // many screens fail together: their news is fetched once

let due = 0;
let missed = false;

/** Fetches the part of a page that has this id; a page that cannot be had stays as it is. */
async function renew(address, id) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById(id);
    const old = $(id);
    if (!part || !old || old.innerHTML === part.innerHTML) return;
    // What somebody has opened stays open.
    const open = [...old.querySelectorAll("details")].map((element) => element.open);
    [...part.querySelectorAll("details")].forEach((element, at) => {
      element.open = open[at] ?? element.open;
    });
    old.replaceWith(part);
    // On the page of alerts the line would say it twice.
    if (id === "alert-banner" && $("alerts")) part.hidden = true;
    wordAll(part);
  } catch {
    // The server is away; the next change, or a reload, brings it.
  }
}

function look() {
  const list = $("alerts");
  renew("/operator/alerts/banner", "alert-banner");
  if (!list) return;
  // Nobody's words are taken away while they are typed.
  missed = list.contains(document.activeElement) && document.activeElement.tagName === "INPUT";
  if (!missed) renew("/operator/alerts", "alerts");
}

let begun = false;

document.addEventListener("feed", ({ detail }) => {
  // A second snapshot is after a lost line: something may have been missed.
  const again = detail.type === "snapshot" && begun;
  begun = true;
  if (!detail.alert && !again) return;
  clearTimeout(due);
  due = setTimeout(look, SOON_MS);
});
document.addEventListener("focusout", () => {
  if (missed) setTimeout(look, SOON_MS);
});
