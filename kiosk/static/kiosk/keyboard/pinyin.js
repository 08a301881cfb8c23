// Chinese by pinyin: what was typed, and the words that may be meant by it.

const DEADLINE_MS = 10_000;
const LONGEST = 24; // letters of one word of four syllables
const COMPLETIONS = 12;
const BEFORE_WORDS = 3; // characters shown ahead of a word that is typed the same, as in xian and xi'an

export class Pinyin {
  static async load(address) {
    const answer = await fetch(address, { signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!answer.ok) throw new Error("no table");
    return new Pinyin(await answer.text());
  }

  /** @param {string} table lines of what is typed, a blank, and what may be meant by it */
  constructor(table) {
    this.typed = "";
    this.words = new Map();
    for (const line of table.split("\n")) {
      const [key, words] = line.split(" ", 2);
      if (words && key !== "#") this.words.set(key, words.split(","));
    }
    this.keys = [...this.words.keys()].filter((key) => !key.endsWith("'")).sort();
  }

  clear() {
    this.typed = "";
  }

  /** Take a candidate: its letters leave what was typed. */
  choose({ text, used }) {
    this.typed = this.typed.slice(used).replace(/^'+/, "");
    return text;
  }

  /** @returns {{text: string, used: number}[]} the likeliest first */
  candidates(limit) {
    const { typed } = this;
    const found = new Map();
    const add = (text, used) => found.size < limit && !found.has(text) && found.set(text, { text, used });
    if (!typed) return [];
    const whole = this.#sentence(typed);
    if (whole) add(whole, typed.length);
    for (let used = Math.min(typed.length, LONGEST); used > 0; used -= 1) {
      for (const text of this.#meant(typed.slice(0, used))) add(text, used);
      // Letters that begin a word, and are no word yet: what they may become.
      if (used === typed.length && !found.size) for (const text of this.#becoming(typed)) add(text, used);
    }
    return [...found.values()];
  }

  #meant(part) {
    const key = part.replaceAll("'", "");
    const words = part.includes("'") ? [] : this.words.get(key) ?? [];
    const same = this.words.get(`${key}'`) ?? (part.includes("'") ? this.words.get(key) : null) ?? [];
    return [...words.slice(0, BEFORE_WORDS), ...same, ...words.slice(BEFORE_WORDS)];
  }

  #becoming(start) {
    const key = start.replaceAll("'", "");
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (; found.length < COMPLETIONS && this.keys[low]?.startsWith(key); low += 1) {
      found.push(this.words.get(this.keys[low])[0]);
    }
    return found.sort((a, b) => a.length - b.length);
  }

  // The whole of it in the fewest words, the first of them the longest; null when a part is no syllable.
  #sentence(typed) {
    const { length } = typed;
    const best = [];
    best[length] = { count: 0, text: "" };
    for (let start = length - 1; start >= 0; start -= 1) {
      if (typed[start] === "'") {
        best[start] = best[start + 1];
        continue;
      }
      for (let end = Math.min(length, start + LONGEST); end > start; end -= 1) {
        const behind = best[end];
        const [text] = behind ? this.#meant(typed.slice(start, end)) : [];
        const count = behind?.count + 1;
        if (text && (!best[start] || count < best[start].count)) best[start] = { count, text: text + behind.text };
      }
    }
    return best[0]?.count > 1 ? best[0].text : null;
  }
}
