// The visitor's voice: the microphone and its button, open, pushed to talk, or both (hybrid).

import { Timers } from "./timers.js";
import { part } from "./view.js";

const MAX_TALK_MS = 60_000;
const TALK_TAIL_MS = 60; // longer than a frame: what was begun when the visitor tapped still counts
const HOLD_MS = 450; // a press longer than this is held: it listens until it is let go
const TURN_MS = 12_000; // after a tap without a word the microphone closes by itself

export class Talk {
  /** @param {() => boolean} isHere whether a visitor is @param {() => void} onChange remember it */
  constructor({ page, socket, media, microphone, view }, isHere, onChange) {
    Object.assign(this, { page, socket, media, microphone, view, isHere, onChange });
    this.timers = new Timers();
    this.forget();
    this.#listen();
    this.#wireButton();
  }

  /** Nobody is here: the device is let go. */
  forget() {
    this.timers.clear();
    this.state = "off";
    this.wantsVoice = false;
    this.talking = false;
    this.takesFrames = false;
    this.held = false;
    this.ignoresClick = false;
    this.microphone.close();
  }

  async open() {
    if (!this.page.microphone) {
      this.socket.send({ type: "microphone", state: "missing" });
      this.view.focusTyping();
      return;
    }
    this.wantsVoice = true;
    this.onChange();
    this.state = "opening";
    const state = await this.microphone.open();
    if (!this.isHere()) {
      this.microphone.close();
      return;
    }
    this.is(state);
    if (state !== "on") this.view.focusTyping();
  }

  /** @param {string} state on, muted, denied, missing */
  is(state) {
    this.state = state;
    this.wantsVoice = state !== "muted"; // a page reloaded while muted stays silent
    this.onChange();
    this.talking = false;
    this.held = false;
    this.takesFrames = state === "on" && this.page.talk === "open";
    this.microphone.listen(this.takesFrames);
    this.report();
    this.view.setMicrophone(state, false);
    if (state !== "on") this.view.setLevel(0);
  }

  report() {
    if (this.state !== "off") this.socket.send({ type: "microphone", state: this.state });
  }

  press() {
    if (!this.microphone.isOpen) this.open();
    else if (this.page.talk === "open") this.is(this.state === "on" ? "muted" : "on");
    else this.#setTalking(!this.talking);
  }

  /** In the hybrid mode a tap is for one turn: it is over when the server thinks about it. */
  follow(state) {
    if (this.page.talk === "hybrid" && this.talking && !this.held && state === "thinking") {
      this.#setTalking(false);
    }
  }

  #setTalking(talking) {
    this.talking = talking;
    this.timers.cancel("talk");
    if (talking) {
      this.media.hush();
      this.socket.send({ type: "talk", active: true });
      this.timers.cancel("end");
      this.takesFrames = true;
      this.microphone.listen(true);
      this.#stopAfter(this.page.talk === "hybrid" ? TURN_MS : MAX_TALK_MS);
    } else {
      this.held = false;
      this.timers.cancel("hold");
      this.microphone.listen(false);
      // The last part of a frame leaves the worklet a moment later; the end is said behind it.
      this.timers.after("end", TALK_TAIL_MS, () => {
        this.takesFrames = false;
        this.socket.send({ type: "talk", active: false });
      });
      this.view.setLevel(0);
    }
    this.view.setMicrophone("on", talking, this.held);
  }

  #stopAfter(ms) {
    this.timers.after("talk", ms, () => this.#setTalking(false));
  }

  // A press begins to listen at once; whether it was a tap or is held shows while it lasts.
  #wireButton() {
    const button = part("talk");
    button.addEventListener("click", () => {
      if (!this.ignoresClick) this.press();
      this.ignoresClick = false;
    });
    button.addEventListener("pointerdown", (event) => {
      this.ignoresClick = false;
      if (this.page.talk !== "hybrid" || !this.microphone.isOpen || this.talking) return;
      button.setPointerCapture(event.pointerId);
      this.ignoresClick = true;
      this.#setTalking(true);
      this.timers.after("hold", HOLD_MS, () => {
        this.held = true;
        this.#stopAfter(MAX_TALK_MS);
        this.view.setMicrophone("on", true, true);
      });
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      button.addEventListener(kind, () => {
        this.timers.cancel("hold");
        if (this.held) this.#setTalking(false);
      });
    }
  }

  #listen() {
    const { microphone, socket, view } = this;
    microphone.addEventListener("frame", ({ detail: { pcm, level } }) => {
      if (!this.takesFrames) return; // on its way when the visitor muted
      socket.sendAudio(pcm);
      view.setLevel(level);
    });
    microphone.addEventListener("lost", () => {
      if (!this.isHere()) return; // the waiting screen listened for somebody to speak to it
      this.is("missing");
      view.focusTyping();
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      if (this.isHere() && this.wantsVoice && this.state === "missing") this.open();
    });
  }
}
