import type { Json } from './json';
import type { HttpExpectation } from './outside-args';
import type { Actor, Expectation } from './tenancy-args';

export type Probe =
  | {
      readonly kind: 'http';
      readonly name: string;
      readonly target: string;
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly expect: HttpExpectation;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'sql';
      readonly name: string;
      readonly sql: string;
      readonly expect: Expectation;
      readonly as: Actor;
    }
  | (AggregateQuestion & { readonly kind: 'aggregate'; readonly name: string; readonly as: Actor })
  /** The lines that were added to a log of the application, read where the worker's config says it is. */
  | {
      readonly kind: 'log';
      readonly name: string;
      readonly target: string;
      /** A line that contains one of these is an error. */
      readonly errors: readonly string[];
      /** More of them than so many times the rate before the cutover is a failure. */
      readonly factor: number;
      /** The preflight step that has captured where the log ended. */
      readonly baseline: string;
    }
  /** The database server's own word about itself: reachable, primary, its assertions and queues. */
  | { readonly kind: 'server'; readonly name: string };

export interface ObserveArgs {
  readonly forMs: number;
  readonly everyMs: number;
  readonly failures: number;
  readonly of: number;
  readonly then: 'hold' | 'rollback' | 'notify';
  readonly probes: readonly Probe[];
  /** Tables whose rows are stamped: whoever still forgets the key is counted from the start of observe (capture `forgotten`). */
  readonly stamped?: readonly { readonly table: string; readonly column: string }[];
  /** Logs whose lines since preflight are kept in a store, beside the backup. */
  readonly keep?: { readonly store: string; readonly logs: readonly string[]; readonly baseline: string };
  /** New indexes, `schema.name`: how often they were used is shown at the end. */
  readonly indexes?: readonly string[];
}

export interface AggregateQuestion {
  readonly table: string;
  /** Stages as extended JSON. `$out`, `$merge`, `$where` and `$function` are refused. */
  readonly pipeline: readonly Json[];
  readonly expect: Expectation;
}
