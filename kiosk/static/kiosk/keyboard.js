// The screen's own keyboard: one layout for each language, typed by touch into whatever has the focus.

import { changedKana } from "./keyboard/kana.js";
import { rowsOf } from "./keyboard/rows.js";

const FOLDER = "/static/kiosk/keyboard/";
const LATIN = "en";
const DEADLINE_MS = 6_000;
const MAX_CANDIDATES = 60;
const DOWN_MS = 140; // how long a key shows that it was touched
const ICONS = {
  shift: '<path d="M12 4.5 4.8 12H9v7h6v-7h4.2Z"/>',
  back: '<path d="M9 5.5h10.2v13H9L3.4 12ZM11.4 9.4l5.2 5.2M16.6 9.4l-5.2 5.2"/>',
  close: '<path d="m5 8.5 7 7 7-7"/>',
  send: '<path d="M12 19.6V5M5.6 11.2 12 4.8l6.4 6.4"/>',
  next: '<path d="M4.4 12h14.6M12.8 5.8 19 12l-6.2 6.2"/>',
  more: '<path d="m9 5.5 6.5 6.5L9 18.5"/>',
};

export class Keyboard {
  /** @param {import("./texts.js").Texts} texts */
  constructor(texts) {
    this.texts = texts;
    this.field = null;
    this.layouts = new Map();
    this.layout = null;
    this.plane = "letters";
    this.pinyin = null;
    this.page = 0; // the first candidate shown
    this.wide = matchMedia("(min-aspect-ratio: 6/5)");
    this.root = document.createElement("section");
    this.root.className = "keyboard";
    this.root.dataset.testid = "keyboard";
    this.root.dir = "ltr"; // keys lie as on a table, whichever way the words run
    this.root.hidden = true;
    this.root.setAttribute("role", "group");
    this.#label(this.root, "keyboard.label");
    document.querySelector("main").append(this.root);
    this.styled = loadStyle(`${FOLDER}keyboard.css`);
    // The focus stays in the field, whatever is touched here.
    for (const kind of ["mousedown", "touchstart"]) {
      this.root.addEventListener(kind, (event) => event.preventDefault(), { passive: false });
    }
    this.root.addEventListener("pointerdown", (event) => {
      const key = event.target.closest("button");
      if (event.button !== 0 || !key) return;
      key.dataset.down = "";
      setTimeout(() => delete key.dataset.down, DOWN_MS);
      this.#pressed(key);
    });
    this.root.addEventListener("click", (event) => {
      if (event.detail === 0) this.#pressed(event.target.closest("button")); // a reader or switch, no finger
    });
    this.wide.addEventListener("change", () => this.field && this.#draw());
    new ResizeObserver(() => this.#makeRoom()).observe(this.root);
    // A field that is gone or no longer shown says nothing.
    new MutationObserver(() => {
      if (this.field && !this.field.offsetParent) this.close();
      if (document.body.dataset.state === "attract") this.layout = null; // the next visitor's own
    }).observe(document.body, { attributeFilter: ["data-state"] });
    document.addEventListener("kiosk:card-gone", () => this.field?.isConnected === false && this.close());
  }

  /** @param {HTMLInputElement} field */
  async open(field) {
    const language = this.texts.language.split("-")[0];
    const layout = await this.#load(this.layout?.chosenIn === language ? this.layout.language : language);
    await this.styled;
    if (field !== document.activeElement) return;
    if (this.field && this.field !== field) this.#release();
    this.field = field;
    // The system's own keyboard stays away; `decimal` and its like come back when ours closes.
    field.dataset.inputMode ??= field.inputMode;
    field.inputMode = "none";
    this.#use(layout, language);
    document.body.dataset.typing = field.closest(".card") ? "card" : "line";
    document.body.dataset.keyboard = "open";
    this.root.hidden = false;
    this.#draw();
    this.#makeRoom();
  }

  close() {
    if (!this.field) return;
    this.#release();
    this.root.hidden = true;
    delete document.body.dataset.keyboard;
    delete document.body.dataset.typing;
    document.body.style.removeProperty("--keyboard");
  }

  #release() {
    const { field } = this;
    this.field = null;
    this.pinyin?.clear();
    field.inputMode = field.dataset.inputMode ?? "";
    delete field.dataset.inputMode;
  }

  #use(layout, language) {
    const { inputMode } = this.field.dataset;
    this.layout = { ...layout, chosenIn: language };
    this.plane = inputMode === "decimal" || this.field.type === "tel" ? "symbols" : "letters";
    this.pinyin?.clear();
    this.#capitalAtStart();
  }

  async #load(language) {
    if (this.layouts.has(language)) return this.layouts.get(language);
    const answer = await fetch(`${FOLDER}${language}.json`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!answer.ok && language !== LATIN) {
      this.layouts.set(language, await this.#load(LATIN)); // there is none for it
      return this.layouts.get(language);
    }
    const layout = { language, ...(await answer.json()) };
    if (layout.compose === "pinyin" && !this.pinyin) {
      const { Pinyin } = await import("./keyboard/pinyin.js");
      this.pinyin = await Pinyin.load(`${FOLDER}pinyin.txt`);
    }
    this.layouts.set(language, layout);
    return layout;
  }

  // ── what is drawn ──────────────────────────────────────────────────────────────────────────

  #draw() {
    const { layout, plane } = this;
    this.root.lang = layout.language;
    this.root.dataset.layout = layout.language;
    this.root.dataset.plane = plane;
    const rows = rowsOf(layout, plane, this.wide.matches).map((row) => row.map((one) => this.#letter(one)));
    if (plane !== "symbols" && !layout.caseless) rows.at(-1).unshift(this.#shift());
    const back = this.#key("back", "keyboard.back", "back");
    rows.at(-1).push(back);
    rows.push(this.#lastRow());
    const drawn = rows.map((keys) => {
      const row = document.createElement("div");
      row.className = "keys";
      row.append(...keys);
      return row;
    });
    this.bar = layout.compose === "pinyin" ? document.createElement("div") : null;
    if (this.bar) {
      this.bar.className = "keys candidates";
      drawn.unshift(this.bar);
    }
    this.root.replaceChildren(...drawn);
    this.#drawCandidates();
  }

  #lastRow() {
    const { layout, plane } = this;
    const native = this.texts.language.split("-")[0];
    const isLatin = layout.language === LATIN;
    const keys = [];
    const turn = this.#key("plane", plane === "symbols" ? "keyboard.letters" : "keyboard.symbols");
    turn.dataset.shows = plane === "symbols" ? layout.name : "123";
    keys.push(turn);
    const other = isLatin ? this.layouts.get(native) : layout.latin && { name: "ABC" };
    if (other && native !== LATIN && (isLatin ? other.latin : true)) {
      const change = this.#key("layout", "keyboard.layout");
      change.dataset.shows = other.name;
      keys.push(change);
    }
    if (layout.compose === "kana") {
      const marks = this.#key("kana", "keyboard.kana");
      marks.dataset.shows = "゛゜小";
      keys.push(marks);
    }
    const space = this.#key("space", "keyboard.space");
    space.classList.add("space");
    const marks = layout.marks.split(" ").map((one) => this.#letter(one));
    const isLine = document.body.dataset.typing === "line";
    const enter = this.#key("enter", isLine ? "type.send" : "keyboard.next", isLine ? "send" : "next");
    enter.classList.add("enter");
    if (this.field?.type === "email" && !marks.some(({ dataset }) => dataset.letter === "@")) {
      marks.unshift(this.#letter("@"));
    }
    keys.push(space, ...marks, this.#key("close", "keyboard.close", "close"), enter);
    return keys;
  }

  #shift() {
    const kana = this.layout.compose === "kana";
    const label = kana ? "keyboard.katakana" : this.layout.shift ? "keyboard.others" : "keyboard.shift";
    const key = this.#key("shift", label, kana ? "" : "shift");
    if (kana) key.dataset.shows = this.plane === "shift" ? "あ" : "ア";
    key.setAttribute("aria-pressed", String(this.plane === "shift"));
    return key;
  }

  #letter(letter) {
    const key = this.#key("letter");
    key.dataset.letter = letter;
    // A mark that sits on another letter is shown on a circle, as in a grammar.
    key.textContent = /\p{M}/u.test(letter) ? `◌${letter}` : letter;
    return key;
  }

  #key(does, label = "", icon = "") {
    const key = document.createElement("button");
    key.type = "button";
    key.className = "key";
    key.tabIndex = -1; // whoever has the Tab key has all the others, too
    key.dataset.does = does;
    if (label) this.#label(key, label);
    if (icon) key.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${ICONS[icon]}</svg>`;
    return key;
  }

  #label(node, key) {
    node.dataset.label = key;
    node.setAttribute("aria-label", this.texts.get(key));
  }

  // The words that pinyin may mean: as many as fit, the rest behind one key.
  #drawCandidates() {
    if (!this.bar) return;
    const typed = document.createElement("span");
    typed.className = "typed";
    typed.textContent = this.pinyin.typed;
    const found = this.pinyin.candidates(MAX_CANDIDATES);
    const keys = found.slice(this.page).map(({ text }, index) => {
      const key = this.#key("candidate");
      key.dataset.index = String(this.page + index);
      key.textContent = text;
      return key;
    });
    const more = this.#key("more", "keyboard.more", "more");
    this.bar.replaceChildren(typed, ...keys, more);
    const end = () => this.bar.scrollWidth > this.bar.clientWidth;
    while (keys.length > 1 && end()) keys.pop().remove();
    this.shownTo = this.page + keys.length;
    if (!found.length) more.remove();
    else more.disabled = found.length <= keys.length;
  }

  // The rest of the screen ends where the keyboard begins; what was said last stays in sight.
  #makeRoom() {
    if (!this.field) return;
    document.body.style.setProperty("--keyboard", `${this.root.offsetHeight}px`);
    const captions = document.querySelector("[data-testid=captions]");
    captions.scrollTop = captions.scrollHeight;
    this.field.closest(".card") && this.field.scrollIntoView({ block: "center", behavior: "instant" });
  }

  // ── what a touch does ──────────────────────────────────────────────────────────────────────

  #pressed(key) {
    if (!key || key.disabled || !this.field) return;
    const actions = {
      letter: () => this.#type(key.dataset.letter),
      space: () => this.#space(),
      back: () => this.#back(),
      shift: () => this.#turn(this.plane === "shift" ? "letters" : "shift"),
      plane: () => this.#turn(this.plane === "symbols" ? "letters" : "symbols"),
      layout: () => this.#change(),
      kana: () => this.#replaceLast(changedKana),
      candidate: () => this.#choose(Number(key.dataset.index)),
      more: () => this.#more(),
      close: () => this.close(),
      enter: () => this.#enter(),
    };
    actions[key.dataset.does]?.();
  }

  #type(letter) {
    if (this.layout.compose === "pinyin" && /^[a-z']$/.test(letter) && (letter !== "'" || this.pinyin.typed)) {
      this.pinyin.typed += letter;
      this.page = 0;
      this.#drawCandidates();
      return;
    }
    this.#takeFirst();
    this.#insert(letter);
    // Capitals are for one letter; katakana is for a word.
    if (this.plane === "shift" && this.layout.compose !== "kana") this.#turn("letters");
  }

  #space() {
    if (this.#takeFirst()) return;
    this.#insert(this.layout.space ?? " ");
    this.#capitalAtStart(true);
  }

  #back() {
    if (this.layout.compose === "pinyin" && this.pinyin.typed) {
      this.pinyin.typed = this.pinyin.typed.slice(0, -1);
      this.page = 0;
      this.#drawCandidates();
      return;
    }
    this.#replaceLast(() => "");
  }

  #turn(plane) {
    this.plane = plane;
    this.#draw();
  }

  async #change() {
    this.#takeFirst();
    const native = this.texts.language.split("-")[0];
    const layout = await this.#load(this.layout.language === LATIN ? native : LATIN);
    if (!this.field) return;
    this.layout = { ...layout, chosenIn: native };
    this.#turn("letters");
  }

  #choose(index) {
    this.#insert(this.pinyin.choose(this.pinyin.candidates(MAX_CANDIDATES)[index]));
    this.page = 0;
    this.#drawCandidates();
  }

  #takeFirst() {
    if (this.layout.compose !== "pinyin" || !this.pinyin.typed) return false;
    const [first] = this.pinyin.candidates(1);
    this.#insert(first ? this.pinyin.choose(first) : this.pinyin.typed);
    if (!first) this.pinyin.clear();
    this.page = 0;
    this.#drawCandidates();
    return true;
  }

  #more() {
    const { length } = this.pinyin.candidates(MAX_CANDIDATES);
    this.page = this.shownTo < length ? this.shownTo : 0;
    this.#drawCandidates();
  }

  #enter() {
    while (this.#takeFirst());
    const { field } = this;
    if (document.body.dataset.typing === "line") {
      field.form.requestSubmit();
      if (!field.value) this.close(); // it was sent: the answer has the whole screen
      return;
    }
    const fields = [...field.form.querySelectorAll("input")].filter((one) => /^(text|email|tel)$/.test(one.type));
    const next = fields[fields.indexOf(field) + 1];
    if (next) next.focus();
    else this.close();
  }

  #insert(text) {
    const { field } = this;
    const [start, end] = selectionOf(field);
    const value = field.value.slice(0, start) + text + field.value.slice(end);
    if (field.maxLength > 0 && value.length > field.maxLength) return;
    this.#write(value, start + text.length);
  }

  /** Put something else in the place of the character before the cursor, or of what is selected. */
  #replaceLast(change) {
    const { field } = this;
    const [start, end] = selectionOf(field);
    const from = start < end ? start : start - lastLength(field.value.slice(0, start));
    const last = field.value.slice(from, end);
    if (last) this.#write(field.value.slice(0, from) + change(last) + field.value.slice(end), from + change(last).length);
    this.#capitalAtStart(true);
  }

  #write(value, cursor) {
    const { field } = this;
    field.value = value;
    if (field.selectionStart !== null) field.setSelectionRange(cursor, cursor);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  // A sentence begins with a capital, in scripts that have them.
  #capitalAtStart(isDrawn = false) {
    const { field, layout, plane } = this;
    if (layout.caseless || layout.compose || layout.shift || plane === "symbols" || field.type === "email") return;
    const wanted = /(^|[.!?]\s)$/.test(field.value) ? "shift" : "letters";
    if (wanted === plane) return;
    this.plane = wanted;
    if (isDrawn) this.#draw();
  }
}

// An e-mail field tells nothing of its cursor: it is at the end.
function selectionOf(field) {
  const { value, selectionStart, selectionEnd } = field;
  return selectionStart === null ? [value.length, value.length] : [selectionStart, selectionEnd];
}

// A letter with its marks goes as one.
function lastLength(text) {
  const parts = [...new Intl.Segmenter().segment(text)];
  return parts.at(-1)?.segment.length ?? 0;
}

function loadStyle(href) {
  return new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
}
