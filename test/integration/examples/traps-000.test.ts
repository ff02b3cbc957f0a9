import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import pino from 'pino';
import { appControl, type AppControl } from '../../../examples/000-mk-proptech/app-control';
import { layOutApp, type AppRoot } from '../../../examples/000-mk-proptech/app-root';
import { generate } from '../../../examples/000-mk-proptech/legacy/generate';
import { examplePath, LEGACY_BUILD, TENANT_BUILD } from '../../../examples/000-mk-proptech/paths';
import { exampleVenv } from '../../../examples/000-mk-proptech/python';
import { runCommand } from '../../../activities/command/run-command';
import { missingKey } from '../../../activities/mongodb/missing';
import { preflightStep } from '../../../activities/mongodb/steps/preflight';
import { registryStep } from '../../../activities/mongodb/steps/registry';
import { tableStep } from '../../../activities/mongodb/steps/table';
import type { MongoTarget, Resources } from '../../../activities/resources';
import type { Evidence } from '../../../src/core/evidence';
import type { CommandSpec } from '../../../src/core/outside-args';
import type { CompiledPlan } from '../../../src/core/plan';
import type { StepArgs, StepKind } from '../../../src/core/step';
import { copyPlan, type Change } from '../../../src/dev/plan-folder';
import { freePort } from '../../../src/dev/ports';
import { silent } from '../../../src/dev/progress';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { compilePlanFile } from '../../../src/plan/compile-file';
import { loadConfig } from '../../../src/runtime/config';
import { createResources } from '../../../src/runtime/resources';
import { freezeBench } from '../../support/freeze-bench';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { tenantTables } from '../../support/mongo-proofs';
import { MongoTestRun, type MongoStepToRun } from '../../support/mongo-run';

/**
 * The traps of runbook 000 on its own application, plan and code, one by one. Where a trap is met by a guarantee that
 * has a test of its own, that one is named beside it.
 */
jest.setTimeout(120_000);

const ENV_SECRET = 'first-admin-of-the-traps';
let mongo: FreshMongo;
let runDir: RunDir;
let app: AppRoot;
let control: AppControl;
let client: MongoClient;
let db: Db;
let plan: CompiledPlan;
let workerEnv: NodeJS.ProcessEnv;
let runs = 0;

beforeAll(async () => {
  runDir = openRunDir('traps-000');
  mongo = await freshMongo();
  const { python } = await exampleVenv(silent);
  client = await MongoClient.connect(mongo.urls.root);
  db = client.db(mongo.database);
  await generate(mongo.urls.root, { documents: 1_000, seed: 11 });
  app = await layOutApp(runDir.file('host'), {
    mongoUrl: mongo.urls.app,
    database: mongo.database,
    env: { INITIAL_ADMIN_PASSWORD: ENV_SECRET },
  });
  control = appControl(app, { python, port: await freePort() });
  await control.use(LEGACY_BUILD);
  await control.start();
  workerEnv = {
    APP_MONGO_URL: mongo.urls.tool,
    APP_ROLE_MONGO_URL: mongo.urls.app,
    SCRATCH_MONGO_URL: mongo.urls.scratch,
    APP_ADMIN_AUTHORIZATION: 'Bearer nobody',
    OPS_WEBHOOK: 'http://127.0.0.1:9',
    OPS_SECRET: 'secret-of-the-webhook',
    PATH: `${join(python, '..')}:${process.env['PATH'] ?? ''}`,
  };
  plan = await planWith([]);
}, MONGO_PATIENCE);

afterAll(async () => {
  await control?.stop();
  await client?.close();
  await mongo?.close();
  await runDir?.close();
});

test('the plan as it stands passes its preflight, which the cases below make fail one by one', async () => {
  expect(problems(await preflight(plan))).toEqual([]);
});

test.each(['T0.1', 'T0.2', 'T0.3', 'T0.4', 'T0.5', 'T0.6', 'T0.7', 'T0.8', 'T0.9', 'T0.10', 'T0.11'])(
  'the preview says what becomes of %s',
  (trap) => {
    expect(plan.remarks.filter((remark) => remark.startsWith(`${trap} `))).toHaveLength(1);
  },
);

test('T0.1 a collection of the code that the plan leaves out is refused by its name', async () => {
  const without = await planWith([[/^ {4}units: \{\}\n/m, '']]);
  expect(problems(await preflight(without))).toEqual([
    expect.stringMatching(/^tenant collections: units is the tenants' in the code and not in the plan/),
  ]);
  const more = await planWith([[/^ {4}units: \{\}\n/m, '    units: {}\n    jobs: {}\n']]);
  expect(problems(await preflight(more))).toEqual([
    expect.stringMatching(/^tenant collections: jobs is in the plan and not in the code/),
  ]);
});

// And stamped, byte for byte otherwise: backfill.test.ts, "gives every document the key, null, "" and other types included".
test('T0.2 null and empty keys, which {$exists: false} passes over, are counted as missing', async () => {
  const { figures } = await preflight(plan);
  let [literal, ours] = [0, 0];
  for (const table of tenantTables(plan)) {
    literal += await db.collection(table).countDocuments({ tenant_id: { $exists: false } });
    ours += await db.collection(table).countDocuments(missingKey('tenant_id'));
  }
  expect(ours).toBeGreaterThan(literal);
  expect(figures).toMatchObject({ withoutKey: ours });
});

// Made with validator and indexes, and dropped again: schema.test.ts, "makes a collection that is not there yet".
test('T0.3 collections that do not exist yet are named, and refuse nothing', async () => {
  const evidence = await preflight(plan);
  expect(Object.values(evidence.figures ?? {})).toContain(
    'not there yet, made by their first write: inspections, notes',
  );
  expect(evidence.figures).toMatchObject({ absent: 2 });
});

test('T0.4 every collection has an index that begins with the key, before the fence counts anything', () => {
  const kinds = plan.steps.map((step) => step.kind);
  const tables = tenantTables(plan);
  expect(tables).toHaveLength(11);
  for (const table of tables) {
    const at = plan.steps.findIndex(
      (step) => step.kind === 'index' && step.args.table === table && step.args.columns[0] === 'tenant_id',
    );
    expect([table, at > kinds.lastIndexOf('stamp') && at < kinds.indexOf('freeze')]).toEqual([table, true]);
  }
});

test('T0.6 a command runs where the plan says, and nowhere outside the folder of the config', async () => {
  const resources = await resourcesOf();
  const imports = (cwd: string): CommandSpec => ({
    argv: ['python', '-c', 'import backend.server'],
    cwd,
    timeoutMs: 20_000,
  });
  const signal = new AbortController().signal;
  const inside = `releases/${TENANT_BUILD}/backend`;
  await expect(runCommand(resources, imports(inside), { signal })).rejects.toThrow(/No module named 'backend'/);
  await expect(runCommand(resources, imports(`releases/${TENANT_BUILD}`), { signal })).resolves.toMatchObject({
    code: 0,
  });
  await expect(runCommand(resources, imports('../..'), { signal })).rejects.toMatchObject({ type: 'Misconfigured' });
});

test('T0.7 a unique index that the plan does not declare is refused by its name', async () => {
  const without = await planWith([[/ {4}properties:\n {6}unique: .*\n/, '    properties: {}\n']]);
  expect(problems(await preflight(without))).toEqual([
    expect.stringMatching(/^unique indexes: properties\.properties_code_unique .*is unique over all tenants/),
  ]);
});

// The proof itself, write by write: fence.test.ts, "a proof without a fence fails, names every write that went through".
test('T0.8 a read-only switch that refuses nothing fails the freeze, which puts everything back', async () => {
  const bench = await freezeBench();
  const stop = new AbortController();
  const written = (async () => {
    for (let n = 0; !stop.signal.aborted; n += 1) await bench.app.collection('leads').insertOne({ n, tenantId: 'x' });
  })();
  try {
    const env = await readFile(join(bench.dir, 'app.env'), 'utf8');
    const nothing = { argv: ['true'], timeoutMs: 5_000 };
    const fence = { mechanism: 'hook', close: nothing, open: nothing } as const;
    await expect(bench.run.do(bench.step({ fence, budgetMs: 5_000 }))).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/leads.*All was put back/s) as unknown,
    });
    expect(await bench.build()).toBe('v1');
    expect(await readFile(join(bench.dir, 'app.env'), 'utf8')).toBe(env);
  } finally {
    stop.abort();
    await written;
    await bench.close();
  }
});

// Many at once: schema.test.ts, "is one, also when many write it in the same moment".
test('T0.9 after the plan’s own steps nobody makes a second default tenant', async () => {
  const literal = db.collection('literal_tenants');
  const findThenInsert = async (found: unknown): Promise<void> => {
    if (found === null) await literal.insertOne({ id: 'tenant-default' });
  };
  const [one, two] = [await literal.findOne({ id: 'tenant-default' }), await literal.findOne({ id: 'tenant-default' })];
  await findThenInsert(one);
  await findThenInsert(two);
  expect(await literal.countDocuments({ id: 'tenant-default' })).toBe(2);
  await literal.drop();

  const resources = await resourcesOf();
  const run = await claimed(resources);
  await run.do(stepOf('expand/table-tenants', 'table', tableStep));
  await run.do(stepOf('expand/registry', 'registry', registryStep));
  const tenants = db.collection('tenants');
  expect(await tenants.countDocuments({ id: 'tenant-default' })).toBe(1);
  const again = { ...(await tenants.findOne({}, { projection: { _id: 0 } })) };
  await expect(tenants.insertOne(again)).rejects.toMatchObject({ code: 11000 });
  await run.undo(stepOf('expand/registry', 'registry', registryStep));
  await run.undo(stepOf('expand/table-tenants', 'table', tableStep));
});

// That the import itself connects to nothing: 000-app.test.ts, "importing what the literal script imports touches no server".
test('T0.10 what importing the application starts is ended with the program that imported it', async () => {
  const resources = await resourcesOf();
  const start = 'import subprocess, backend.server; print(subprocess.Popen(["sleep", "600"]).pid, flush=True)';
  const { stdout } = await runCommand(
    resources,
    { argv: ['python', '-c', start], cwd: `releases/${TENANT_BUILD}`, timeoutMs: 20_000 },
    { signal: new AbortController().signal },
  );
  const pid = Number(stdout.trim());
  expect(pid).toBeGreaterThan(1);
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test('T0.11 a command has the environment file’s values and shows none of them', async () => {
  const resources = await resourcesOf();
  const show = 'import os; print(len(os.environ["INITIAL_ADMIN_PASSWORD"])); print(os.environ)';
  const told = await runCommand(
    resources,
    { argv: ['python', '-c', show], cwd: `releases/${TENANT_BUILD}`, env: 'backend-env', timeoutMs: 20_000 },
    { signal: new AbortController().signal },
  );
  expect(told.stdoutTail).toMatch(new RegExp(`^${ENV_SECRET.length}$`, 'm'));
  expect(told.stdoutTail).not.toContain(ENV_SECRET);
  expect(told.stdoutTail).not.toContain(new URL(mongo.urls.app).password);
  expect(JSON.stringify(plan)).not.toContain(ENV_SECRET);
});

test('an application user of another database is refused: MONGO_URL and DB_NAME must be those of production', async () => {
  const other = new URL(mongo.urls.app);
  other.pathname = '/somewhere_else';
  other.searchParams.set('authSource', mongo.database);
  const found = problems(await preflight(plan, { APP_ROLE_MONGO_URL: other.toString() }));
  expect(found).toEqual([expect.stringMatching(/^application user: .*another database than the tool/)]);
});

async function planWith(changes: readonly Change[]): Promise<CompiledPlan> {
  const folder = await laidOut(changes);
  const compiled = await compilePlanFile(join(folder, 'plan.yaml'));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.plan;
}

async function laidOut(planChanges: readonly Change[]): Promise<string> {
  const folder = runDir.file(`plan-${(runs += 1)}`);
  await copyPlan({
    folder,
    source: (name) => examplePath(name),
    beside: ['models'],
    planChanges,
    configChanges: [
      ['http://127.0.0.1:8000', control.url],
      [/\bapp\/(?=\.env|run|current|releases)/g, `${app.root}/`],
      ['cwd: app,', `cwd: ${app.root},`],
    ],
  });
  return folder;
}

async function resourcesOf(more: NodeJS.ProcessEnv = {}): Promise<Resources> {
  const env = { ...process.env, ...workerEnv, ...more };
  const config = await loadConfig({ cwd: await laidOut([]), env });
  const { PATH } = process.env;
  process.env['PATH'] = env.PATH ?? '';
  undoPath = () => void (process.env['PATH'] = PATH);
  return createResources({ config, log: pino({ level: 'silent' }) });
}

/** Commands find their programs on the worker's own PATH. */
let undoPath: () => void = () => undefined;
afterEach(() => undoPath());

async function preflight(of: CompiledPlan, more: NodeJS.ProcessEnv = {}): Promise<Evidence> {
  const resources = await resourcesOf(more);
  const step = of.steps.find(({ kind }) => kind === 'preflight');
  if (step?.kind !== 'preflight') throw new Error('The plan has no preflight.');
  const run = await newRun(resources);
  return run.do({ id: step.id, kind: 'preflight', args: step.args, handler: preflightStep(resources) });
}

async function claimed(resources: Resources): Promise<MongoTestRun> {
  const run = await newRun(resources);
  await run.claim();
  return run;
}

/** Each is a run of its own; the one before has let go of the target. */
async function newRun(resources: Resources): Promise<MongoTestRun> {
  await client.db(`cutover_${mongo.database}`).collection('claim').deleteMany({});
  const target = resources.target('app') as MongoTarget;
  const { ref } = new MongoTestRun(target);
  return new MongoTestRun(target, { ...ref, id: `traps.${String((runs += 1)).padStart(8, '0')}` });
}

function stepOf<K extends StepKind>(id: string, kind: K, handler: MongoStepToRun<K>['handler']): MongoStepToRun<K> {
  const step = plan.steps.find((s) => s.id === id);
  if (!step) throw new Error(`The plan has no step ${id}.`);
  return { id, kind, args: step.args as StepArgs[K], handler };
}

function problems({ checks }: Evidence): readonly string[] {
  return checks.filter(({ verdict }) => verdict !== 'pass').map(({ name, observed }) => `${name}: ${observed}`);
}
