// A screen that waits to be let in: asks how it stands, and loads itself anew when that has changed.

const ASK_MS = 2_000;
const AWAY_MS = 8_000;
const { pairing, seconds } = document.body.dataset;
const until = performance.now() + Number(seconds) * 1_000;

async function ask() {
  // Anew in time for another code: also when the server could not take one more.
  if (performance.now() > until) {
    location.reload();
    return;
  }
  let wait = ASK_MS;
  try {
    const answer = await fetch("/pairing", { cache: "no-store", signal: AbortSignal.timeout(AWAY_MS) });
    const { state } = await answer.json();
    if (state !== pairing && pairing !== "full") {
      location.reload();
      return;
    }
  } catch {
    wait = AWAY_MS; // the server is away: the code is as good as it was when it comes back
  }
  setTimeout(ask, wait);
}

setTimeout(ask, ASK_MS);
