/** One statement as it is sent, and what the application meets of it. */
export interface Statement {
  readonly sql: string;
  readonly lock: string;
}

/** A kind's statements in order, as the offline preview shows them; steps send the same texts. */
export interface StepStatements {
  readonly forward: readonly Statement[];
  readonly back: readonly Statement[];
}

/** What a step would do, for people and offline: the very texts that it sends, with `<...>` for what only a run knows. */
export interface StepDescription {
  /** One sentence. */
  readonly sentence: string;
  readonly statements: readonly Statement[];
  /** The way back, in its order; empty where there is nothing to take back, or no way (see `irreversible` of the step). */
  readonly undo: readonly Statement[];
  /** What the statements do not show: reads, programs, what is waited for. */
  readonly notes: readonly string[];
}
