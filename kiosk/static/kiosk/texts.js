// The sentences of the screen: one language comes with the page, another is fetched when it is chosen.

const DEADLINE_MS = 6_000;
const TRIES = 2;
const OWN_FONTS = new Set(["zh", "ja"]); // too large for every screen: their style comes with the language

export class Texts {
  /** @param {{language: string, languages: {code: string, dir: string, texts: string}[], texts: object}} page */
  constructor(page) {
    this.page = page;
    this.home = page.language;
    this.language = page.language;
    this.wanted = page.language; // the last one chosen, while it is on its way
    this.choices = new Map(page.languages.map((choice) => [choice.code, choice]));
    this.known = new Map(Object.entries(page.texts));
    this.coming = new Map();
  }

  get(key) {
    return this.known.get(this.language)?.[key] ?? this.known.get(this.home)?.[key] ?? "";
  }

  has(language) {
    return this.choices.has(language);
  }

  /**
   * Change the language and every marked sentence, all at once: in this very moment when it is
   * known. `false`: not offered, or another was chosen meanwhile. `null`: it cannot be had now.
   */
  async use(language) {
    if (!this.has(language)) return false;
    this.wanted = language;
    this.#press(language); // the touch is answered before the sentences are here
    if (!this.known.has(language)) {
      const came = await this.#fetch(language);
      if (this.wanted !== language) return false;
      if (!came) {
        this.wanted = this.language;
        this.#press(this.language);
        return null;
      }
    }
    const { dir } = this.choices.get(language);
    this.language = language;
    document.documentElement.lang = language;
    document.documentElement.dir = dir;
    useFontsOf(language);
    this.apply(document);
    return true;
  }

  /** Fetch what is not known yet, one after the other, so that a choice is shown at once and offline. */
  async prefetch() {
    for (const language of this.choices.keys()) {
      await new Promise((idle) => requestIdleCallback(idle, { timeout: DEADLINE_MS }));
      if (!this.known.has(language) && !(await this.#fetch(language))) return; // tried again with the next socket
    }
  }

  /** @param {ParentNode} root */
  apply(root) {
    for (const node of root.querySelectorAll("[data-text]")) node.textContent = this.get(node.dataset.text);
    for (const node of root.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", this.get(node.dataset.label));
    }
    for (const node of root.querySelectorAll("[data-placeholder]")) {
      node.placeholder = this.get(node.dataset.placeholder);
    }
  }

  #press(language) {
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
  }

  // One request for a language at a time; whoever wants it meanwhile waits for the same one.
  #fetch(language) {
    if (!this.coming.has(language)) {
      const { texts } = this.choices.get(language);
      this.coming.set(language, fetchTexts(texts).then((found) => {
        this.coming.delete(language);
        if (found) this.known.set(language, found);
        return Boolean(found);
      }));
    }
    return this.coming.get(language);
  }
}

async function fetchTexts(address) {
  for (let left = TRIES; left > 0; left -= 1) {
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(DEADLINE_MS) });
      if (answer.ok) return await answer.json();
    } catch {
      // No network, or no answer in time: once more, then the caller says it.
    }
  }
  return null;
}

function useFontsOf(language) {
  const base = language.split("-")[0];
  const address = `/static/kiosk/fonts-${base}.css`;
  if (!OWN_FONTS.has(base) || document.querySelector(`link[href="${address}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
}
