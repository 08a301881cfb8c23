// The sentences of the screen, in every language it offers, switched without a reload.

export class Texts {
  /** @param {{language: string, languages: {code: string, dir: string}[], texts: object}} page */
  constructor(page) {
    this.page = page;
    this.home = page.language;
    this.language = page.language;
  }

  get(key) {
    return this.page.texts[this.language]?.[key] ?? this.page.texts[this.home]?.[key] ?? "";
  }

  has(language) {
    return this.page.languages.some(({ code }) => code === language);
  }

  /** Change the language and every marked sentence of the document; false when it is not offered. */
  use(language) {
    if (!this.has(language)) return false;
    this.language = language;
    const { dir } = this.page.languages.find(({ code }) => code === language);
    document.documentElement.lang = language;
    document.documentElement.dir = dir;
    this.apply(document);
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    return true;
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
}
