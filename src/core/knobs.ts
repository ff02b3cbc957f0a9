import type { People } from './people';

/** How hard windowed work goes, as an operator says it while it runs. What is absent the tool decides. */
export interface Knobs {
  /** Rows or documents per window. */
  readonly window?: number;
  /** Between two windows. */
  readonly pauseMs?: number;
  /** Rows or documents. */
  readonly maxPerSecond?: number;
}

export type KnobName = keyof Knobs;

interface Knob {
  readonly least: number;
  readonly most: number;
  readonly what: string;
}

export const KNOBS: Readonly<Record<KnobName, Knob>> = {
  window: { least: 1, most: 10_000, what: 'rows or documents per window' },
  // Longer, and nobody could tell a backfill that pauses from one that hangs.
  pauseMs: { least: 0, most: 10_000, what: 'milliseconds between two windows' },
  maxPerSecond: { least: 1, most: 1_000_000, what: 'rows or documents per second' },
};

export const KNOB_NAMES = Object.keys(KNOBS) as readonly KnobName[];

/** What `cutover set` asks for: values, and knobs that the tool shall decide again. */
export interface KnobChange {
  readonly set: Knobs;
  readonly auto: readonly KnobName[];
}

export interface GetKnobsInput {
  readonly home: string;
  /** A run's id, or a plan's name for the run of it that holds the target. */
  readonly run: string;
}

export interface SetKnobsInput extends GetKnobsInput, KnobChange {
  readonly by: string;
}

export interface KnobsAnswer {
  readonly run: string;
  readonly knobs: Knobs;
  /** Who said the last of it, and when by the database's clock (ISO 8601); absent = nobody has said anything. */
  readonly by?: string;
  readonly at?: string;
}

/** `window=200 pauseMs=auto`; a text answer says which word is wrong and what may stand there. */
export function parseKnobs(words: readonly string[]): KnobChange | string {
  const set: { -readonly [K in KnobName]?: number } = {};
  const auto: KnobName[] = [];
  for (const word of words) {
    const [, name = '', value = ''] = /^([^=]*)=([^]*)$/.exec(word) ?? [];
    if (!isKnob(name)) return `${JSON.stringify(word)} sets nothing; write one of ${EXAMPLES}.`;
    if (set[name] !== undefined || auto.includes(name)) return `${name} is given twice; give it once.`;
    if (value === 'auto') auto.push(name);
    else if (/^\d{1,9}$/.test(value)) set[name] = Number(value);
    else return `${name}: found ${JSON.stringify(value)}, expected ${expected(name)}, or auto.`;
  }
  if (words.length === 0) return `Nothing is set; write one of ${EXAMPLES}.`;
  return outOfBounds(set) ?? { set, auto };
}

/** The first value that is no whole number within its bounds; undefined when all are. */
export function outOfBounds(set: Knobs): string | undefined {
  for (const name of KNOB_NAMES) {
    const value = set[name];
    const { least, most } = KNOBS[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most))
      return `${name}: found ${value}, expected ${expected(name)}, or auto.`;
  }
  return undefined;
}

/** Why a worker does not take this; undefined when it does. The sender has been checked by nobody. */
export function refusesKnobs(people: People, { by, set, auto }: SetKnobsInput): string | undefined {
  if (!Object.hasOwn(people.roles, by)) return `Nobody of the name ${by} is in the people file of the worker.`;
  if (KNOB_NAMES.every((name) => set[name] === undefined && !auto.includes(name))) return 'Nothing is set.';
  return outOfBounds(set);
}

/** Only what is a knob and within its bounds: stores may hold what another version wrote. */
export function knobsIn(stored: unknown): Knobs {
  if (typeof stored !== 'object' || stored === null) return {};
  const known = KNOB_NAMES.flatMap((name) => {
    const raw = (stored as Readonly<Record<string, unknown>>)[name];
    const value = raw === undefined || raw === null ? Number.NaN : Number(raw);
    return outOfBounds({ [name]: value }) === undefined ? [[name, value] as const] : [];
  });
  return Object.fromEntries(known);
}

/** `window=200, pauseMs=20`; empty when nothing is set. */
export function knobsText(knobs: Knobs): string {
  return KNOB_NAMES.flatMap((name) => (knobs[name] === undefined ? [] : [`${name}=${knobs[name]}`])).join(', ');
}

/** How long to wait so that a rate is not exceeded; milliseconds. */
export function owedMs(done: number, elapsedMs: number, { maxPerSecond }: Knobs): number {
  if (maxPerSecond === undefined || maxPerSecond <= 0) return 0;
  return Math.max(0, (done / maxPerSecond) * 1000 - elapsedMs);
}

function isKnob(name: string): name is KnobName {
  return Object.hasOwn(KNOBS, name);
}

function expected(name: KnobName): string {
  const { least, most, what } = KNOBS[name];
  return `${what}, ${least} to ${most.toLocaleString('en-US')}`;
}

const EXAMPLES = KNOB_NAMES.map((name) => `${name}=<number or auto>`).join(', ');
