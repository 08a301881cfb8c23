// Timers by name: setting one again replaces it, and all of them end together.

export class Timers {
  constructor() {
    this.running = new Map();
  }

  has(name) {
    return this.running.has(name);
  }

  after(name, ms, action) {
    this.cancel(name);
    const timer = setTimeout(() => {
      this.running.delete(name);
      action();
    }, ms);
    this.running.set(name, timer);
  }

  cancel(name) {
    clearTimeout(this.running.get(name));
    this.running.delete(name);
  }

  clear() {
    for (const name of [...this.running.keys()]) this.cancel(name);
  }
}
