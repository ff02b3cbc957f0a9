import type { MongoClient } from 'mongodb';

/** How long somebody waits for the server, by the driver's own command events. Two questions at once count once. */
export class ServerClock {
  private open = 0;
  private since = 0;
  private total = 0;

  watch(client: MongoClient): void {
    client.on('commandStarted', () => this.begin());
    client.on('commandSucceeded', () => this.end());
    client.on('commandFailed', () => this.end());
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Milliseconds so far; a question that is still open does not count yet. */
  get ms(): number {
    return this.total;
  }

  private begin(): void {
    if (this.open === 0) this.since = performance.now();
    this.open += 1;
  }

  private end(): void {
    if (this.open === 0) return;
    this.open -= 1;
    if (this.open === 0) this.total += performance.now() - this.since;
  }
}
