/** Who did a manual step, when, and what proves it. */
export interface Tick {
  readonly by: string;
  readonly proof: string;
  readonly at: string;
}
