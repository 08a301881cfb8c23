/** Keeps what a session of the JavaScript SDK receives, and waits for what comes next. */

const PATIENCE_MS = 20000;

export class Listener {
  constructor(session) {
    this.seen = [];
    this.connectionErrors = [];
    this._read = 0;
    this._wake = () => {};
    session.subscribe({
      onServerEvent: async (event) => {
        this.seen.push(event);
        this._wake();
      },
      onError: async (args) => {
        this.connectionErrors.push(String(args.error?.message ?? args.error));
        this._wake();
      },
    });
  }

  /** Return the next event of a type; the events before it count as read. */
  async until(type) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      while (this._read < this.seen.length) {
        const event = this.seen[this._read];
        this._read += 1;
        if (event.type === type) return event;
      }
      const left = deadline - Date.now();
      if (left <= 0 || this.connectionErrors.length > 0) {
        const kinds = this.seen.map((event) => event.type).join(" ");
        const errors = this.seen.filter((event) => event.type === "error");
        const told = JSON.stringify([...errors.map((e) => e.error), ...this.connectionErrors]);
        throw new Error(`no ${type} came; seen: ${kinds}; errors: ${told}`);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this._wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Return how many bytes of sound a response brought. */
  bytesOfAudio(responseId) {
    return this.seen
      .filter((event) => event.type === "response.audio.delta" && event.responseId === responseId)
      .reduce((sum, event) => sum + event.delta.length, 0);
  }
}
