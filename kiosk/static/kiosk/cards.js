// Cards beside the avatar: the newest is shown, the ones below it come back when it is closed.

const MAX_CARDS = 4;

/** Calls `onDismiss(id)` when the visitor closes a card. */
export class Cards {
  /** @param {HTMLElement} root @param {HTMLTemplateElement} frame */
  constructor(root, frame, texts, onDismiss) {
    this.root = root;
    this.frame = frame;
    this.texts = texts;
    this.onDismiss = onDismiss;
    this.cards = new Map();
  }

  /** @param {{id: string, kind: string, title: string, html: string}} card */
  show({ id, kind, title, html }) {
    const card = this.frame.content.firstElementChild.cloneNode(true);
    this.texts.apply(card);
    card.dataset.card = id;
    card.dataset.kind = kind;
    card.querySelector(".card-title").textContent = title;
    // Rendered and escaped by our server; the page's CSP runs no script and no handler in it.
    card.querySelector(".card-body").innerHTML = html;
    card.querySelector("[data-testid=card-close]").addEventListener("click", () => {
      this.hide(id);
      this.onDismiss(id);
    });
    this.cards.delete(id);
    this.cards.set(id, card);
    if (this.cards.size > MAX_CARDS) this.cards.delete(this.cards.keys().next().value);
    this.#render();
  }

  hide(id) {
    if (this.cards.delete(id)) this.#render();
  }

  clear() {
    this.cards.clear();
    this.#render();
  }

  #render() {
    const top = [...this.cards.values()].at(-1);
    this.root.hidden = !top;
    this.root.replaceChildren(...(top ? [top] : []));
    document.body.dataset.card = top ? "shown" : "none";
  }
}
