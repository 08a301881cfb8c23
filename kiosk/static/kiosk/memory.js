// What this tab keeps of a visit so that a reload finds it again: the resume token, never a word.

const KEY = "kiosk.visit";
const KEPT_MS = 10 * 60_000;

/** @typedef {{resume: string, wantsVoice: boolean, language: string}} Memory */

/** @param {Memory} memory */
export function remember(memory) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...memory, at: Date.now() }));
}

/** @returns {Memory | null} null when there is nothing, or nothing recent */
export function recall() {
  try {
    const memory = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (memory && Date.now() - memory.at < KEPT_MS) return memory;
  } catch {
    // Not ours: forgotten below, like what is too old.
  }
  forget();
  return null;
}

export function forget() {
  sessionStorage.removeItem(KEY);
}
