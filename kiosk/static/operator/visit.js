/** Taking part in a visit without leaving the page: each form is answered beside its button. */

const steering = document.getElementById("steering");

/** Shows the parts that fit who has the conversation: `free`, `mine` or `other`. */
function showWhose(row) {
  if (!steering) return;
  if (!row.running) {
    steering.remove();
    return;
  }
  const by = row.taken_by;
  const whose = !by ? "free" : by === steering.dataset.me ? "mine" : "other";
  for (const name of steering.querySelectorAll("[data-holder]")) name.textContent = by;
  if (steering.dataset.whose === whose) return;
  steering.dataset.whose = whose;
  for (const part of steering.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.when.split(" ").includes(whose);
  }
  // What was in use may be hidden now; the keyboard goes on where the next thing is done.
  const used = document.activeElement;
  if (steering.contains(used) && used.closest("[hidden]")) next(whose)?.focus();
}

function next(whose) {
  return whose === "mine" ? document.getElementById("typed") : steering.querySelector("[data-when]:not([hidden]) button");
}

function showFacts(kind, row) {
  for (const part of document.querySelectorAll(`[data-${kind}-field]`)) {
    const text = row[part.getAttribute(`data-${kind}-field`)];
    if (text && part.textContent !== text) part.textContent = text;
  }
}

document.addEventListener("feed", ({ detail: message }) => {
  if (message.visit) {
    showWhose(message.visit);
    showFacts("visit", message.visit);
    if (!message.visit.running) document.getElementById("media")?.remove();
  }
  if (message.device) {
    showFacts("device", message.device);
    document.querySelector("#media [data-time]")?.setAttribute("datetime", message.device.reported_at);
  }
});

async function send(form) {
  const answer = form.querySelector(".answer");
  const words = form.querySelector("input:not([type=hidden])");
  const button = form.querySelector("button");
  const bare = !form.querySelector("[name]") && !form.dataset.api.endsWith("take-over");
  const body = bare ? undefined : JSON.stringify(Object.fromEntries(new FormData(form)));
  button.setAttribute("aria-disabled", "true");
  let text = "The server cannot be reached; try again.";
  let done = false;
  try {
    const reply = await fetch(form.dataset.api, {
      method: "POST",
      headers: bare ? {} : { "Content-Type": "application/json" },
      body,
    });
    const told = await reply.json();
    done = reply.ok;
    text = done ? told.done : told.error.message;
  } catch {
    // Said above; what was typed stays.
  }
  button.removeAttribute("aria-disabled");
  answer.textContent = text;
  answer.dataset.failed = String(!done);
  if (done && words) words.value = "";
}

for (const form of steering?.querySelectorAll("form[data-api]") ?? []) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.querySelector("[aria-disabled]")) send(form);
  });
}
