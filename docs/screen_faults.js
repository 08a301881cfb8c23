// What is wrong with a screen as it stands: words and controls that are cut, covered, or in another language.
// An expression, run in the page by screen_gallery.py; returns sentences.

((language, names) => {
  const LINE_SHARE = 0.2; // of a line's box that has no ink above and below
  const SLACK_PX = 2;
  // What a visitor is shown how to read on: the newest line stays in view, a card has a button.
  const READ_ON = ".captions, .card-body, .sheet-text:has(+ [data-testid=consent-on]:not([hidden]))";
  const found = new Set();
  const words = (node) => node.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
  const isClipped = (one) => Boolean(one) && (getComputedStyle(one).clipPath !== "none" || isClipped(one.parentElement));
  const isSeen = (one) =>
    one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !one.closest(".only-heard, [aria-hidden=true]:not(.slides, .slides *)") &&
    !isClipped(one);
  const root = document.body.dataset.rest === "closed" ? document.querySelector(".veil") : document.body;

  // The part of a box that its scrolling or clipping ancestors leave, and whether they took any.
  const left = (box, one) => {
    let { left, top, right, bottom } = box;
    let isReadOn = false;
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflowY === "visible") continue;
      const edge = up.getBoundingClientRect();
      if (up.matches(READ_ON)) isReadOn = true;
      [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
      [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
    }
    return { left, top, right, bottom, isReadOn };
  };

  const boxes = [];
  const add = (one, box, what, isText) => {
    if (!box.width || !box.height) return;
    const inset = isText ? box.height * LINE_SHARE : 0;
    const whole = { left: box.left, right: box.right, top: box.top + inset, bottom: box.bottom - inset };
    const seen = left(whole, one);
    const lost = Math.max(seen.left - whole.left, whole.right - seen.right, seen.top - whole.top, whole.bottom - seen.bottom);
    if (lost > SLACK_PX && !seen.isReadOn) found.add(`cut: ${what}`);
    if (seen.left < -SLACK_PX || seen.right > innerWidth + SLACK_PX || seen.top < -SLACK_PX || seen.bottom > innerHeight + SLACK_PX) {
      found.add(`outside: ${what}`);
    }
    if (seen.right - seen.left > SLACK_PX && seen.bottom - seen.top > SLACK_PX) boxes.push({ ...seen, one, what });
  };

  for (const one of root.querySelectorAll("button, input, .logo")) {
    if (isSeen(one)) add(one, one.getBoundingClientRect(), words(one) || one.name || one.className, false);
    // A field shows its hint on one line, and what does not fit is gone.
    if (one.placeholder && isSeen(one)) {
      const style = getComputedStyle(one);
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = style.font;
      const room = one.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd);
      if (pen.measureText(one.placeholder).width > room + SLACK_PX) found.add(`cut: ${one.placeholder}`);
    }
  }
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || one.closest("script, style, template, svg") || !isSeen(one)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) add(one, box, words(node), true);
    const own = one.closest("[lang]")?.lang.split("-")[0];
    const latin = names.reduce((text, name) => text.replaceAll(name, ""), node.data);
    if (!/^(en|de|fr|es|pt)/.test(language) && own === language && /[A-Za-z]{3,}/.test(latin)) found.add(`in English: ${words(node)}`);
  }
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(i + 1)) {
      if (a.one.contains(b.one) || b.one.contains(a.one)) continue;
      // The arrow that sends lies in its field, which leaves room for it.
      if (a.one.matches(".field") && b.one.matches(".send")) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > SLACK_PX && down > SLACK_PX) found.add(`overlaps: ${a.what} | ${b.what}`);
    }
  });
  return [...found];
})
