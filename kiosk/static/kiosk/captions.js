// Captions of both sides: a turn's text replaces what it showed before; the last line is the large one.

const MAX_LINES = 40;

export class Captions {
  /** @param {HTMLElement} root @param {import("./texts.js").Texts} texts */
  constructor(root, texts) {
    this.root = root;
    this.texts = texts;
    this.lines = new Map();
  }

  /** @param {{turn: string, speaker: string, text: string, final?: boolean}} caption */
  show({ turn, speaker, text, final = false }) {
    const key = `${speaker}:${turn}`;
    let line = this.lines.get(key);
    if (!text.trim()) {
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
    this.#follow();
  }

  clear() {
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
    line.append(who, words);
    this.root.append(line);
    this.lines.set(key, line);
    if (this.lines.size > MAX_LINES) {
      const [oldest, first] = this.lines.entries().next().value;
      this.lines.delete(oldest);
      first.remove();
    }
    return line;
  }

  #follow() {
    this.root.scrollTop = this.root.scrollHeight;
  }
}
