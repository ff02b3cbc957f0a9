import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledPlan } from '../../../src/core/plan';
import type { Step } from '../../../src/core/step';
import { examplePlan, stepsIn, theStep } from '../example-plan';
import { startSqlLoad, type LoadSummary, type SqlLoad } from '../load';
import type { Hold } from '../lock-watch';
import type { Bench, Line, Measured, Row } from '../row';
import { largest, median, ms, sum, times } from '../stats';
import { Verbs, type Performed } from '../verbs';

/** The freeze and its way back, again and again, while 400 transactions a second write to the seven tables. */
export const freezeRow: Row = {
  id: 'freeze',
  engine: 'postgres',
  title: 'Freeze under load',
  measure: async (bench) => {
    const { small, large } = bench.options.sizes;
    const plan = await examplePlan();
    const places = [await openPlace(bench, plan, small), await openPlace(bench, plan, large)] as const;
    for (const place of places) place.quiet = await withoutFreezes(bench, place);
    for (const place of places) place.load = await load(bench, place);
    for (let cycle = 0; cycle < bench.options.cycles; cycle++)
      for (const place of places) place.cycles.push(await during(place, () => cycleOn(plan, place)));
    for (const place of places) await closePlace(bench, place);
    return report(places, bench.options.load.rate);
  },
};

interface Place {
  readonly rows: number;
  readonly url: string;
  readonly verbs: Verbs;
  readonly cycles: Cycle[];
  load?: SqlLoad;
  quiet?: LoadSummary;
  summary?: LoadSummary;
}

interface Cycle {
  readonly forward: Freeze;
  readonly back: Freeze;
}

interface Freeze {
  /** From the first lock to the answer to COMMIT. */
  readonly heldMs: number;
  /** What the step itself says: from the first lock to its last look at the clock, before the ledger's row and COMMIT. */
  readonly saysMs: number;
  readonly lockWaitMs: number;
  readonly tries: number;
  readonly messages: Hold['messages'];
}

const nameOf = (rows: number): string => `freeze_${rows}`;

async function openPlace(bench: Bench, plan: CompiledPlan, rows: number): Promise<Place> {
  const urls = await (await bench.server()).legacy(nameOf(rows), rows);
  const verbs = await Verbs.open({ plan, urls, storeDir: bench.runDir.file('store') });
  await bench.progress.step(`expand and backfill of ${rows.toLocaleString('en')} rows`, async () => {
    for (const step of stepsIn(plan, 'expand', 'backfill')) await verbs.perform('do', step);
  });
  return { rows, url: urls.app, verbs, cycles: [] };
}

async function withoutFreezes(bench: Bench, place: Place): Promise<LoadSummary> {
  const running = await load(bench, place);
  await running.during(() => sleep(bench.options.idleMs));
  return running.stop();
}

function during<T>(place: Place, work: () => Promise<T>): Promise<T> {
  if (!place.load) throw new Error('The load has not been started.');
  return place.load.during(work);
}

function load(bench: Bench, place: Place): Promise<SqlLoad> {
  return startSqlLoad({ runDir: bench.runDir, name: nameOf(place.rows), url: place.url, load: bench.options.load });
}

async function cycleOn(plan: CompiledPlan, { verbs }: Place): Promise<Cycle> {
  const step = theStep(plan, 'cutover/freeze');
  const forward = freezeOf(await verbs.perform('do', step));
  await sleep(300);
  const back = freezeOf(await verbs.perform('undo', step));
  await asBefore(plan, verbs);
  await sleep(300);
  return { forward, back };
}

/** What the freeze found: nullable columns, validated CHECKs, the trigger that joins new users. Or the next would be another one. */
async function asBefore(plan: CompiledPlan, verbs: Verbs): Promise<void> {
  const again = stepsIn(plan, 'backfill').filter((s) => s.kind === 'required' || s.kind === 'members');
  for (const step of again) {
    if (step.kind === 'required') await verbs.sql('SET lock_timeout = 2000', nullable(step));
    await verbs.perform('do', step);
  }
}

function nullable(step: Extract<Step, { kind: 'required' }>): string {
  return `ALTER TABLE ${step.args.table} ALTER COLUMN ${step.args.column} DROP NOT NULL`;
}

function freezeOf({ result, holds }: Performed): Freeze {
  const longest = [...holds].sort((a, b) => b.ms - a.ms)[0];
  if (!longest) throw new Error('The freeze held no lock that was seen; the watch in lock-watch.ts no longer fits it.');
  const figure = (name: string): number => Number(result.evidence.figures?.[name] ?? Number.NaN);
  return {
    heldMs: longest.ms,
    saysMs: figure('heldMs'),
    lockWaitMs: figure('lockWaitMs'),
    tries: figure('tries'),
    messages: longest.messages,
  };
}

async function closePlace(bench: Bench, place: Place): Promise<void> {
  place.summary = await place.load?.stop();
  await place.verbs.close();
  await (await bench.server()).drop(nameOf(place.rows));
}

function report(places: readonly [Place, Place], rate: number): Measured {
  const medians = places.map((p) => median(p.cycles.map((c) => c.forward.heldMs))) as [number, number];
  const backs = places.map((p) => median(p.cycles.map((c) => c.back.heldMs))) as [number, number];
  const of = (place: Place): Line => {
    const held = place.cycles.map((c) => c.forward.heldMs);
    return {
      what: `freeze held at ${rate} tx/s, ${place.rows.toLocaleString('en')} rows`,
      measured: `${ms(median(held))} (max ${ms(largest(held))}, of ${held.length})`,
      target: '<= 15 ms',
      ratio: '',
      met: median(held) <= 15,
    };
  };
  const ratio = medians[1] / medians[0];
  const refused = sum(places.map((p) => p.summary?.refused ?? Number.NaN));
  const written = sum(places.map((p) => p.summary?.ok ?? 0));
  return {
    lines: [
      of(places[0]),
      of(places[1]),
      {
        what: 'the same, large against small',
        measured: times(ratio),
        target: '<= 1.5x',
        ratio: times(ratio),
        met: ratio <= 1.5,
      },
      {
        what: 'writes refused during the freezes',
        measured: `${refused} of ${written}`,
        target: '0',
        ratio: '',
        met: refused === 0,
      },
      {
        what: 'switch back held',
        measured: `${ms(backs[0])} and ${ms(backs[1])}`,
        target: '-',
        ratio: times(backs[1] / backs[0]),
      },
    ],
    data: places.map(({ rows, cycles, quiet, summary }) => ({
      rows,
      cycles,
      withoutFreezes: quiet,
      withFreezes: summary,
    })),
    notes: notes(places),
  };
}

function notes(places: readonly [Place, Place]): readonly string[] {
  const both = (pick: (place: Place) => number): string => places.map((p) => ms(pick(p))).join(' and ');
  return [
    'Held is from the first of the seven locks to the answer to COMMIT, the ledger’s row included. Between two freezes everything is put back as the first one found it, under the same load.',
    `Waiting for the locks, within the hold: ${both((p) => median(p.cycles.map((c) => c.forward.lockWaitMs)))}; tries: at most ${largest(places.flatMap((p) => p.cycles.map((c) => c.forward.tries)))}.`,
    `Application: p99 ${both((p) => p.summary?.p99 ?? Number.NaN)}, longest ${both((p) => p.summary?.maxMs ?? Number.NaN)}; without freezes p99 ${both((p) => p.quiet?.p99 ?? Number.NaN)}, longest ${both((p) => p.quiet?.maxMs ?? Number.NaN)}. The validations between the freezes are part of the former.`,
  ];
}
