// Cards beside the avatar: the newest is shown, the ones below it come back when it is closed.

const SLACK_PX = 4; // less than this is rounding, not something to read
const PAGE = 0.85; // of the visible height: the last line read stays in view

/**
 * Calls `onDismiss(id)` when the visitor closes a card, `onForm(id, values)` when one is confirmed,
 * `onTake(id)` when one is to be taken along. Beyond `most` cards the oldest is closed, and told so.
 *
 * Scripts of plugins hear `kiosk:card` on the document, with `detail` `{id, kind, element}`, when a
 * card was drawn or updated, and `kiosk:card-gone` when it leaves the page.
 */
export class Cards {
  /** @param {HTMLElement} root @param {HTMLTemplateElement} frame @param {HTMLElement} news */
  constructor(root, frame, news, texts, onDismiss, onForm, onTake, most) {
    this.root = root;
    this.frame = frame;
    this.news = news;
    this.texts = texts;
    this.onDismiss = onDismiss;
    this.onForm = onForm;
    this.onTake = onTake;
    this.most = most;
    this.cards = new Map();
    this.forms = new Map();
    this.sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) showWhetherMore(target.closest(".card"));
    });
  }

  /** @param {{id: string, kind: string, title: string, html: string, offers?: string[]}} card */
  show({ id, kind, title, html, offers = [] }) {
    const old = this.cards.get(id);
    const isUpdate = old?.dataset.kind === kind;
    if (old && !isUpdate) this.#remove(id);
    const card = isUpdate ? old : this.#made(id, kind);
    const scrolled = isUpdate ? bodyOf(card).scrollTop : 0;
    card.querySelector(".card-title").textContent = title;
    // Rendered and escaped by our server; the page's CSP runs no script and no handler in it.
    const body = bodyOf(card);
    this.#watch(body, false);
    body.innerHTML = html;
    this.#watch(body, true);
    this.texts.apply(body);
    this.#offer(id, card, offers);
    this.forms.delete(id);
    for (const form of body.querySelectorAll("form[data-card-form]")) {
      this.#prepare(id, form);
    }
    this.cards.delete(id);
    this.cards.set(id, card);
    if (!isUpdate) this.root.append(card);
    if (this.cards.size > this.most) this.#putOut(this.cards.keys().next().value);
    this.#arrange();
    body.scrollTop = scrolled;
    this.news.textContent = isUpdate ? this.texts.get("card.updated").replace("{title}", title) : title;
    tell("kiosk:card", card);
  }

  hide(id) {
    const card = this.cards.get(id);
    if (!card) return;
    const hadFocus = card.contains(document.activeElement);
    this.#remove(id);
    this.#arrange();
    if (hadFocus) this.#top?.querySelector(".card-title").focus({ preventScroll: true });
  }

  clear() {
    for (const id of [...this.cards.keys()]) this.#remove(id);
    this.news.textContent = "";
    this.#arrange();
  }

  /** The server did not take what was sent: the visitor may look at it again. */
  formRefused() {
    for (const form of this.forms.values()) form.refused();
  }

  // Few visits have a form: its code comes with the first, and a touch that is earlier waits for it.
  async #prepare(id, form) {
    let isEarly = false;
    const early = (event) => {
      event.preventDefault();
      isEarly = true;
    };
    form.addEventListener("submit", early);
    const { prepareForm } = await import("./forms.js");
    form.removeEventListener("submit", early);
    if (!form.isConnected) return;
    this.forms.set(id, prepareForm(form, this.texts, (values) => this.onForm(id, values)));
    if (isEarly) form.requestSubmit();
  }

  // To take along, to print: the code and the controls come with the first card that has them.
  async #offer(id, card, offers) {
    card.querySelector(".card-tools")?.remove();
    if (!offers.length) return;
    const { toolsOf } = await import("./card-tools.js").catch(() => ({})); // the card is there without it
    if (!toolsOf || !card.isConnected || card.querySelector(".card-tools")) return;
    bodyOf(card).after(toolsOf(offers, this.texts, () => this.onTake(id)));
    showWhetherMore(card);
  }

  get #top() {
    return [...this.cards.values()].at(-1);
  }

  #made(id, kind) {
    const card = this.frame.content.firstElementChild.cloneNode(true);
    this.texts.apply(card);
    card.dataset.card = id;
    card.dataset.kind = kind;
    const title = card.querySelector(".card-title");
    title.id = `card-title-${(made += 1)}`;
    card.setAttribute("aria-labelledby", title.id);
    card.querySelector("[data-testid=card-close]").addEventListener("click", () => {
      this.hide(id);
      this.onDismiss(id);
    });
    const body = bodyOf(card);
    body.addEventListener("scroll", () => showWhetherMore(card), { passive: true });
    card.querySelector("[data-testid=card-more]").addEventListener("click", () => {
      if (card.dataset.more === "above") body.scrollTo({ top: 0 });
      else body.scrollBy({ top: body.clientHeight * PAGE });
    });
    return card;
  }

  // What changes how much of a card is seen: its own height, and that of anything in it.
  #watch(body, isOn) {
    for (const one of [body, ...body.children]) {
      if (isOn) this.sizes.observe(one);
      else this.sizes.unobserve(one);
    }
  }

  #remove(id) {
    const card = this.cards.get(id);
    this.cards.delete(id);
    this.forms.delete(id);
    this.#watch(bodyOf(card), false);
    card.remove();
    tell("kiosk:card-gone", card);
  }

  // The server keeps to the same number: that it has one more is news to it.
  #putOut(id) {
    this.#remove(id);
    this.onDismiss(id);
  }

  #arrange() {
    const top = this.#top;
    for (const card of this.cards.values()) card.hidden = card !== top;
    if (top && top !== this.root.lastElementChild) this.root.append(top);
    this.root.hidden = !top;
    document.body.dataset.card = top ? "shown" : "none";
  }
}

let made = 0;

function bodyOf(card) {
  return card.querySelector(".card-body");
}

function tell(event, element) {
  const { card: id, kind } = element.dataset;
  document.dispatchEvent(new CustomEvent(event, { detail: { id, kind, element } }));
}

// Reading on takes a touch, not a drag: one button goes down by what is seen, then back to the top.
function showWhetherMore(card) {
  if (!card || card.hidden) return;
  const body = bodyOf(card);
  const foot = card.querySelector(".card-foot");
  const room = body.clientHeight + (foot.hidden ? 0 : foot.offsetHeight);
  const isLong = body.scrollHeight > room + SLACK_PX;
  const isBelow = body.scrollTop + body.clientHeight < body.scrollHeight - SLACK_PX;
  foot.hidden = !isLong;
  card.dataset.more = !isLong ? "none" : isBelow ? "below" : "above";
  if (isLong) body.tabIndex = 0;
  else body.removeAttribute("tabindex");
}
