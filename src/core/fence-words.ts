import type { FenceSpec } from './freeze-args';

export type WriteKind = 'insert' | 'update' | 'delete';

/** What is known of a mechanism without a server. */
export interface FenceWords {
  readonly name: FenceSpec['mechanism'];
  /** What is done to close it, and to open it. */
  readonly how: string;
  /** Who opens it when nobody else does. */
  readonly expires: 'self' | 'watchdog' | 'never';
  readonly doesNotStop: readonly string[];
  readonly alsoStops: readonly string[];
  /** Writes that the application's own user must be refused once it is closed; empty = there is nobody to ask. */
  readonly refuses: readonly WriteKind[];
  /** The server's codes for a refusal. */
  readonly refusal: readonly number[];
}

/** What each mechanism promises and what it does not: shown in the preview and at the gate, held in the freeze. */
export const FENCE_WORDS: Readonly<Record<FenceSpec['mechanism'], FenceWords>> = {
  role: {
    name: 'role',
    how: "the application's user loses every role that can write, and keeps or is lent one that reads; then it gets back what it had",
    expires: 'watchdog',
    doesNotStop: ['other users of the database', "whatever writes through the tool's own user"],
    alsoStops: [
      'cursors and transactions that the application has open (its sessions are ended once)',
      'writes of a new build that are part of its start: a build that must write to become healthy needs another fence',
    ],
    refuses: ['insert', 'update', 'delete'],
    refusal: [13],
  },
  validator: {
    name: 'validator',
    how: 'every collection of the plan gets a validator that no document meets; then the one it had before',
    expires: 'watchdog',
    doesNotStop: [
      'deletes (harmless where documents are stamped in place)',
      'users who may bypass document validation',
      'collections that the plan does not name',
    ],
    alsoStops: [
      'inserts and updates of every user, the tool included: it stamps with bypassDocumentValidation',
      'cursors and transactions that the application has open (its sessions are ended once)',
      'writes of a new build that are part of its start: a build that must write to become healthy needs another fence',
    ],
    refuses: ['insert', 'update'],
    refusal: [121],
  },
  'write-block': {
    name: 'write-block',
    how: 'setUserWriteBlockMode refuses the writes of every user; then it is switched off again',
    expires: 'watchdog',
    doesNotStop: ['users with the privilege bypassWriteBlockingMode, of which the tool must be one'],
    alsoStops: ['writes to every other database of the cluster', 'index builds and other changes of schema'],
    refuses: ['insert', 'update', 'delete'],
    refusal: [371],
  },
  hook: {
    name: 'hook',
    how: "the plan's command `close` makes the application read-only; then its command `open` lets it write again",
    expires: 'watchdog',
    doesNotStop: [
      "whatever does not ask the application's own read-only switch; only the silence of the change stream proves it",
    ],
    alsoStops: [],
    refuses: [],
    refusal: [],
  },
};

/** The same for a preview, a line each: whoever reads it has not seen such a fence yet. */
export function fenceNotes(spec: FenceSpec): readonly string[] {
  const { name, how, expires, doesNotStop, alsoStops } = FENCE_WORDS[spec.mechanism];
  return [
    `${name}: ${how}`,
    `expires: ${expires}${WHO_OPENS[expires]}`,
    ...doesNotStop.map((who) => `does not stop: ${who}`),
    ...(alsoStops.length === 0 ? ['also stops: nothing else'] : alsoStops.map((what) => `also stops: ${what}`)),
    "by hand, when the worker's machine is gone: cutover fence open",
  ];
}

const WHO_OPENS: Readonly<Record<FenceWords['expires'], string>> = {
  self: ' (the server opens it when its time is over)',
  watchdog:
    ' (a process of its own, started and proved before, opens it when its time is over and nothing is switched; so does every worker that starts)',
  never: ' (nobody opens it but this run, or you)',
};

/** One line for a gate: what stops writes, who opens it, what it leaves open. */
export function fenceText(spec: FenceSpec): string {
  const { name, expires, doesNotStop, alsoStops } = FENCE_WORDS[spec.mechanism];
  return [
    `${name}, expires: ${expires}`,
    `does not stop: ${doesNotStop.join('; ')}`,
    `also stops: ${alsoStops.length === 0 ? 'nothing else' : alsoStops.join('; ')}`,
    "by hand, when the worker's machine is gone: cutover fence open",
  ].join('. ');
}
