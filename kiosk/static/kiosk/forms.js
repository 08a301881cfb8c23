// A form on a card: checked, read back to the visitor, and sent only when confirmed.

const SENT_WITHIN_MS = 10_000; // without an answer by then, the visitor may send again

/**
 * @param {HTMLFormElement} form @param {(values: Record<string, string|boolean>) => void} send
 * @returns {{refused: () => void}} to be told when the server did not take the answers
 */
export function prepareForm(form, texts, send) {
  let sheet = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = check(form, texts);
    if (wrong) {
      wrong.focus();
      return;
    }
    const values = valuesOf(form);
    sheet = review(form, texts, values, () => send(values));
  });
  form.addEventListener("input", ({ target }) => {
    if (questionOf(target)?.dataset.wrong) mark(questionOf(target), target, "");
  });
  return { refused: () => sheet?.isConnected && sheet.querySelector("[data-testid=form-change]").click() };
}

// Every mistake is said beside its question; the first of them takes the focus.
function check(form, texts) {
  let first = null;
  const seen = new Set();
  for (const field of form.elements) {
    if (!field.name || seen.has(field.name)) continue;
    seen.add(field.name);
    const key = mistakeOf(field);
    mark(questionOf(field), field, key ? texts.get(key) : "", key);
    if (key) first ??= field;
  }
  const line = form.querySelector(".form-error");
  line.hidden = !first;
  line.textContent = first ? texts.get("form.missing").replace("{field}", labelOf(first)) : "";
  return first;
}

function mistakeOf(field) {
  const { validity, type } = field;
  if (validity.valid) return blank(field) ? "form.wrong.missing" : "";
  if (type === "radio") return "form.wrong.choice";
  if (type === "checkbox") return "form.wrong.check";
  if (validity.typeMismatch) return "form.wrong.email";
  if (validity.patternMismatch) return "form.wrong.number";
  return "form.wrong.missing";
}

// A required answer of blanks only: valid for the browser, empty for us.
function blank(field) {
  return field.required && field.type !== "radio" && field.type !== "checkbox" && !field.value.trim();
}

function mark(question, field, words, key = "") {
  const line = question.querySelector(".question-error");
  line.hidden = !words;
  line.textContent = words;
  if (key) line.dataset.text = key;
  else delete line.dataset.text;
  if (words) question.dataset.wrong = "true";
  else delete question.dataset.wrong;
  const group = field.type === "radio" ? question.querySelectorAll("input") : [field];
  for (const one of group) {
    if (words) one.setAttribute("aria-invalid", "true");
    else one.removeAttribute("aria-invalid");
  }
}

function valuesOf(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") values[field.name] = field.checked;
    else if (field.type === "radio") values[field.name] = field.checked ? field.value : values[field.name] ?? "";
    else if (field.inputMode === "decimal") values[field.name] = field.value.trim().replace(",", ".");
    else values[field.name] = field.value.trim();
  }
  return values;
}

function questionOf(field) {
  return field.closest(".question");
}

function labelOf(field) {
  return questionOf(field)?.dataset.name ?? "";
}

// The answers once more, in the form's place; "change" brings the form back as it was left.
function review(form, texts, values, send) {
  const sheet = document.createElement("section");
  sheet.className = "card-review";
  const heading = make("h3", "form.review", texts);
  heading.tabIndex = -1;
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(values)) {
    const term = document.createElement("dt");
    const field = form.elements[name];
    term.textContent = labelOf(field instanceof RadioNodeList ? field[0] : field);
    list.append(term, answer(value, texts));
  }
  const buttons = document.createElement("div");
  buttons.className = "row form-buttons";
  const change = button("button", "form.change", texts);
  const confirm = button("button primary", "form.confirm", texts);
  const sending = make("p", "form.sending", texts);
  sending.className = "card-note";
  sending.setAttribute("role", "status");
  sending.hidden = true;
  let late = 0;
  const wait = (isSending) => {
    clearTimeout(late);
    confirm.disabled = isSending;
    sending.hidden = !isSending;
  };
  change.addEventListener("click", () => {
    wait(false);
    sheet.replaceWith(form);
    form.querySelector("input").focus();
  });
  confirm.addEventListener("click", () => {
    wait(true);
    late = setTimeout(() => wait(false), SENT_WITHIN_MS);
    send();
  });
  buttons.append(change, confirm);
  sheet.append(heading, list, sending, buttons);
  form.replaceWith(sheet);
  heading.focus({ preventScroll: true });
  sheet.closest(".card-body")?.scrollTo({ top: 0, behavior: "instant" });
  return sheet;
}

function answer(value, texts) {
  const key = value === true ? "form.yes" : value === false ? "form.no" : value ? "" : "form.none";
  if (key) return make("dd", key, texts);
  const words = document.createElement("dd");
  words.dir = "auto";
  words.textContent = value;
  return words;
}

function button(className, key, texts) {
  const made = make("button", key, texts);
  made.type = "button";
  made.className = className;
  made.dataset.testid = key.replace(".", "-");
  return made;
}

// Marked with its key, so that it changes with the language like the rest of the page.
function make(tag, key, texts) {
  const made = document.createElement(tag);
  made.dataset.text = key;
  made.textContent = texts.get(key);
  return made;
}
