// One screen of the preview: the real page's own parts, shown in the state that the address names.

import { Captions } from "../kiosk/captions.js";
import { Cards } from "../kiosk/cards.js";
import { Options } from "../kiosk/options.js";
import { Texts } from "../kiosk/texts.js";
import { View, part } from "../kiosk/view.js";

const page = JSON.parse(document.getElementById("page-data").textContent);
const { card, said } = JSON.parse(document.getElementById("preview-data").textContent);
const chosen = new URLSearchParams(location.search);
const state = chosen.get("state") ?? "attract";
const nothing = () => {};

const texts = new Texts(page);
const options = new Options(page, nothing);
const view = new View(texts, options);
const captions = new Captions(part("captions"), texts);
const cards = new Cards(part("card"), document.getElementById("card-frame"), part("card-news"), texts, nothing, nothing);
const language = chosen.get("language") || page.language;
await texts.use(language);
if (chosen.get("dir")) document.documentElement.dir = chosen.get("dir");
await options.apply({ text_size: chosen.get("text") || undefined, contrast: chosen.get("contrast") || undefined });

const SPEAKERS = ["visitor", "avatar"];
const SHOWN_AS = {
  slide: "attract", present: "attract", closed: "attract", details: "consent", asked: "consent", card: "listening", options: "listening",
  seeing: "listening", idle: "listening", unheard: "listening", maintenance: "attract",
  cleaning: "attract", event: "attract", out_of_order: "attract",
};
const RESTS = { maintenance: "offline", cleaning: "offline", event: "offline", out_of_order: "error" };
const UNSPOKEN = ["connecting", "queued"]; // nothing has been said yet

view.rest = state in RESTS ? { state: RESTS[state], reason: state } : null;
view.setState(SHOWN_AS[state] ?? state);
if (view.isConversation && !UNSPOKEN.includes(state)) {
  said.forEach((text, i) => captions.show({ turn: String(i), speaker: SPEAKERS[i], text, final: true }));
}
if (view.isConversation) view.setMicrophone(state === "unheard" ? "missing" : "on", false);
if (state === "details") view.toggleConsentDetails();
if (state === "card") cards.show(card);
if (state === "options" || state === "seeing") {
  const panel = document.getElementById("options");
  part("options").click();
  if (panel.hidden) { // its code is loaded with the first touch
    await new Promise((opened) => {
      new MutationObserver(opened).observe(panel, { attributeFilter: ["hidden"] });
    });
  }
  if (state === "seeing") panel.querySelector('[data-part="see"]').click();
}
if (state === "idle" || state === "asked") view.notice({ code: "idle", key: "notice.idle", text: texts.get("notice.idle"), seconds: 12 });
if (state === "ending") view.farewell(texts.get("ended.goodbye"));
if (state === "refused") view.refused(texts.get("error.busy"));
if (state === "offline") view.offline(false);
if (state === "present") {
  document.body.dataset.present = "yes";
  document.getElementById("attract-title").textContent = texts.get("attract.present");
}
if (state === "slide") {
  const { Slides } = await import("../kiosk/slides.js");
  const slides = page.attract.slides ?? [];
  if (slides.length) new Slides({ slides, shuffled: false, avatar_ms: 1 }, texts, () => true).later();
}
if (state === "closed") {
  const { Rest } = await import("../kiosk/rest.js");
  const rest = new Rest({ resting: page.attract.resting ?? "dark", zone: page.attract.zone ?? "UTC" }, texts, { send: () => true });
  rest.told = { closed: true, opens: new Date(Date.now() + 3_600_000).toISOString(), dim: 0 };
  rest.show(true, true, false);
}
// A script that looks at every size has the words grow without loading the page again.
document.addEventListener("preview:text", ({ detail }) => options.apply({ text_size: detail }));
document.activeElement?.blur();
document.body.dataset.previewed = "yes"; // for scripts that wait for it
