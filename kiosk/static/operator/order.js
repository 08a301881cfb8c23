// An order's results as they come: asks with what it knows, and is answered when there is news.

import { $, fill, fresh } from "./lines.js";

const WAIT_S = 20;
const GAP_MS = 400;
const RETRY_MS = 3_000;

const head = $("order");
const lines = new Map([...document.querySelectorAll(".results [data-kiosk]")].map((line) => [line.dataset.kiosk, line]));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function show({ revision, state, tone, counts, note, results }) {
  Object.assign(head.dataset, { revision, state, tone });
  $("counts").textContent = counts;
  $("note").textContent = note;
  $("note").hidden = !note;
  if ($("stop")) $("stop").hidden = state !== "running";
  for (const row of results) {
    const line = lines.get(row.kiosk);
    if (!line) continue;
    if (fill(line, row)) fresh(line);
    line.children[1].dataset.tone = row.tone;
  }
}

while (head.dataset.state === "running") {
  try {
    const answer = await fetch(`/api/commands/${head.dataset.order}?after=${head.dataset.revision}&wait_s=${WAIT_S}`);
    if (!answer.ok) {
      location.reload(); // logged out, or no longer kept: the page says which
      break;
    }
    show(await answer.json());
    await pause(GAP_MS);
  } catch {
    await pause(RETRY_MS); // the server is away; what it says next is whole
  }
}
