/** How long somebody waits for the database. Two questions at once count once. */
export class Waiting {
  private open = 0;
  private since = 0;
  private total = 0;

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.open === 0) this.since = performance.now();
    this.open += 1;
    try {
      return await work();
    } finally {
      this.open -= 1;
      if (this.open === 0) this.total += performance.now() - this.since;
    }
  }

  /** Milliseconds so far; a question that is still open does not count yet. */
  get ms(): number {
    return this.total;
  }
}
