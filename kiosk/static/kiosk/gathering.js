// When an offer says enough: as soon as it names every kind of way out that was found before.

const LONGEST_MS = 3_000;

/**
 * A browser calls gathering complete 100 ms and more after the last address that helps, because it
 * then tries TCP, and tens of seconds after it when a server does not answer. So each gathering
 * notes what it came to, and the next, with the same servers, waits for no more than that.
 */
export class Gathering {
  constructor() {
    this.forget();
  }

  /** The known ways led nowhere: wait for all of them the next time. */
  forget() {
    this.servers = null;
    this.known = null;
  }

  /** Resolve when the peer's offer is worth sending; to be called before it is described. */
  of(peer, servers) {
    const urls = JSON.stringify(servers.map((server) => server.urls));
    const known = urls === this.servers ? this.known : null;
    const found = { host: 0, srflx: 0, relay: 0 };
    const note = () => {
      const isSomething = found.host + found.srflx + found.relay > 0;
      if (peer.signalingState === "closed" || !isSomething) return;
      this.servers = urls;
      this.known = { ...found };
    };
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        note();
        resolve();
      }, LONGEST_MS);
      const enough = () => {
        clearTimeout(timer);
        resolve();
      };
      peer.addEventListener("icecandidate", ({ candidate }) => {
        // An avatar is never reached by TCP without a relay, and one relay is enough.
        if (!candidate || candidate.protocol === "tcp") return;
        if (candidate.type === "relay") found.relay = 1;
        else if (candidate.type in found) found[candidate.type] += 1;
        if (known && Object.keys(known).every((kind) => found[kind] >= known[kind])) enough();
      });
      peer.addEventListener("icegatheringstatechange", () => {
        if (peer.iceGatheringState !== "complete") return;
        note();
        enough();
      });
    });
  }
}
