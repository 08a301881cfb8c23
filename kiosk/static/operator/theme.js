// The preview of a theme: one small screen for each state, and all of them anew when a file changes.

const LOOK_EVERY_MS = 1_500;
const FAILURES = 20; // looks in a row without an answer, then somebody reloads the page

const form = document.querySelector(".theme-choices");
const screens = document.querySelector(".theme-screens");
const news = document.getElementById("theme-news");
let { version } = form.dataset;
let failures = 0;

function draw() {
  const { size, text, contrast, language, dir } = Object.fromEntries(new FormData(form));
  screens.dataset.size = size;
  for (const frame of screens.querySelectorAll("iframe")) {
    const chosen = new URLSearchParams({ state: frame.dataset.state, text, contrast, language, dir, v: version });
    frame.src = `/operator/themes/${form.dataset.theme}/screen?${chosen}`;
  }
}

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/operator/themes.json", { cache: "no-store" });
      const seen = (await answer.json()).version;
      failures = 0;
      if (seen !== version) {
        version = seen;
        news.textContent = "Files changed: drawn anew.";
        draw();
      }
    } catch {
      failures += 1;
    }
  }
  if (failures < FAILURES) setTimeout(look, LOOK_EVERY_MS);
  else news.textContent = "The server does not answer; reload this page.";
}

form.addEventListener("change", draw);
draw();
setTimeout(look, LOOK_EVERY_MS);
