// Captions of both sides: a turn's text replaces what it showed before; the last line is the large one.

const MAX_LINES = 40;
const LETTER_MS = 62; // as the server assumes it: about sixteen letters a second
const FOLLOW_MS = 400;

export class Captions {
  /** @param {HTMLElement} root @param {import("./texts.js").Texts} texts */
  constructor(root, texts) {
    this.root = root;
    this.texts = texts;
    this.lines = new Map();
    this.following = 0;
    // A notice, larger text or a card leaves other room: the newest words stay in view.
    this.sizes = new ResizeObserver(() => this.root.lastElementChild && this.#follow(this.root.lastElementChild));
    this.sizes.observe(root);
  }

  /** @param {{turn: string, speaker: string, text: string, final?: boolean}} caption */
  show({ turn, speaker, text, final = false }) {
    const key = `${speaker}:${turn}`;
    let line = this.lines.get(key);
    if (!text.trim()) {
      if (line) this.sizes.unobserve(line);
      line?.remove();
      this.lines.delete(key);
      return;
    }
    if (!line) {
      line = this.#add(key, speaker);
    }
    line.lastElementChild.textContent = text;
    line.dataset.final = String(final);
    // Readers of the screen hear a turn once, when it is complete.
    const unfinished = [...this.lines.values()].some((one) => one.dataset.final === "false");
    this.root.setAttribute("aria-busy", String(unfinished));
    this.#follow(line);
  }

  clear() {
    clearTimeout(this.following);
    for (const line of this.lines.values()) this.sizes.unobserve(line);
    this.lines.clear();
    this.root.replaceChildren();
    this.root.removeAttribute("aria-busy");
  }

  #add(key, speaker) {
    const line = document.createElement("p");
    line.className = "line";
    line.dataset.speaker = speaker;
    const who = document.createElement("span");
    who.className = "who";
    who.dataset.text = `captions.${speaker}`;
    who.textContent = this.texts.get(`captions.${speaker}`);
    const words = document.createElement("span");
    words.className = "words";
    words.dir = "auto";
    words.lang = this.texts.language; // stays when the language of the screen changes
    line.append(who, words);
    this.root.append(line);
    this.sizes.observe(line);
    this.lines.set(key, line);
    if (this.lines.size > MAX_LINES) {
      const [oldest, first] = this.lines.entries().next().value;
      this.lines.delete(oldest);
      this.sizes.unobserve(first);
      first.remove();
    }
    return line;
  }

  // Words come faster than they are said: of an answer that is longer than there is room, the part
  // that is being said stays in view.
  #follow(line) {
    clearTimeout(this.following);
    const { root } = this;
    const { speaker, final } = line.dataset;
    let end = root.scrollHeight;
    if (speaker === "avatar" && final === "false" && line.offsetHeight > root.clientHeight) {
      if (document.body.dataset.state === "speaking") line.saidFrom ??= performance.now();
      const said_ms = line.saidFrom ? performance.now() - line.saidFrom : 0;
      const share = Math.min(1, said_ms / (line.textContent.length * LETTER_MS));
      end = line.offsetTop + Math.max(root.clientHeight, line.offsetHeight * share + root.clientHeight / 3);
      if (share < 1) this.following = setTimeout(() => this.#follow(line), FOLLOW_MS);
    }
    root.scrollTop = end - root.clientHeight;
  }
}
