// One screen of the preview: the real page's own parts, shown in the state that the address names.

import { Captions } from "../kiosk/captions.js";
import { Cards } from "../kiosk/cards.js";
import { Options } from "../kiosk/options.js";
import { Texts } from "../kiosk/texts.js";
import { View, part } from "../kiosk/view.js";

const page = JSON.parse(document.getElementById("page-data").textContent);
const { card } = JSON.parse(document.getElementById("preview-data").textContent);
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

// A question and its answer, as a visitor of this language would read them.
const SAID = {
  en: ["Where is the harbour model?", "It is on the first floor, in gallery two. Take the lift on your left."],
  de: ["Wo ist das Hafenmodell?", "Im ersten Stock, in Galerie zwei. Nehmen Sie den Aufzug links von Ihnen."],
  fr: ["Où est la maquette du port ?", "Au premier étage, dans la galerie deux. Prenez l’ascenseur à votre gauche."],
  es: ["¿Dónde está la maqueta del puerto?", "En el primer piso, en la galería dos. Tome el ascensor a su izquierda."],
  pt: ["Onde está a maquete do porto?", "No primeiro andar, na galeria dois. Use o elevador à sua esquerda."],
  uk: ["Де макет гавані?", "На другому поверсі, у галереї два. Ліфт — ліворуч від вас."],
  ar: ["أين نموذج الميناء؟", "في الطابق الأول، في القاعة الثانية. استخدموا المصعد على يساركم."],
  ja: ["港の模型はどこですか。", "二階の第二展示室にあります。左手のエレベーターをご利用ください。"],
  zh: ["港口模型在哪里？", "在二楼的第二展厅。请乘坐您左边的电梯。"],
};
const SPEAKERS = ["visitor", "avatar"];
const SHOWN_AS = { slide: "attract", present: "attract", closed: "attract", card: "listening", options: "listening", idle: "listening" };

view.setState(SHOWN_AS[state] ?? state);
if (view.isConversation) {
  (SAID[language] ?? SAID.en).forEach((text, i) => captions.show({ turn: String(i), speaker: SPEAKERS[i], text, final: true }));
}
if (state === "listening") view.setMicrophone("on", false);
if (state === "card") cards.show(card);
if (state === "options") {
  const { textSize, contrast } = document.documentElement.dataset;
  await options.apply({}); // loaded, it begins as the site has it
  Object.assign(document.documentElement.dataset, { textSize, contrast });
  part("options").click();
}
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
document.body.dataset.previewed = "yes"; // for scripts that wait for it
