import { examplePlan, stepsIn } from '../example-plan';
import { startSqlLoad, type LoadSummary } from '../load';
import type { Hold } from '../lock-watch';
import type { Bench, Line, Measured, Row } from '../row';
import { sampleLocks, type Seen } from '../sampled-locks';
import { largest, median, ms, round, times } from '../stats';
import { Verbs, type Performed } from '../verbs';
import type { CompiledPlan } from '../../../src/core/plan';
import type { RoleUrls } from '../../../src/dev/roles';

/** Expand, backfill and the way back, again and again on one database per size, while an application writes. */
export const locksRow: Row = {
  id: 'locks',
  engine: 'postgres',
  title: 'Longest lock that stops the application, expand + backfill',
  measure: async (bench) => {
    const { small, large } = bench.options.sizes;
    const plan = await examplePlan();
    const places = [await openPlace(bench, small), await openPlace(bench, large)] as const;
    for (let cycle = 0; cycle < bench.options.cycles; cycle++)
      for (const place of places) place.cycles.push(await place.load.during(() => cycleOn(bench, plan, place)));
    for (const place of places) await crossCheck(bench, plan, place);
    for (const place of places) await closePlace(bench, place);
    return report(places);
  },
};

interface Place {
  readonly rows: number;
  readonly urls: RoleUrls;
  readonly load: Awaited<ReturnType<typeof startSqlLoad>>;
  readonly cycles: Cycle[];
  seen?: Seen;
  summary?: LoadSummary;
}

interface Cycle {
  readonly forward: Longest;
  readonly back: Longest;
  readonly seconds: number;
}

interface Longest {
  readonly ms: number;
  readonly step: string;
  readonly hold?: Hold;
  /** The longest of each kind of step, milliseconds. */
  readonly byStep: Readonly<Record<string, number>>;
}

const nameOf = (rows: number): string => `locks_${rows}`;

async function openPlace(bench: Bench, rows: number): Promise<Place> {
  const urls = await (await bench.server()).legacy(nameOf(rows), rows);
  const load = await startSqlLoad({
    runDir: bench.runDir,
    name: nameOf(rows),
    url: urls.app,
    load: bench.options.load,
  });
  return { rows, urls, load, cycles: [] };
}

async function closePlace(bench: Bench, place: Place): Promise<void> {
  place.summary = await place.load.stop();
  await (await bench.server()).drop(nameOf(place.rows));
}

async function cycleOn(bench: Bench, plan: CompiledPlan, place: Place): Promise<Cycle> {
  const from = performance.now();
  const verbs = await Verbs.open({ plan, urls: place.urls, storeDir: bench.runDir.file('store') });
  try {
    const steps = stepsIn(plan, 'expand', 'backfill');
    const forward: Performed[] = [];
    const back: Performed[] = [];
    for (const step of steps) forward.push(await verbs.perform('do', step));
    for (const step of [...steps].reverse()) back.push(await verbs.perform('undo', step));
    return { forward: longest(forward), back: longest(back), seconds: (performance.now() - from) / 1000 };
  } finally {
    await verbs.close();
  }
}

function longest(performed: readonly Performed[]): Longest {
  const holds = performed.flatMap(({ step, holds: own }) => own.map((hold) => ({ step, hold })));
  const byStep: Record<string, number> = {};
  for (const { step, hold } of holds) byStep[step] = Math.max(byStep[step] ?? 0, round(hold.ms));
  const worst = holds.sort((a, b) => b.hold.ms - a.hold.ms)[0];
  return {
    ms: worst?.hold.ms ?? Number.NaN,
    step: worst?.step ?? 'none',
    ...(worst ? { hold: worst.hold } : {}),
    byStep,
  };
}

/** Once more, watched from outside: what is held outside transactions would be seen here and nowhere else. */
async function crossCheck(bench: Bench, plan: CompiledPlan, place: Place): Promise<void> {
  const sampler = await sampleLocks(place.urls.superuser);
  await place.load
    .during(() => cycleOn(bench, plan, place))
    .finally(async () => {
      place.seen = await sampler.stop();
    });
}

function report(places: readonly [Place, Place]): Measured {
  const [small, large] = places.map((p) => median(p.cycles.map((c) => c.forward.ms))) as [number, number];
  const backs = places.map((p) => median(p.cycles.map((c) => c.back.ms))) as [number, number];
  const of = (place: Place): Line => {
    const own = place.cycles.map((c) => c.forward.ms);
    return {
      what: `longest lock, expand + backfill, ${place.rows.toLocaleString('en')} rows`,
      measured: `${ms(median(own))} (max ${ms(largest(own))}, of ${own.length})`,
      target: '<= 20 ms',
      ratio: '',
      met: median(own) <= 20,
    };
  };
  const refused = places.reduce((sum, p) => sum + (p.summary?.refused ?? 0), 0);
  return {
    lines: [
      of(places[0]),
      of(places[1]),
      {
        what: 'the same, large against small',
        measured: times(large / small),
        target: '<= 3x',
        ratio: times(large / small),
        met: large / small <= 3,
      },
      {
        what: 'longest lock on the way back',
        measured: `${ms(backs[0])} and ${ms(backs[1])}`,
        target: '-',
        ratio: times(backs[1] / backs[0]),
      },
      { what: 'transactions refused meanwhile', measured: String(refused), target: '0', ratio: '', met: refused === 0 },
    ],
    data: places.map(({ rows, cycles, seen, summary }) => ({ rows, cycles, seen, load: summary })),
    notes: notes(places),
  };
}

function notes(places: readonly [Place, Place]): readonly string[] {
  const worst = places.map((p) => [...p.cycles].sort((a, b) => b.forward.ms - a.forward.ms)[0]?.forward.step);
  return [
    'The handlers of the steps are called as a worker calls them (claim, token, ledger), without Temporal; forward and back on the same database, both sizes in turn, each under 400 transactions a second.',
    'A hold is counted in the session itself: from the moment the lock is had (or, where the step notes none, from before the message that asked for it, so with the wait) to the answer to COMMIT.',
    `Longest in: ${worst.join(' and ')}. Watched from outside by pg_locks: ${places.map((p) => seenText(p.seen)).join('; ')}.`,
    `Longest transaction of the application in all that time: ${places.map((p) => `${ms(p.summary?.maxMs ?? Number.NaN)} (p99 ${ms(p.summary?.p99 ?? Number.NaN)})`).join(' and ')}.`,
  ];
}

function seenText(seen: Seen | undefined): string {
  if (!seen) return 'not watched';
  return `${ms(seen.longestMs)} on ${seen.lock || 'nothing'} (every ${ms(seen.everyMs)}, longest pause ${ms(seen.longestPauseMs)})`;
}
