/** What a worker found when it asked one of its targets who it is; nothing of it is secret. */
export interface TargetReport {
  readonly name: string;
  readonly kind: 'postgres' | 'mongodb' | 'http' | 'env-file' | 'secret-store' | 'service' | 'log';
  readonly reachable: boolean;
  /** Version, role, database, status: what was observed. */
  readonly facts: Readonly<Record<string, string>>;
  /** What stops a run, each with how to mend it. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}
