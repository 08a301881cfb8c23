// Says the notice with the consent screen, by a voice of this machine; loaded where a site wants it.

const VOICES_MS = 1_500; // Chromium fills its list of voices a little after the first question

/** Follow the screen: speak with the consent screen, anew in another language, and stop after it. */
export function follow(texts) {
  const synthesis = window.speechSynthesis;
  if (!synthesis) return;
  const look = async () => {
    synthesis.cancel();
    if (document.body.dataset.state !== "consent") return;
    const { language } = texts;
    // Only a voice on this machine: nothing is sent anywhere to be spoken.
    const voice = (await voices(synthesis)).find(
      (one) => one.localService && one.lang.toLowerCase().split(/[-_]/)[0] === language.split("-")[0],
    );
    if (!voice || language !== texts.language || document.body.dataset.state !== "consent") return;
    const words = new SpeechSynthesisUtterance(texts.get("notice.spoken"));
    words.voice = voice;
    words.lang = voice.lang;
    synthesis.speak(words);
  };
  const changes = new MutationObserver(look);
  changes.observe(document.body, { attributeFilter: ["data-state"] });
  changes.observe(document.documentElement, { attributeFilter: ["lang"] });
}

function voices(synthesis) {
  const known = synthesis.getVoices();
  if (known.length) return Promise.resolve(known);
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const done = () => {
      waiting.abort(); // a machine without voices would keep a listener of every visit
      resolve(synthesis.getVoices());
    };
    synthesis.addEventListener("voiceschanged", done, { signal: waiting.signal });
    setTimeout(done, VOICES_MS);
  });
}
