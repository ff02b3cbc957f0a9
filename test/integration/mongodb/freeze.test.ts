import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FenceDocument } from '../../../activities/mongodb/fence/control';
import { freezeStep } from '../../../activities/mongodb/steps/freeze';
import type { MongoStepHandler } from '../../../activities/mongodb/context';
import type { RefuseFreeze } from '../../../src/core/freeze-args';
import { projectRoot } from '../../../src/dev/project-root';
import { FREEZE, freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

const PATIENCE = 90_000;
let bench: FreezeBench;

beforeEach(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

/** Watchdogs whose worker was killed: their database is about to go. */
const orphans: number[] = [];

afterEach(async () => {
  for (const pid of orphans.splice(0)) {
    try {
      process.kill(pid);
    } catch {
      // it has ended by itself
    }
  }
  await bench?.close();
}, PATIENCE);

interface World {
  readonly build: string;
  readonly env: string;
  readonly roles: unknown;
  readonly validators: unknown;
}

/** All that a freeze touches but for the documents. */
async function world(): Promise<World> {
  const { users } = await bench.db.command({ usersInfo: 'app' });
  const listed = await bench.db.listCollections().toArray();
  return {
    build: await bench.build(),
    env: await readFile(join(bench.dir, 'app.env'), 'utf8'),
    roles: (users as readonly { readonly roles: readonly { role: string }[] }[])[0]?.roles.map((r) => r.role).sort(),
    validators: listed
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(({ name, ...rest }) => {
        const {
          validator = {},
          validationLevel = 'strict',
          validationAction = 'error',
        } = (rest as { options?: Record<string, unknown> }).options ?? {};
        return { name, validator, validationLevel, validationAction };
      }),
  };
}

async function until(what: (found: FenceDocument | undefined) => boolean): Promise<FenceDocument> {
  for (;;) {
    const found = await bench.control.read();
    if (what(found) && found) return found;
    await sleep(25);
  }
}

async function appMayWrite(): Promise<void> {
  const leads = bench.app.collection('leads');
  await expect(leads.insertOne({ name: 'flow', tenantId: 'default' })).resolves.toMatchObject({ acknowledged: true });
  await expect(leads.deleteOne({ name: 'flow' })).resolves.toMatchObject({ deletedCount: 1 });
}

const NEXT = { name: 'no tenant' };

test(
  'a freeze fences, proves, sweeps, switches, proves and opens; what was written without a key before is stamped, what comes later without one is refused',
  async () => {
    await bench.app.collection('leads').insertOne({ ...NEXT });
    const evidence = await bench.run.do(bench.step());
    expect(evidence).toMatchObject({
      verdict: 'pass',
      figures: { sweptRows: 1, refused: 3, tries: 1, announcedMs: 60_000 },
    });
    expect(evidence.figures?.['heldMs']).toBeGreaterThan(0);
    expect(await bench.build()).toBe('v2');
    expect((await world()).env).toMatch(/MULTI_TENANT=1/);
    expect(await bench.db.collection('leads').findOne(NEXT)).toMatchObject({ tenantId: 'default' });
    await expect(bench.app.collection('leads').insertOne({ name: 'late' })).rejects.toMatchObject({ code: 121 });
    await appMayWrite();
    expect(await bench.control.read()).toMatchObject({ state: 'open', outcome: 'new', settled: true });
  },
  PATIENCE,
);

test(
  'the fence by validator sweeps behind itself and gives way to the new validators',
  async () => {
    await bench.app.collection('leads').insertOne({ ...NEXT });
    const evidence = await bench.run.do(bench.step({ fence: { mechanism: 'validator' } }));
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { sweptRows: 1, refused: 2 } });
    await expect(bench.app.collection('leads').insertOne({ name: 'late' })).rejects.toMatchObject({ code: 121 });
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'the switch back restores build, configuration, validators and roles; undoing what never happened says so',
  async () => {
    const before = await world();
    expect((await bench.run.undo(bench.step())).summary).toMatch(/never committed/);
    await bench.run.do(bench.step());
    expect(await world()).not.toEqual(before);
    const evidence = await bench.run.undo(bench.step());
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { refused: 3 } });
    expect(await world()).toEqual(before);
    await appMayWrite();
    expect((await bench.run.undo(bench.step())).summary).toMatch(/switched back already/);
  },
  PATIENCE,
);

test(
  'a writer that nobody stopped is heard by the change stream: the freeze fails, names it, and puts everything back',
  async () => {
    const before = await world();
    const stop = new AbortController();
    const ingesting = (async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        await bench.db.collection('ingested').insertOne({ n });
        await sleep(20);
      }
    })();
    await bench.db.collection('ingested').insertOne({ n: -1 });
    const frozen = bench.run.do(bench.step({ quietMs: 500 })).finally(async () => {
      stop.abort();
      await ingesting;
    });
    await expect(frozen).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/insert in ingested.*All was put back/),
    });
    const after = await world();
    expect({ ...after, validators: 0 }).toEqual({ ...before, validators: 0 });
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'writers are stopped before the fence and started again at the end, also when the freeze fails',
  async () => {
    const flag = join(bench.dir, 'stopped');
    const command = (argv: readonly string[]) => ({ argv, timeoutMs: 5_000 });
    const quiet = [{ name: 'ingest', stop: command(['touch', 'stopped']), start: command(['rm', 'stopped']) }];
    const prove: RefuseFreeze['prove'] = [
      { kind: 'http', name: 'health', target: 'web', path: '/', expect: { status: 418 }, timeoutMs: 2_000 },
    ];
    const before = await world();
    await expect(bench.run.do(bench.step({ quiet, prove }))).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/expected status 418.*All was put back/),
    });
    expect(existsSync(flag)).toBe(false);
    expect(await world()).toEqual(before);
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'a build that does not become healthy puts everything back: configuration, build, validators, roles',
  async () => {
    const before = await world();
    bench.answer = 'v1';
    const broken = [FREEZE.switch[0], { act: 'deploy', deploy: { service: 'svc', build: 'v2', timeoutMs: 1_000 } }];
    await expect(bench.run.do(bench.step({ switch: broken as RefuseFreeze['switch'] }))).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/did not become healthy.*All was put back/),
    });
    expect(await world()).toEqual(before);
    await appMayWrite();
  },
  PATIENCE,
);

test(
  "the application's own switch: closed and opened by command, proved by silence alone",
  async () => {
    const command = (argv: readonly string[]) => ({ argv, timeoutMs: 5_000 });
    const fence = {
      mechanism: 'hook',
      close: command(['touch', 'read-only']),
      open: command(['rm', 'read-only']),
    } as const;
    const evidence = await bench.run.do(bench.step({ fence }));
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { refused: 0 } });
    expect(existsSync(join(bench.dir, 'read-only'))).toBe(false);
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'past its budget a freeze puts everything back',
  async () => {
    const before = await world();
    await expect(bench.run.do(bench.step({ budgetMs: 500, quietMs: 20_000 }))).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(
        /within its budget of 500 ms, which ended while it closed the fence and waited for silence( \(.*\))?\. All was put back/,
      ),
    });
    expect(await world()).toEqual(before);
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'without a watchdog that proves itself nothing is fenced',
  async () => {
    const before = await world();
    const broken = {
      ...bench.resources,
      selfCommand: { program: 'false', args: [], options: [], cwd: bench.dir, env: () => ({}) },
    };
    await expect(bench.run.do(bench.step({}, broken))).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/watchdog ended at once.*nothing was fenced/),
    });
    expect((await bench.control.read())?.closedAt).toBeUndefined();
    expect(await world()).toEqual(before);
  },
  PATIENCE,
);

/** A worker of its own that freezes, killed as soon as the control document is as asked. */
async function killedWhen(
  args: RefuseFreeze,
  round: number,
  when: (found: FenceDocument | undefined) => boolean,
): Promise<FenceDocument> {
  const words = JSON.stringify({ args, head: bench.run.head, round, self: bench.resources.selfCommand });
  const register = join(projectRoot(), 'test/support/swc-cli-register.cjs');
  const worker = spawn(
    process.execPath,
    ['-r', register, join(projectRoot(), 'test/support/freeze-worker.ts'), bench.configFile, words],
    { env: bench.env, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const found = await until(when);
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  if (found.watchdog) orphans.push(found.watchdog.pid);
  return found;
}

test(
  'a worker killed with -9 while fenced: the watchdog opens after the time to the old shape; the next attempt freezes once more and says so',
  async () => {
    const before = await world();
    const { head } = bench.run;
    const args: RefuseFreeze = { ...FREEZE, budgetMs: 4_000, quietMs: 60_000 };
    const closed = await killedWhen(args, 90, (found) => found?.state === 'closed');
    await expect(bench.app.collection('leads').insertOne({ name: 'x' })).rejects.toMatchObject({ code: 13 });
    const opened = await until((found) => found?.state === 'open');
    expect(opened).toMatchObject({
      outcome: 'old',
      settled: false,
      openedBy: expect.stringContaining(`the watchdog, pid ${closed.watchdog?.pid}`),
    });
    expect(opened.openedAt?.getTime()).toBeGreaterThan(closed.until.getTime());
    expect(await world()).toEqual(before);
    await appMayWrite();
    await using attempt = await bench.run.open(bench.step(), { round: 90, expect: head });
    const { evidence } = await attempt.perform();
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { tries: 2 } });
  },
  PATIENCE,
);

test(
  'a worker killed with -9 in the middle of the switch: the watchdog opens with the validators as before, and the next attempt puts back what the switch had begun',
  async () => {
    const before = await world();
    const { head } = bench.run;
    bench.answer = 'v1';
    const slow = { act: 'deploy', deploy: { service: 'svc', build: 'v2', timeoutMs: 60_000 } } as const;
    const args: RefuseFreeze = { ...FREEZE, budgetMs: 6_000, switch: [{ act: 'config', step: 'configure/env' }, slow] };
    await killedWhen(args, 91, (found) => found?.acts === 2);
    const opened = await until((found) => found?.state === 'open');
    expect(opened).toMatchObject({ outcome: 'old', acts: 2, settled: false });
    const between = await world();
    expect(between).toMatchObject({ roles: before.roles, validators: before.validators });
    expect(between.env).toMatch(/MULTI_TENANT=1/);
    await using attempt = await bench.run.open(bench.step(), { verb: 'undo', round: 91, expect: head });
    await expect(attempt.perform()).resolves.toMatchObject({ evidence: { verdict: 'pass' } });
    expect(await world()).toEqual(before);
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'a second freeze lost with its worker is put back, and there is no third one unasked',
  async () => {
    const before = await world();
    const { head } = bench.run;
    const args: RefuseFreeze = { ...FREEZE, budgetMs: 60_000, quietMs: 50_000 };
    await killedWhen(args, 92, (found) => found?.state === 'closed');
    await killedWhen(args, 92, (found) => found?.state === 'closed' && found.lost === 1);
    await using attempt = await bench.run.open(bench.step(), { round: 92, expect: head });
    await expect(attempt.perform()).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/Two freezes were lost/),
    });
    expect(await world()).toEqual(before);
    await appMayWrite();
  },
  PATIENCE,
);

test(
  'a worker lost between the committed switch and its end row: the next attempt finishes and tells the same story',
  async () => {
    const freeze = freezeStep(bench.resources);
    const dies: MongoStepHandler<'freeze'> = {
      do: (context) => freeze.do({ ...context, commit: () => Promise.reject(new Error('killed')) }),
      undo: freeze.undo,
    };
    const { head } = bench.run;
    {
      await using first = await bench.run.open({ ...bench.step(), handler: dies }, { round: 7, expect: head });
      await expect(first.perform()).rejects.toThrow('killed');
    }
    const committed = await bench.control.read();
    expect(committed).toMatchObject({ state: 'open', outcome: 'new' });
    await using second = await bench.run.open(bench.step(), { round: 7, expect: head });
    const { evidence } = await second.perform();
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { refused: 3, tries: 1 } });
    expect((await bench.control.read())?.freeze).toBe(committed?.freeze);
  },
  PATIENCE,
);

test(
  'a freeze of mode queue is refused by name',
  async () => {
    const queue = { ...FREEZE, mode: 'queue' } as unknown as RefuseFreeze;
    await expect(bench.run.do(bench.step(queue))).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('fence: refuse'),
    });
  },
  PATIENCE,
);
