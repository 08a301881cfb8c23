// The sign-language video beside the avatar: one for each moment that the site has filmed, or for a card.

const ON_CARDS = ["kiosk:card", "kiosk:card-gone"];
const MOMENTS = { attract: "welcome", consent: "consent" };

let frame = null;
let videos = null;
const states = new MutationObserver(follow);

/** @param {Record<string, string> | null} addresses by moment; null takes the video away */
export function showSign(addresses) {
  videos = addresses;
  if (!videos) {
    states.disconnect();
    for (const event of ON_CARDS) document.removeEventListener(event, arranged);
    frame?.remove();
    frame = null;
    return;
  }
  if (!frame) {
    frame = document.createElement("video");
    frame.className = "sign";
    frame.dataset.testid = "sign";
    Object.assign(frame, { muted: true, loop: true, playsInline: true, autoplay: true });
    // Who needs it sees it; what it says is on the screen as text, too.
    frame.setAttribute("aria-hidden", "true");
    document.body.append(frame);
    states.observe(document.body, { attributeFilter: ["data-state"] });
    for (const event of ON_CARDS) document.addEventListener(event, arranged);
  }
  follow();
}

// The card below one that goes is shown a moment later.
function arranged() {
  queueMicrotask(follow);
}

function follow() {
  if (!frame) return;
  const moment = MOMENTS[document.body.dataset.state] ?? "conversation";
  // What a card says comes before what is said at any time.
  const card = document.querySelector(".card:not([hidden]) [data-sign]");
  const address = card?.dataset.sign ?? videos[moment] ?? videos.welcome;
  if (frame.getAttribute("src") === address) return;
  frame.src = address;
  frame.play().catch(() => {}); // interrupted by the next moment's
}
