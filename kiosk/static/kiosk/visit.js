// One visit at the screen, from the first touch to the wiped page: what each message and tap means.

import { PROTOCOL } from "./socket.js";
import { AvatarMedia } from "./media.js";
import { forget, recall, remember } from "./memory.js";
import { Talk } from "./talk.js";
import { Timers } from "./timers.js";

const OFFLINE_AFTER_MS = 700; // a reconnect faster than this is not worth a screen
const OFFLINE_LONG_MS = 20_000;
const ERROR_MS = 6_000;
const REFUSED_MS = 20_000; // long enough to read why and to try again
// No state of the screen lasts longer than this without a word from the server.
const STATE_LIMIT_MS = { connecting: 60_000, ending: 30_000, error: 10_000 };
const CAN_ANSWER = new Set(["greeting", "listening", "thinking", "speaking"]);

export class Visit {
  constructor(parts) {
    Object.assign(this, parts);
    this.isOn = false; // a visitor is here: from the first touch until the wipe
    this.resume = null;
    this.toldLanguage = null; // what the server speaks, which may be behind what was just chosen
    this.isStartTold = false; // on this socket
    this.isAccepted = false; // the notice, by whoever is here now
    this.isAcceptTold = false; // on this socket
    this.serverState = "attract";
    this.finishing = false;
    this.finished = 0;
    this.reloadWhenDone = false;
    this.timers = new Timers();
    this.talk = new Talk(parts, () => this.isOn && !this.finishing, () => this.#remember());
    this.options.tell = (message) => this.isOn && !this.finishing && this.socket.send(message);
    this.handlers = this.#handlers();
    this.#recall();
    this.#listen();
  }

  hello() {
    this.isStartTold = false;
    this.isAcceptTold = false;
    const message = {
      type: "hello",
      protocol: PROTOCOL,
      page: this.page.version,
      h264: AvatarMedia.canH264,
      playing: this.media.isLive,
    };
    if (this.resume) message.resume = this.resume;
    return message;
  }

  // ── what the visitor does ──────────────────────────────────────────────────────────────────

  /** @param {"touch" | "presence" | "wake" | "voice"} by what noticed the visitor */
  start(by = "touch") {
    if (this.isOn || this.finishing) return;
    this.isOn = true;
    this.by = by;
    this.serverState = this.page.consent ? "consent" : "connecting";
    this.#show(this.serverState);
    this.#sendStart();
    if (!this.page.consent) this.talk.open();
  }

  /** After a refusal: begin anew, in the language that was chosen. */
  again() {
    const { language } = this.texts;
    this.wipe();
    this.useLanguage(language);
    this.start();
  }

  /** @param {boolean} withVoice false: the visitor would rather type, the microphone stays closed */
  accept(withVoice) {
    if (!this.isOn) return;
    this.isAccepted = true;
    this.#sendConsent();
    this.serverState = "connecting";
    this.#show("connecting");
    if (withVoice || !this.page.microphone) {
      this.talk.open();
    } else {
      this.talk.is("muted");
      this.view.focusTyping();
    }
  }

  decline() {
    this.socket.send({ type: "consent", accepted: false });
    if (!this.socket.isUp) this.wipe();
  }

  end() {
    if (!this.socket.send({ type: "end" })) this.wipe();
  }

  say(text) {
    const line = text.trim();
    if (!line) return false;
    if (!CAN_ANSWER.has(this.serverState)) {
      this.view.brieflySay(this.texts.get("error.not_now"));
      return false; // it stays in the field
    }
    return this.socket.send({ type: "text", text: line });
  }

  interrupt() {
    this.media.hush();
    this.socket.send({ type: "interrupt" });
  }

  /** @param {"repeat" | "person" | "more_time"} what asked for by a button */
  ask(what) {
    this.options.close();
    this.socket.send({ type: what });
  }

  async useLanguage(language) {
    const isShown = await this.texts.use(language);
    if (isShown === null) this.view.brieflySay(this.texts.get("error.language"));
    if (!isShown) return;
    this.view.refresh();
    this.#remember();
    if (this.isOn && this.toldLanguage !== language) {
      this.toldLanguage = language;
      this.socket.send({ type: "language", language });
    }
  }

  dismissed(id) {
    this.socket.send({ type: "card_dismiss", id });
  }

  take(id) {
    this.socket.send({ type: "card_take", id });
  }

  filled(id, values) {
    this.socket.send({ type: "card_form", id, values });
  }

  touched() {
    if (!this.isOn) return;
    this.socket.send({ type: "touch" });
  }

  /** Forget the visit: words, cards, choices, devices, token. The screen invites the next visitor. */
  wipe() {
    this.timers.clear();
    this.isOn = false;
    this.finishing = false;
    this.isAccepted = false;
    this.resume = null;
    this.serverState = "attract";
    forget();
    this.talk.forget();
    this.media.close();
    this.captions.clear();
    this.cards.clear();
    this.texts.use(this.texts.home);
    this.options.reset();
    this.view.wipe();
    this.finished += 1;
    // At once where the server is away: the screen that is left has no words any more.
    if (this.socket.isUp || this.view.rest) this.#show("attract");
    else this.#away();
    this.onRest?.();
  }

  // ── what the server says ───────────────────────────────────────────────────────────────────

  #handlers() {
    return {
      welcome: (message) => this.#welcome(message),
      visit: ({ resume }) => {
        this.isOn = true;
        this.resume = resume;
        this.#remember();
        const { message } = this.options;
        if (message) this.socket.send(message);
      },
      state: ({ state, media }) => this.#state(state, media),
      working: ({ active }) => this.view.setWorking(active),
      joined: ({ active }) => this.view.setJoined(active),
      set: (wanted) => this.#set(wanted),
      ice: ({ servers }) => this.media.open(servers),
      answer: ({ sdp }) => this.media.answer(sdp),
      caption: (caption) => this.captions.show(caption),
      hush: () => this.media.hush(),
      card: (card) => this.cards.show(card),
      card_gone: ({ id }) => this.cards.hide(id),
      notice: (notice) => {
        // A warning is worth more than the panel that would hide it.
        if (notice.code === "idle" || notice.code === "time_limit") this.options.close();
        this.view.notice(notice);
      },
      notice_gone: ({ code }) => this.view.noticeGone(code),
      ended: (ended) => this.#ended(ended),
      error: (failure) => this.#failure(failure),
    };
  }

  #welcome({ resumed, talk, consent }) {
    this.socket.settled();
    this.timers.cancel("offline");
    this.timers.cancel("offlineLong");
    this.page.talk = talk;
    this.page.consent = consent;
    document.body.dataset.talk = talk;
    if (resumed) {
      this.talk.report();
      // The state follows; until then the screen says that it is coming.
      this.#show(this.serverState === "attract" ? "connecting" : this.serverState);
    } else if (this.finishing) {
      return;
    } else if (this.resume) {
      this.#farewell(this.texts.get("ended.upstream_lost"));
    } else if (this.isOn) {
      // The visitor touched the screen before the server was there, or just as it came.
      if (!this.isStartTold) this.#sendStart();
      this.#show(this.serverState);
    } else {
      this.#show("attract");
    }
  }

  #state(state, media) {
    if (media) this.view.setMedia(media);
    if (this.finishing) return;
    if (state === "consent" && this.isAccepted) {
      // Agreed to while there was no socket: nobody is asked the same thing twice.
      if (!this.isAcceptTold) this.#sendConsent();
      return;
    }
    this.serverState = state;
    this.talk.follow(state);
    if (state === "speaking" || state === "greeting") this.media.unhush();
    if (state === "attract") {
      if (this.isOn) this.wipe();
      else this.#show("attract");
      return;
    }
    this.isOn = true;
    this.#show(state);
    // A reloaded page comes back in the middle of a conversation: it needs its microphone again.
    if (this.talk.wantsVoice && this.view.isConversation && this.talk.state === "off") {
      this.talk.open();
    }
  }

  // The visitor said it, and the server passes it on: nothing of it is told back.
  #set(wanted) {
    this.options.apply(wanted);
    if (!wanted.language || wanted.language === this.texts.language) return;
    this.toldLanguage = wanted.language;
    this.useLanguage(wanted.language);
  }

  #ended({ reason, text, code, code_text, stay_s }) {
    if (!this.isOn) return; // wiped already: whoever is here now is somebody else
    const words = text || this.texts.get(`ended.${reason}`) || this.texts.get("ended.goodbye");
    this.#farewell(words, stay_s);
    if (code) this.view.eraseCode(code, code_text);
  }

  #farewell(words, stay_s = 0) {
    this.finishing = true;
    this.resume = null;
    forget();
    this.talk.forget();
    this.media.hush();
    this.view.farewell(words);
    this.view.setState("ending");
    this.timers.after("finish", (stay_s || this.page.goodbye_s) * 1_000, () => this.wipe());
  }

  #failure({ code, message, fatal }) {
    console.warn(`kiosk: the server refused a message (${code})`);
    if (code === "wrong_protocol") {
      this.view.broken(this.texts.get("error.wrong_protocol"));
      this.view.setState("error");
      this.timers.after("finish", ERROR_MS, () => this.onProtocol?.());
      return;
    }
    if (code === "form") this.cards.formRefused();
    // A site's own refusal (outside opening hours, say) is worded by the site for its visitors.
    const words = code === "denied" ? message : this.texts.get(`error.${code}`);
    if (!fatal && this.isOn && !this.resume && !this.finishing) {
      this.#refused(words || this.texts.get("error.other"));
    } else if (fatal) {
      this.finishing = true;
      this.view.broken(words || this.texts.get("error.other"));
      this.view.setState("error");
      this.timers.after("finish", ERROR_MS, () => this.wipe());
    } else if (words) {
      this.view.brieflySay(words);
    }
  }

  // No visit now, for a reason that may pass: the screen says it, and a touch tries again.
  #refused(words) {
    this.finishing = true;
    this.talk.forget();
    this.media.close();
    this.view.refused(words);
    this.view.setState("refused");
    this.timers.after("finish", REFUSED_MS, () => this.wipe());
  }

  // ── devices ────────────────────────────────────────────────────────────────────────────────

  #listen() {
    const { socket, media, view } = this;
    socket.addEventListener("message", ({ detail }) => {
      this.#watchState();
      this.handlers[detail.type]?.(detail);
    });
    socket.addEventListener("down", () => this.#offline());
    media.addEventListener("offer", ({ detail }) => socket.send({ type: "offer", sdp: detail }));
    media.addEventListener("playing", ({ detail: { muted } }) => {
      view.setPicture(true);
      view.noticeGone("picture");
      view.askForSound(muted);
      socket.send({ type: "media", state: muted ? "sound_blocked" : "playing" });
    });
    media.addEventListener("sound", () => {
      view.askForSound(false);
      socket.send({ type: "media", state: "sound_on" });
    });
    media.addEventListener("failed", ({ detail }) => {
      view.setPicture(false);
      view.setMedia("text");
      view.notice({ code: "picture", key: "media.portrait" });
      socket.send({ type: "media", state: "failed", detail: String(detail).slice(0, 200) });
    });
  }

  // ── the socket comes and goes ──────────────────────────────────────────────────────────────

  #offline() {
    // A screen that is out of service says why, with or without its server.
    if (this.view.isResting || this.finishing) return;
    if (this.timers.has("offline") || this.view.state === "offline") return;
    this.timers.after("offline", OFFLINE_AFTER_MS, () => this.#away());
  }

  #away() {
    this.view.offline(false);
    this.view.setState("offline");
    this.timers.after("offlineLong", OFFLINE_LONG_MS, () => this.view.offline(true));
  }

  #show(state) {
    if (!this.socket.isUp && state !== "attract") return this.#offline();
    this.view.setState(state);
    this.#watchState();
    return undefined;
  }

  #watchState() {
    this.timers.cancel("state");
    const limit = STATE_LIMIT_MS[this.view.state];
    if (!limit || this.finishing || this.view.isResting) return;
    this.timers.after("state", limit, () => {
      this.socket.send({ type: "end" });
      this.wipe();
    });
  }

  #sendStart() {
    this.toldLanguage = this.texts.language;
    this.isStartTold = this.socket.send({ type: "start", language: this.toldLanguage, by: this.by });
  }

  #sendConsent() {
    this.isAcceptTold = this.socket.send({ type: "consent", accepted: true });
  }

  #remember() {
    const { resume, talk, texts } = this;
    if (resume) remember({ resume, wantsVoice: talk.wantsVoice, language: texts.language });
  }

  #recall() {
    const memory = recall();
    if (!memory) return;
    this.isOn = true;
    this.resume = memory.resume;
    this.talk.wantsVoice = memory.wantsVoice;
    this.toldLanguage = memory.language;
    this.useLanguage(memory.language);
    this.view.setState("connecting");
  }
}
