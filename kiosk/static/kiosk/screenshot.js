// A picture of this page for an operator, drawn by the page itself: its own document as an SVG, on a canvas.

const LONG_PX = 960; // of the longer side: enough to see what is wrong
const BLUR = 1 / 60; // of the shorter side
const MAX_CHARS = 118_000; // of base64; the server takes a little more
const QUALITIES = [0.72, 0.55, 0.4, 0.25];
// Whose words are somebody's, or an answer to somebody.
const SAID = ".captions, .cards, .notice-text, .only-heard, .ending-text, .refused-words";

/** @param {{isPrivate: boolean}} how private: words left out, the rest blurred @returns base64 of a JPEG */
export async function picture({ isPrivate }) {
  const copy = document.documentElement.cloneNode(true);
  await Promise.all([inlineImages(copy), drawVideo(copy)]);
  if (isPrivate) leaveOutWords(copy);
  for (const one of copy.querySelectorAll("head, script, template, link, [hidden]")) one.remove();
  const style = document.createElement("style");
  // A new document begins every animation anew, at its first and often invisible moment.
  style.textContent = `${await styles()}\n*, *::before, *::after { animation: none !important; transition: none !important; }`;
  copy.querySelector("body").prepend(style);
  const { innerWidth: width, innerHeight: height } = window;
  const xml = new XMLSerializer().serializeToString(copy);
  const { fontSize } = getComputedStyle(document.documentElement); // rem counts from the SVG's root there
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-size="${fontSize}">`
    + `<foreignObject width="100%" height="100%">${xml}</foreignObject></svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(1, LONG_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  if (isPrivate) pen.filter = `blur(${Math.round(Math.min(canvas.width, canvas.height) * BLUR)}px)`;
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    const [, data] = canvas.toDataURL("image/jpeg", quality).split(",");
    if (data.length <= MAX_CHARS) return data;
  }
  throw new RangeError("the picture stays too large");
}

// Only sentences of ours, which carry their key, may be read; everything else was said or asked.
function leaveOutWords(copy) {
  for (const part of copy.querySelectorAll(SAID)) part.replaceChildren();
  const texts = document.createTreeWalker(copy.querySelector("body"), NodeFilter.SHOW_TEXT);
  const others = [];
  while (texts.nextNode()) {
    if (!texts.currentNode.parentElement.closest("[data-text]")) others.push(texts.currentNode);
  }
  for (const text of others) text.data = "";
}

async function inlineImages(copy) {
  const real = [...document.querySelectorAll("img")];
  const copies = [...copy.querySelectorAll("img")];
  await Promise.all(copies.map(async (image, at) => {
    image.setAttribute("src", await asData(real[at].currentSrc || real[at].src).catch(() => "data:,"));
    image.removeAttribute("srcset");
  }));
}

function drawVideo(copy) {
  for (const [at, video] of [...document.querySelectorAll("video")].entries()) {
    const there = copy.querySelectorAll("video")[at];
    const { videoWidth, videoHeight } = video;
    const still = document.createElement("img");
    for (const { name, value } of there.attributes) if (name !== "src") still.setAttribute(name, value);
    there.dataset.replaced = "";
    if (!videoWidth) continue;
    const canvas = document.createElement("canvas");
    canvas.width = Math.min(videoWidth, LONG_PX);
    canvas.height = Math.round((canvas.width * videoHeight) / videoWidth);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    still.setAttribute("src", canvas.toDataURL("image/jpeg", 0.8));
    there.after(still);
  }
  for (const video of copy.querySelectorAll("video")) video.remove();
}

// An SVG image loads nothing: styles and what they name come along in it.
async function styles() {
  const rules = [...document.styleSheets].flatMap((sheet) => {
    const base = sheet.href ?? location.href;
    return [...sheet.cssRules].map(({ cssText }) => cssText.replace(/url\("?([^")]+)"?\)/g,
      (all, url) => (url.startsWith("data:") ? all : `url("${new URL(url, base).href}")`)));
  });
  let css = rules.join("\n");
  const loaded = new Set([...document.fonts].filter((font) => font.status === "loaded").map((font) => font.unicodeRange));
  const wanted = new Set();
  for (const rule of rules) {
    // Of the fonts only those that this page has used: the others are large and unseen.
    if (rule.startsWith("@font-face") && !loaded.has(/unicode-range:\s*([^;]+);/i.exec(rule)?.[1].trim() ?? "U+0-10FFFF")) continue;
    for (const [, url] of rule.matchAll(/url\("(https?:[^"]+)"\)/g)) wanted.add(url);
  }
  await Promise.all([...wanted].map(async (url) => {
    const data = await asData(url).catch(() => "data:,");
    css = css.replaceAll(url, data);
  }));
  return css;
}

async function asData(url) {
  if (!url || url.startsWith("data:")) return url || "data:,";
  const answer = await fetch(url);
  const reader = new FileReader();
  const read = new Promise((resolve, reject) => {
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", reject);
  });
  reader.readAsDataURL(await answer.blob());
  return read;
}
