// What the document shows: the state, the status line, notices, the talk button and the options.

const CONVERSATION = new Set(["connecting", "queued", "greeting", "listening", "thinking", "speaking"]);
const NOTICE_ORDER = [
  "idle", "form", "time_limit", "reconnecting", "busy", "error", "text_only", "microphone", "sound", "picture",
];
// What a microphone that is not always open says, by whether the visitor talks.
const PUSHED = {
  push: { false: "status.push", true: "status.push_active" },
  hybrid: { false: "status.hybrid", true: "status.listening", held: "status.hybrid_held" },
};
const FIRST = { attract: "start", consent: "consent-accept", conversation: "talk", refused: "again" };
const BACKDROP_SHADES = 14; // of 255; a larger difference is another design, not an encoder's rounding
const BRIEF_MS = 6_000;
const LONG_WORDS = 60; // characters; a longer reason is set smaller
const WORKING_MS = 400;
const SLACK_PX = 4; // less than this is rounding, not something to read
const PAGE = 0.8; // of the visible height: the last line read stays in view
const LEVEL_GAIN = 9; // speech at arm's length has an RMS of about 0.05 to 0.1

/** @param {string} name */
export function part(name) {
  return document.querySelector(`[data-testid="${name}"]`);
}

export class View {
  /** @param {import("./texts.js").Texts} texts @param {import("./options.js").Options} options */
  constructor(texts, options) {
    this.body = document.body;
    this.texts = texts;
    this.options = options;
    this.notices = new Map();
    this.countdown = 0;
    this.brief = 0;
    this.rest = null; // {state, reason} of a screen that is out of service
    this.hearing = texts.page.hearing;
    this.working = 0;
    this.languages = part("language");
    readOn(document.querySelector(".sheet-text"), part("consent-on"));
    this.refresh();
  }

  get state() {
    return this.body.dataset.state;
  }

  get isConversation() {
    return CONVERSATION.has(this.state);
  }

  get isResting() {
    return "reason" in this.body.dataset;
  }

  /** @param {string} wanted where the screen would invite somebody and may not, it says so instead */
  setState(wanted) {
    const rest = wanted === "attract" ? this.rest : null;
    const state = rest?.state ?? wanted;
    const before = this.state;
    if (rest) this.body.dataset.reason = rest.reason;
    else delete this.body.dataset.reason;
    this.body.dataset.state = state;
    if (before === state) return;
    if (!this.isConversation) this.options.close();
    const home = this.isConversation ? "options" : state === "consent" ? "consent" : "attract";
    document.querySelector(`[data-slot="${home}"]`).append(this.languages);
    this.refresh();
    // What had the focus may be gone with the screen before; it goes to what comes next.
    const first = FIRST[this.isConversation ? "conversation" : state];
    const focused = document.activeElement;
    if (first && !(focused && focused !== this.body && focused.checkVisibility())) {
      part(first).focus({ preventScroll: true });
    }
  }

  setMedia(rung) {
    if (rung) this.body.dataset.media = rung;
    else delete this.body.dataset.media;
  }

  setPicture(shown) {
    this.body.dataset.picture = shown ? "on" : "off";
    if (shown) continueBackdrop(part("avatar"), this.body);
    else this.body.style.removeProperty("--backdrop");
  }

  /**
   * @param {string} state on, muted, denied, missing, off
   * @param {boolean} talking push-to-talk @param {boolean} held and the button is held down
   */
  setMicrophone(state, talking, held = false) {
    this.body.dataset.microphone = state;
    this.body.dataset.talking = held ? "held" : String(talking);
    if (state === "denied" || state === "missing") {
      this.notice({ code: "microphone", key: `microphone.${state}` });
    } else {
      this.noticeGone("microphone");
    }
    this.refresh();
  }

  /** @param {boolean} isBlocked the browser refused sound: one control asks for a tap */
  askForSound(isBlocked) {
    part("sound").hidden = !isBlocked;
  }

  /** Something is looked up; what is found at once needs no words. */
  setWorking(active) {
    clearTimeout(this.working);
    const show = () => {
      this.body.dataset.working = String(active);
      this.refresh();
    };
    if (active) this.working = setTimeout(show, WORKING_MS);
    else show();
  }

  /** A person of the staff speaks through the avatar: said for as long as they do. */
  setJoined(active) {
    const line = part("joined");
    if (active) line.dataset.text = "joined.here";
    else delete line.dataset.text;
    line.textContent = active ? this.texts.get("joined.here") : "";
  }

  focusTyping() {
    part("text-input").focus({ preventScroll: true });
  }

  setLevel(rms) {
    this.body.style.setProperty("--level", Math.min(1, rms * LEVEL_GAIN).toFixed(2));
  }

  /** Write every sentence that depends on more than the language. */
  refresh() {
    document.querySelector(".status-text").textContent = this.#status();
    const talk = part("talk");
    const [label, icon, pressed] = this.#talk();
    talk.querySelector(".talk-label").textContent = this.texts.get(label);
    talk.dataset.shows = icon;
    talk.setAttribute("aria-pressed", String(pressed));
    const more = part("consent-more");
    const open = more.getAttribute("aria-expanded") === "true";
    const note = part("hearing");
    if (note) note.textContent = this.hearing[this.texts.language] ?? "";
    more.firstElementChild.textContent = this.texts.get(open ? "consent.less" : "consent.more");
    this.#renderNotice();
  }

  /** @param {{code: string, text?: string, key?: string, seconds?: number, more?: boolean}} notice */
  notice({ code, text = "", key = "", seconds, more = false }) {
    const until = seconds ? performance.now() + seconds * 1_000 : 0;
    this.notices.set(code, { text, key, until, more });
    this.#renderNotice();
  }

  /** Say something beside the conversation that passes by itself. */
  brieflySay(text) {
    this.notice({ code: "error", text });
    clearTimeout(this.brief);
    this.brief = setTimeout(() => this.noticeGone("error"), BRIEF_MS);
  }

  noticeGone(code) {
    if (this.notices.delete(code)) this.#renderNotice();
  }

  toggleConsentDetails() {
    const more = part("consent-more");
    const open = more.getAttribute("aria-expanded") !== "true";
    more.setAttribute("aria-expanded", String(open));
    document.getElementById("consent-details").hidden = !open;
    this.refresh();
  }

  farewell(text) {
    document.querySelector(".ending-text").textContent = text;
    this.eraseCode("", "");
  }

  /** With which the visitor can have the visit erased. */
  eraseCode(code, text) {
    const place = part("erase-code");
    place.hidden = !code;
    place.querySelector("p").textContent = text;
    place.querySelector("output").textContent = code;
  }

  /** Why there is no visit now, in the site's own words or in ours. */
  refused(text) {
    const words = document.querySelector(".refused-words");
    words.textContent = text;
    words.classList.toggle("long", text.length > LONG_WORDS);
  }

  broken(text) {
    document.querySelector(".broken-text").textContent = text || this.texts.get("broken.text");
  }

  offline(isLong) {
    const text = document.querySelector(".offline-text");
    text.dataset.text = isLong ? "offline.long" : "offline.text";
    text.textContent = this.texts.get(text.dataset.text);
  }

  /** Forget the visitor: every word, every choice. */
  wipe() {
    this.notices.clear();
    this.#renderNotice();
    this.setJoined(false);
    forgetTyped(part("text-input"));
    part("sound").hidden = true;
    this.farewell(this.texts.get("status.ending"));
    this.broken("");
    this.refused("");
    if (part("consent-more").getAttribute("aria-expanded") === "true") this.toggleConsentDetails();
    this.setWorking(false);
    this.setMedia(null);
    this.setPicture(false);
    this.setLevel(0);
    this.setMicrophone("off", false);
  }

  #status() {
    const { microphone, talk, talking, working } = this.body.dataset;
    if (this.state === "listening") {
      if (microphone === "muted") return this.texts.get("status.muted");
      if (microphone !== "on") return this.texts.get("status.typing");
      if (talk !== "open") return this.texts.get(PUSHED[talk][talking]);
    }
    if (this.state === "thinking" && working === "true") return this.texts.get("status.working");
    return this.texts.get(`status.${this.state}`);
  }

  #talk() {
    const { microphone, talk, talking } = this.body.dataset;
    // The sign shows what is, the word what a touch does.
    if (microphone === "muted" && talk === "open") return ["talk.unmute", "mute", false];
    if (microphone !== "on") return ["talk.start", "mute", false];
    if (talk === "open") return ["talk.mute", "talk", true];
    return talking === "false" ? ["talk.start", "talk", false] : ["talk.done", "done", true];
  }

  #renderNotice() {
    clearTimeout(this.countdown);
    const box = part("notice");
    const asking = part("consent-notice"); // the same question while the notice is on the screen
    const code = NOTICE_ORDER.find((one) => this.notices.has(one));
    box.hidden = !code;
    box.dataset.code = code ?? "";
    asking.hidden = code !== "idle";
    part("stay").hidden = code !== "idle" && code !== "form";
    part("more-time").hidden = !this.notices.get(code)?.more;
    if (!code) {
      box.firstElementChild.textContent = asking.firstElementChild.textContent = "";
      return;
    }
    const { text, key, until } = this.notices.get(code);
    let words = text || this.texts.get(key);
    if (until) {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1_000));
      words += ` ${this.texts.get("notice.seconds").replace("{seconds}", left)}`;
      if (left > 0) this.countdown = setTimeout(() => this.#renderNotice(), 1_000);
    }
    box.firstElementChild.textContent = words;
    asking.firstElementChild.textContent = asking.hidden ? "" : words;
  }
}

// What is longer than its room is read on by a touch, not a drag; the button goes when all was seen.
function readOn(box, button) {
  const look = () => {
    const hadFocus = document.activeElement === button;
    // Measured without the button, whose own room is not what makes it needed: with it the answer
    // would change the layout, and the layout the answer, for ever.
    button.hidden = true;
    const isNeeded = box.scrollTop + box.clientHeight < box.scrollHeight - SLACK_PX;
    button.hidden = !isNeeded;
    if (hadFocus) (isNeeded ? button : box).focus({ preventScroll: true });
  };
  button.addEventListener("click", () => box.scrollBy({ top: box.clientHeight * PAGE }));
  box.addEventListener("scroll", look, { passive: true });
  const sizes = new ResizeObserver(look);
  for (const one of [box, ...box.children]) sizes.observe(one);
}

/**
 * Empty a field, and the list of what was typed in it. A browser keeps that list, with a node for
 * each entry, for as long as the field is in the page: the next visitor has nothing to undo.
 */
function forgetTyped(field) {
  field.blur();
  field.value = "";
  field.replaceWith(field);
}

/**
 * Encoders shift a colour by a shade or two, and an edge would show where the picture ends. So the
 * page takes the colour of the picture's upper corners, if that is what the theme nearly has anyway.
 */
function continueBackdrop(video, body) {
  const canvas = document.createElement("canvas");
  canvas.width = 2;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const { videoWidth: width, videoHeight: height } = video;
  const patch = Math.floor(Math.min(width, height) / 20);
  if (!context || !patch) return;
  context.drawImage(video, patch, patch, patch, patch, 0, 0, 1, 1);
  context.drawImage(video, width - 2 * patch, patch, patch, patch, 1, 0, 1, 1);
  const seen = context.getImageData(0, 0, 2, 1).data;
  context.fillStyle = getComputedStyle(body).getPropertyValue("--backdrop");
  context.fillRect(0, 0, 1, 1);
  const meant = context.getImageData(0, 0, 1, 1).data;
  const colour = [0, 1, 2].map((i) => Math.round((seen[i] + seen[i + 4]) / 2));
  const isPlain = [0, 1, 2].every((i) => Math.abs(seen[i] - seen[i + 4]) <= BACKDROP_SHADES);
  const isNear = colour.every((value, i) => Math.abs(value - meant[i]) <= BACKDROP_SHADES);
  if (isPlain && isNear) body.style.setProperty("--backdrop", `rgb(${colour.join(" ")})`);
}
