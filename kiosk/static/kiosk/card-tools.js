// What a visitor may do with a card besides reading it: take it along on a phone, print it.

const PRINT_AGAIN_MS = 10_000; // one touch, one sheet: a hurried visitor does not empty the tray
const ICONS = {
  take: `<rect x="6.6" y="2.8" width="10.8" height="18.4" rx="2.2"/><path d="M12 7v6.6M9 10.8l3 3 3-3M10.6 18h2.8"/>`,
  print: `<path d="M7 8V3.6h10V8M7 17H4.8a1.3 1.3 0 0 1-1.3-1.3V9.6A1.6 1.6 0 0 1 5.1 8h13.8a1.6 1.6 0 0 1 1.6 1.6v6.1a1.3 1.3 0 0 1-1.3 1.3H17"/><path d="M7 14h10v6.4H7Z"/>`,
};

/** @param {string[]} offers @param {import("./texts.js").Texts} texts @param {() => void} onTake */
export function toolsOf(offers, texts, onTake) {
  const tools = document.createElement("div");
  tools.className = "card-tools";
  for (const offer of offers) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.dataset.testid = `card-${offer}`;
    button.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${ICONS[offer]}</svg><span data-text="card.${offer}"></span>`;
    button.addEventListener("click", offer === "take" ? onTake : () => print(button));
    tools.append(button);
  }
  texts.apply(tools);
  return tools;
}

// The style for paper shows the card that is seen, and nothing around it.
function print(button) {
  button.disabled = true;
  setTimeout(() => (button.disabled = false), PRINT_AGAIN_MS);
  window.print();
}
