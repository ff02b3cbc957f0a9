import { open, rm, stat } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { chooseCompression, dump } from '../../../activities/postgres/backup/dump';
import { withLibpqEnv } from '../../../activities/postgres/backup/libpq';
import { withSnapshot } from '../../../activities/postgres/backup/snapshot';
import { findPgTool } from '../../../activities/postgres/tools';
import type { PostgresTarget } from '../../../activities/resources';
import type { RoleUrls } from '../../../src/dev/roles';
import { examplePlan, theStep } from '../example-plan';
import type { Bench, Measured, Row } from '../row';
import { median, round, times } from '../stats';
import { Verbs } from '../verbs';
import { openSession } from '../../../activities/postgres/session';

/** The tool's backup step against what a person would type. */
export const backupRow: Row = {
  id: 'backup',
  engine: 'postgres',
  title: 'Backup against pg_dump -Fc',
  measure: async (bench) => {
    const server = await bench.server();
    const rows = bench.options.sizes.large;
    const urls = await server.legacy('backup', rows);
    const taken: Taken[] = [];
    for (let n = 0; n < Math.max(2, bench.options.repeats); n++) taken.push(await takeAll(bench, urls, n));
    await server.drop('backup');
    return report(rows, taken, (await chooseCompression()).kind);
  },
};

interface Taken {
  readonly plain: One;
  readonly dumpOnly: One;
  readonly step: One;
}

interface One {
  readonly seconds: number;
  readonly bytes: number;
}

async function takeAll(bench: Bench, urls: RoleUrls, n: number): Promise<Taken> {
  return {
    plain: await plainDump(bench, urls, n),
    dumpOnly: await dumpOnly(bench, urls, n),
    step: await backupStep(bench, urls, n),
  };
}

async function plainDump(bench: Bench, urls: RoleUrls, n: number): Promise<One> {
  const file = bench.runDir.file('dumps', `plain-${n}.dump`);
  const bin = join((await bench.server()).clients, 'pg_dump');
  const url = new URL(urls.cutover);
  const from = performance.now();
  await ended(bin, ['--format=custom', '--no-password', `--file=${file}`], {
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: url.username,
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: url.pathname.slice(1),
  });
  return finish(file, from);
}

/** The tool's own dump without counts, digests and reading back. */
async function dumpOnly(bench: Bench, urls: RoleUrls, n: number): Promise<One> {
  const file = bench.runDir.file('dumps', `only-${n}.dump`);
  const target: PostgresTarget = { kind: 'postgres', name: 'app', url: () => urls.cutover };
  const from = performance.now();
  const pgDump = await findPgTool({ name: 'pg_dump', atLeastMajor: 14, bin: (await bench.server()).clients });
  const compression = await chooseCompression();
  await using session = await openSession({ url: urls.cutover, applicationName: 'bench', readOnly: true });
  await withSnapshot(session, (snapshot) =>
    withLibpqEnv(target, 'bench', async (env) => {
      const handle = await open(file, 'w');
      const signal = new AbortController().signal;
      await dump({
        pgDump,
        env,
        snapshot: snapshot.id,
        excludeSchemas: ['cutover'],
        file: handle,
        compression,
        signal,
        onBytes: () => undefined,
      });
      await handle.close();
    }),
  );
  return await finish(file, from);
}

async function backupStep(bench: Bench, urls: RoleUrls, n: number): Promise<One> {
  const plan = await examplePlan();
  const storeDir = bench.runDir.file(`store-${n}`);
  const verbs = await Verbs.open({ plan, urls, storeDir, bin: (await bench.server()).clients });
  const from = performance.now();
  const { result } = await verbs.perform('do', theStep(plan, 'backup/dump'));
  const seconds = (performance.now() - from) / 1000;
  await verbs.close();
  await rm(storeDir, { recursive: true, force: true });
  return { seconds, bytes: Number(result.evidence.figures?.['bytes']) };
}

async function finish(file: string, from: number): Promise<One> {
  const seconds = (performance.now() - from) / 1000;
  const { size } = await stat(file);
  await rm(file);
  return { seconds, bytes: size };
}

function ended(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      env: { ...env, PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with exit code ${code ?? 'none'}.`)),
    );
  });
}

function report(rows: number, taken: readonly Taken[], compression: string): Measured {
  const seconds = (pick: (t: Taken) => One): number => median(taken.map((t) => pick(t).seconds));
  const [plain, only, step] = [seconds((t) => t.plain), seconds((t) => t.dumpOnly), seconds((t) => t.step)];
  const bytes = { plain: taken[0]?.plain.bytes ?? Number.NaN, step: taken[0]?.step.bytes ?? Number.NaN };
  const mb = (n: number): string => `${round(n / 1e6)} MB`;
  return {
    lines: [
      {
        what: `pg_dump -Fc, ${rows.toLocaleString('en')} rows`,
        measured: `${round(plain)} s, ${mb(bytes.plain)}`,
        target: '-',
        ratio: '1.00x',
      },
      {
        what: 'backup step (dump, counts, digests, read back)',
        measured: `${round(step)} s`,
        target: '>= 4x faster',
        ratio: times(plain / step),
        met: plain / step >= 4,
      },
      {
        what: 'size of its dump',
        measured: mb(bytes.step),
        target: 'not larger',
        ratio: times(bytes.step / bytes.plain),
        met: bytes.step <= bytes.plain,
      },
      { what: 'its dump alone', measured: `${round(only)} s`, target: '-', ratio: times(plain / only) },
      {
        what: 'counts, digests, reading back add',
        measured: `${round(step - only)} s`,
        target: '-',
        ratio: times((step - only) / only),
      },
    ],
    data: taken,
    notes: [
      `Medians of ${taken.length}, taken in turn, warm cache, nobody else writing. Compression of ours: ${compression}. The step also exports roles, hashes every row of every table in the dump’s own snapshot, reads its files back and writes the ledger.`,
    ],
  };
}
