// The kiosk page: starts its parts and connects them. One visit at a time lives in visit.js.

import { Agent } from "./agent.js";
import { AvatarMedia } from "./media.js";
import { Captions } from "./captions.js";
import { Cards } from "./cards.js";
import { catchEverything, holdStill, stayAwake } from "./comfort.js";
import { Microphone } from "./microphone.js";
import { Options } from "./options.js";
import { Shell } from "./shell.js";
import { SignalSocket } from "./socket.js";
import { Texts } from "./texts.js";
import { offerKeyboard } from "./typing.js";
import { View, part } from "./view.js";
import { Visit } from "./visit.js";

const TOUCH_EVERY_MS = 1_000;
const CRASHES_A_VISIT = 3;

const page = JSON.parse(document.getElementById("page-data").textContent);
const texts = new Texts(page);
const media = new AvatarMedia(part("avatar"));
const microphone = new Microphone();
const options = new Options(page, (level) => media.setVolume(level));
const view = new View(texts, options);
const captions = new Captions(part("captions"), texts);
const cards = new Cards(
  part("card"),
  document.getElementById("card-frame"),
  part("card-news"),
  texts,
  (id) => visit.dismissed(id),
  (id, values) => visit.filled(id, values),
  (id) => visit.take(id),
);
const socket = new SignalSocket(
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/kiosk`,
  () => visit.hello(),
);
const visit = new Visit({ page, texts, media, microphone, view, options, captions, cards, socket });

const waiting = page.attract?.greetings
  ? import("./attract.js").then(({ Attract }) => new Attract({ page, texts, visit, socket, microphone }))
    .catch((error) => console.warn(`kiosk: the waiting screen keeps still (${error.name})`))
  : null;
socket.addEventListener("message", ({ detail }) => {
  if (detail.type === "attract" || detail.type === "wake") waiting?.then((one) => one?.[detail.type](detail));
});
const agent = new Agent({ page, texts, media, microphone, view, visit, socket });

offerKeyboard(page.keyboard, texts);
const shell = new Shell({ page, microphone, media, view, visit, socket, agent });

holdStill(page.screen);
stayAwake();
if (page.spoken_notice) import("./spoken-notice.js").then(({ follow }) => follow(texts));
let crashes = 0;
catchEverything((kind) => {
  crashes += 1;
  console.error(`kiosk: ${kind}`);
  if (visit.isOn && crashes < CRASHES_A_VISIT) {
    visit.reloadWhenDone = true;
    return;
  }
  view.setState("error");
  shell.crashed();
});

const tap = (name, action) => part(name).addEventListener("click", action);
tap("start", () => visit.start());
tap("consent-accept", () => visit.accept(true));
tap("consent-type", () => visit.accept(false));
tap("consent-decline", () => visit.decline());
// Large words may need more room than there is: a touch on them reads on, and then begins anew.
document.querySelector(".sheet-text").addEventListener("click", ({ currentTarget: text }) => {
  const isAtEnd = text.scrollTop + text.clientHeight > text.scrollHeight - 4;
  text.scrollTo({ top: isAtEnd ? 0 : text.scrollTop + text.clientHeight * 0.8 });
});
tap("consent-more", () => view.toggleConsentDetails());
tap("stop", () => visit.interrupt());
tap("sound", () => media.tapForSound());
tap("end", () => visit.end());
tap("again", () => visit.again());
tap("repeat", () => visit.ask("repeat"));
tap("more-time", () => visit.ask("more_time"));
if (page.person) tap("person", () => visit.ask("person"));
part("type").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = part("text-input");
  if (visit.say(field.value)) field.value = "";
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => visit.useLanguage(button.dataset.language));
}

let touchedAt = -TOUCH_EVERY_MS;
for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, () => {
    if (performance.now() - touchedAt < TOUCH_EVERY_MS) return;
    touchedAt = performance.now();
    visit.touched();
  }, { capture: true, passive: true });
}

socket.addEventListener("up", () => texts.prefetch());
// No longer one of the house's screens: the page that comes shows a code.
socket.addEventListener("revoked", () => location.reload());

// Not before the scripts of plugins have run, which wait for cards.
document.addEventListener("DOMContentLoaded", () => socket.connect(), { once: true });
