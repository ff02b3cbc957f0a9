/**
 * A change that was written beside the live file and, until it goes live, means nothing to anybody. This is what the
 * ledger has of it: hashes and names; the values stay beside the file. Digests are 64 hex digits of SHA-256.
 */
// A type, not an interface: it must pass for Json.
export type Staged = {
  readonly target: string;
  readonly sha256Before: string;
  readonly sha256After: string;
  readonly keys: readonly string[];
};

/**
 * Where settings live. A file now; Vault or a cloud's store fit behind it: a version that is written but not current,
 * made current at once, and put back. Everything is idempotent and looks first.
 */
export interface ConfigStore {
  /** Live keys and values. Secret: to be compared, never shown. */
  read(): Promise<ReadonlyMap<string, string>>;
  /** What `set` would change, without changing anything. */
  plan(change: ConfigChange): Promise<Staged>;
  /** @throws Refused when what is live is neither the `before` nor the `after` of the plan: somebody edited it. */
  stage(run: string, change: ConfigChange, staged: Staged): Promise<void>;
  isLive(staged: Staged): Promise<boolean>;
  /** @throws Refused, as `stage`. */
  goLive(run: string, staged: Staged): Promise<void>;
  /** What was live before becomes live again, and the change staged again. */
  goBack(run: string, staged: Staged): Promise<void>;
  /** The staged change and what was kept for going back are gone. */
  unstage(run: string, staged: Staged): Promise<void>;
  /** For people: where what was live before is kept. */
  keptAt(run: string): Promise<string>;
}

/** Exactly one of the two is set. */
export type ConfigChange = { readonly set: Readonly<Record<string, string>> } | { readonly remove: readonly string[] };
