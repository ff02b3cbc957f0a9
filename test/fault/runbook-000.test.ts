import { readFile, readlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findOrBuildMongo } from '../../src/dev/mongo-binary';
import { startMongo, type MongoServer } from '../../src/dev/mongo-server';
import { silent } from '../../src/dev/progress';
import { openRunDir, type RunDir } from '../../src/dev/run-dir';
import { compilePlanFile } from '../../src/plan/compile-file';
import { startRun } from '../../src/runtime/client';
import { statusQuery } from '../../workflows/messages';
import type { Verb } from '../../src/core/step';
import type { RunState } from '../../src/core/state';
import { MONGO_PATIENCE } from '../support/mongo';
import { inMongoStep, lastMongoCommit, listening, onceMongo } from '../support/mongo-moments';
import {
  bytesOf,
  proveMongoShape,
  proveMongoWrites,
  proveQuiet,
  proveUntouched,
  proveWorld,
  proveWritesGoOn,
  worldOf,
  type Bytes,
  type MongoWorld,
} from '../support/mongo-proofs';
import { MongoScenario } from '../support/mongo-scenario';

jest.setTimeout(300_000);

const FREEZE = 'cutover/freeze';
/** A server of this file's own, since it is killed. */
let server: MongoServer;
let runDir: RunDir;

beforeAll(async () => {
  runDir = openRunDir('fault-mongo');
  server = await startMongo({
    binary: await findOrBuildMongo(silent),
    dataDir: runDir.file('mongo', 'data'),
    logFile: runDir.file('logs', 'mongo.log'),
  });
}, MONGO_PATIENCE);

afterAll(async () => {
  await server?.stop();
  await runDir?.close();
});

describe('on the way to the end', () => {
  const step = inOrder();
  let run: MongoScenario;

  beforeAll(async () => {
    const planChanges = [
      [/for: 1s/, 'for: 6s'],
      [/every: 400ms/, 'every: 1s'],
    ] as const;
    run = await MongoScenario.open({ name: 'fault-forward', rootUri: server.rootUri, planChanges });
  });

  afterAll(async () => run?.[Symbol.asyncDispose]());

  step(
    'a worker killed in the middle of the dump leaves no backup that counts, and the next one takes a whole one',
    async () => {
      const first = await run.startWorker();
      run.proxy.setRule(
        onceMongo(
          'hold',
          inMongoStep('backup/dump', 'do', ({ command, collection }) => command === 'find' && collection === 'units'),
        ),
      );
      await run.start(['expand']);
      await run.struck('the dump of units');
      await run.kill(first);
      expect(await endsOf(run, 'backup/dump')).toBe(0);
      holdReplyOfStamp(run, 'documents');
      await run.startWorker().then((worker) => (second = worker));
      await run.row('end', 'backup/drill');
      expect(await endsOf(run, 'backup/dump')).toBe(1);
    },
  );

  let second: Awaited<ReturnType<MongoScenario['startWorker']>>;

  step('a worker killed after a window was stamped and before it heard so: the next one finds it done', async () => {
    await run.struck('a window of documents');
    const stamped = async (): Promise<boolean> =>
      (await run.db.collection('documents').countDocuments({ tenant_id: 'tenant-default' })) > 0;
    await run.seen('the window stamped', stamped);
    await run.kill(second);
    expect(await endsOf(run, 'backfill/stamp-documents')).toBe(0);
    run.proxy.setRule(onceMongo('hold', stamps('payments')));
    second = await run.startWorker();
    await run.row('end', 'backfill/stamp-documents');
  });

  step('MongoDB killed with -9 in the backfill: the same worker goes on when the server is back', async () => {
    await run.struck('a window of payments');
    await server.kill9();
    await server.restart();
    const lost = loseReplies(run, 'do');
    run.proxy.release();
    await run.row('end', 'backfill/stamp-payments');
    await run.gate('cutover');
    // The reply to the last commit of each kind of step since was lost once.
    expect(lost()).toEqual(expect.arrayContaining(['aggregate', 'index', 'members', 'recount', 'shape', 'stamp']));
  });

  step(
    'a worker killed with everything switched and nothing committed: the next one puts it back, freezes once more and says so',
    async () => {
      run.proxy.setRule(
        onceMongo(
          'hold',
          inMongoStep(FREEZE, 'do', ({ collection, has }) => collection === 'fence' && has('switched\0')),
        ),
      );
      run.approveFromNowOn(['cutover', 'contract']);
      await run.struck('the commit of the switch');
      expect(await buildOf(run)).toBe('2026-11-tenants');
      expect(await run.fence()).toMatchObject({ state: 'closed' });
      await run.kill(second);
      second = await run.startWorker();
      await run.row('end', FREEZE);
      expect(await endsOf(run, FREEZE)).toBe(1);
      const state = await run.until('the freeze', (s) => figure(s, FREEZE, 'tries') !== undefined);
      expect(figure(state, FREEZE, 'tries')).toBe(2);
      await proveWritesGoOn(run);
    },
  );

  step(
    'MongoDB killed with -9 while the run observes: it observes on, and the run ends with no write lost',
    async () => {
      await run.row('start', 'observe/probes');
      await server.kill9();
      await server.restart();
      const end = await run.ended();
      expect(end.steps.filter((s) => s.status !== 'done' || s.verdict !== 'pass')).toEqual([]);
      await proveWritesGoOn(run);
      await proveQuiet(run);
      await proveMongoShape(run);
      await proveMongoWrites(run, 'tenant-default');
    },
  );
});

describe('on the way back', () => {
  const step = inOrder();
  let run: MongoScenario;
  let before: MongoWorld;
  let bytes: Bytes;

  beforeAll(async () => {
    const planChanges = [[/budget: 10m/, 'budget: 15s']] as const;
    run = await MongoScenario.open({ name: 'fault-back', rootUri: server.rootUri, planChanges });
    before = await worldOf(run);
    bytes = await bytesOf(run);
  });

  afterAll(async () => run?.[Symbol.asyncDispose]());

  let worker: Awaited<ReturnType<MongoScenario['startWorker']>>;

  step('two starts at once: one run; another plan on the same target is refused by the name of the first', async () => {
    worker = await run.startWorker();
    const started = await Promise.all([run.tryStart(), run.tryStart()]);
    expect(started.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(started.map((s) => (s.ok ? '' : s.reason)).join('')).toContain('is open already');
    const first = await run.gate('expand');
    const second = await startAnother(run);
    expect(second.status).toBe('refused');
    const claim = second.steps.find(({ id }) => id === 'preflight/claim');
    expect(claim?.summary).toContain(`belongs to run ${first.run.id} of plan "fault-back"`);
  });

  step(
    'a worker stopped past its heartbeat and woken again commits nothing: another attempt has done the step',
    async () => {
      const registry = 'expand/registry';
      run.proxy.setRule(onceMongo('hold', lastMongoCommit(registry, 'do')));
      run.approveFromNowOn(['expand']);
      await run.struck('the commit of the registry');
      worker.kill('SIGSTOP');
      await run.unstick();
      const next = await run.startWorker();
      await run.row('end', registry);
      run.proxy.release();
      worker.kill('SIGCONT');
      await run.row('end', 'expand/command-migrate');
      expect(await endsOf(run, registry)).toBe(1);
      expect(await run.db.collection('tenants').countDocuments({})).toBe(1);
      await run.kill(worker);
      worker = next;
    },
  );

  step(
    'a worker killed while fenced, and nobody after it: the watchdog opens to the old shape after the time; the next worker freezes once more',
    async () => {
      await run.gate('cutover');
      // The first act of the switch is noted before it begins: the fence is closed and proved by then.
      const noted = inMongoStep(
        FREEZE,
        'do',
        ({ collection, has }) => collection === 'fence' && has('$set') && has('acts\0'),
      );
      run.proxy.setRule(onceMongo('hold', noted));
      run.approveFromNowOn(['expand', 'cutover']);
      await run.struck('the first act of the switch');
      expect(await run.fence()).toMatchObject({ state: 'closed' });
      await run.kill(worker);
      await run.seen('the watchdog’s opening', async () => (await run.fence())?.state === 'open');
      const opened = await run.fence();
      expect(opened).toMatchObject({ outcome: 'old', settled: false });
      expect(opened?.openedBy).toBe(`the watchdog, pid ${opened?.watchdog?.pid} on ${opened?.watchdog?.host}`);
      expect(await buildOf(run)).toBe('2026-10-single');
      await proveWritesGoOn(run);
      worker = await run.startWorker();
      const state = await run.gate('contract');
      expect(figure(state, FREEZE, 'tries')).toBe(2);
    },
  );

  step(
    'a worker killed in the rollback after a window was taken back, and replies of commits lost: the next one finishes, and all is as before',
    async () => {
      run.proxy.setRule(
        onceMongo(
          'hold-reply',
          inMongoStep('backfill/stamp-documents', 'undo', (said) => writes('documents')(said) && said.has('$unset')),
        ),
      );
      await run.rollback();
      await run.struck('a window of documents');
      const takenBack = async (): Promise<boolean> =>
        (await run.db.collection('documents').countDocuments({ tenant_id: { $exists: false } })) > 0;
      await run.seen('the window taken back', takenBack);
      await run.kill(worker);
      const lost = loseReplies(run, 'undo');
      await run.startWorker();
      await run.ended('rolled-back');
      expect(lost()).toEqual(expect.arrayContaining(['config', 'profiling', 'registry', 'required', 'stamp', 'table']));
      await proveWritesGoOn(run);
      await proveQuiet(run);
      await proveWorld(run, before);
      await proveMongoWrites(run, undefined);
      await proveUntouched(run, bytes);
    },
  );
});

/** Tests of one run, each of which goes on where the one before ended: after the first that fails the others say so at once. */
function inOrder(): (title: string, work: () => Promise<void>) => void {
  let failed: string | undefined;
  return (title, work) =>
    test(title, async () => {
      if (failed !== undefined) throw new Error(`Not tried, since this failed before: ${failed}`);
      failed = title;
      await work();
      failed = undefined;
    });
}

const writes =
  (table: string) =>
  ({ command, collection }: { readonly command: string | undefined; readonly collection: string | undefined }) =>
    command === 'update' && collection === table;

/** Others are the tool's too: it asks now and then how fast the collection answers. */
const stamps = (table: string) =>
  inMongoStep(`backfill/stamp-${table}`, 'do', (said) => writes(table)(said) && said.has('tenant-default'));

function holdReplyOfStamp(run: MongoScenario, table: string): void {
  run.proxy.setRule(onceMongo('hold-reply', stamps(table)));
}

/** The reply to the commit that carries the end row is lost once for every kind of step; answers which kinds it was. */
function loseReplies(run: MongoScenario, verb: Verb): () => readonly string[] {
  const kinds = new Set<string>();
  run.proxy.setRule(
    listening(({ commits }) => {
      if (commits?.event !== 'end' || commits.verb !== verb) return 'pass';
      const kind = run.plan.steps.find(({ id }) => id === commits.step)?.kind;
      if (kind === undefined || kinds.has(kind)) return 'pass';
      kinds.add(kind);
      return 'drop-reply';
    }),
  );
  return () => [...kinds].sort();
}

function endsOf({ lane }: MongoScenario, step: string): Promise<number> {
  return lane.collection('ledger').countDocuments({ step, verb: 'do', event: 'end' });
}

async function buildOf({ stage }: MongoScenario): Promise<string> {
  return basename(await readlink(join(stage.app.root, 'current')));
}

function figure(state: RunState, step: string, name: string): unknown {
  return state.steps.find(({ id }) => id === step)?.figures?.[name];
}

async function startAnother(run: MongoScenario): Promise<RunState> {
  const { planFolder } = run.stage;
  const file = join(planFolder, 'second.yaml');
  const text = await readFile(join(planFolder, 'plan.yaml'), 'utf8');
  await writeFile(file, text.replace(/^name: .*$/m, 'name: fault-second'));
  const compiled = await compilePlanFile(file);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const { temporal, taskQueue } = run;
  const input = { plan: compiled.plan, planDigest: compiled.digest, requestedBy: 'lead-1' };
  const started = await startRun({ temporal, taskQueue, input });
  if (!started.ok) throw new Error(started.reason);
  const handle = temporal.client.workflow.getHandle(started.workflowId);
  await handle.result();
  return handle.query(statusQuery);
}
