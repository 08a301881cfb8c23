// Notices a microphone that gives nothing and a loudspeaker that went away, and says so plainly.

const SILENCE = 0.0003; // RMS; the quietest open microphone has more noise of its own
const SILENT_MS = 20_000;
const LOOK_MS = 2_000;

/** @param {object} parts of main.js: microphone, view, visit @param {(event: object) => void} report */
export function watchDevices({ microphone, view, visit }, report) {
  let heardAt = performance.now();
  let isSilent = false;
  let speakers = 0;

  const heard = () => {
    heardAt = performance.now();
    if (!isSilent) return;
    isSilent = false;
    view.noticeGone("microphone");
    report({ event: "microphone_heard" });
  };
  microphone.addEventListener("frame", ({ detail: { level } }) => {
    if (level > SILENCE) heard();
  });

  setInterval(() => {
    const { microphone: state, talking, talk } = document.body.dataset;
    const listens = state === "on" && (talk === "open" || talking === "true") && visit.isOn;
    if (!listens) {
      heardAt = performance.now();
      isSilent = false;
    } else if (!isSilent && performance.now() - heardAt > SILENT_MS) {
      isSilent = true;
      view.notice({ code: "microphone", key: "microphone.silent" });
      report({ event: "microphone_silent", seconds: (performance.now() - heardAt) / 1_000 });
    }
  }, LOOK_MS);

  const count = async () => {
    const known = (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? null;
    if (!known) return;
    const now = known.filter(({ kind }) => kind === "audiooutput").length;
    if (speakers && !now) {
      view.notice({ code: "sound", key: "sound.lost" });
      report({ event: "sound_lost" });
    } else if (!speakers && now) {
      if (view.notices.has("sound")) report({ event: "sound_back" });
      view.noticeGone("sound");
    }
    speakers = now;
  };
  navigator.mediaDevices?.addEventListener("devicechange", count);
  count();
}
