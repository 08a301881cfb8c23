// One screen of the preview: the real page's own parts, shown in the state that the address names.

import { Captions } from "../kiosk/captions.js";
import { Cards } from "../kiosk/cards.js";
import { Texts } from "../kiosk/texts.js";
import { View, part } from "../kiosk/view.js";

const page = JSON.parse(document.getElementById("page-data").textContent);
const { card } = JSON.parse(document.getElementById("preview-data").textContent);
const chosen = new URLSearchParams(location.search);
const state = chosen.get("state") ?? "attract";
const nothing = () => {};

const texts = new Texts(page);
const view = new View(texts, nothing);
const captions = new Captions(part("captions"), texts);
const cards = new Cards(part("card"), document.getElementById("card-frame"), part("card-news"), texts, nothing, nothing);
texts.use(chosen.get("language") || page.language);
if (chosen.get("dir")) document.documentElement.dir = chosen.get("dir");
for (const [name, value] of [["textSize", chosen.get("text")], ["contrast", chosen.get("contrast")]]) {
  if (value) document.documentElement.dataset[name] = value;
}

const SAID = [
  { turn: "1", speaker: "visitor", text: "Where is the harbour model?", final: true },
  { turn: "2", speaker: "avatar", text: "It is on the first floor, in gallery two. Take the lift on your left.", final: true },
];
const SHOWN_AS = { slide: "attract", present: "attract", closed: "attract", card: "listening", options: "listening", idle: "listening" };

view.setState(SHOWN_AS[state] ?? state);
if (view.isConversation) SAID.forEach((line) => captions.show(line));
if (state === "listening") view.setMicrophone("on", false);
if (state === "card") cards.show(card);
if (state === "options") part("options").click();
if (state === "idle") view.notice({ code: "idle", key: "notice.idle", text: texts.get("notice.idle"), seconds: 12 });
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
document.activeElement?.blur();
