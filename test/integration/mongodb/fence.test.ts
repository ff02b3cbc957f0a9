import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ObjectId, type Db } from 'mongodb';
import { appUserOf } from '../../../activities/mongodb/fence/app-user';
import { capturedOf } from '../../../activities/mongodb/fence/control';
import { openExpiredFences } from '../../../activities/mongodb/fence/expired';
import { fenceOf } from '../../../activities/mongodb/fence/fence-of';
import { openToOld } from '../../../activities/mongodb/fence/open-fence';
import { openProver, PROBE_FIELD } from '../../../activities/mongodb/fence/prove';
import { checksOf } from '../../../activities/mongodb/fence/shape';
import { openMongo } from '../../../activities/mongodb/session';
import type { MongoTarget } from '../../../activities/resources';
import type { FenceSpec } from '../../../src/core/freeze-args';
import { CLI, freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

const run = promisify(execFile);
let bench: FreezeBench;

beforeAll(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

afterAll(async () => bench?.close());

const ground = () => {
  const app = appUserOf(bench.resources.target('app') as MongoTarget);
  const signal = new AbortController().signal;
  return { db: bench.db, tables: ['leads', 'deals'], resources: bench.resources, signal, ...(app ? { app } : {}) };
};

async function rolesNow(db: Db): Promise<unknown> {
  const { users } = await db.command({ usersInfo: 'app' });
  const [user] = users as readonly { readonly roles: readonly { readonly role: string }[] }[];
  return user?.roles.map(({ role }) => role).sort();
}

/** Puts a fence up as a freeze does, without its worker: closed, with so much time. */
async function stands(spec: FenceSpec, untilMs: number, step = 'cutover/freeze'): Promise<string> {
  const fence = fenceOf(spec, ground());
  const captured = await fence.capture();
  const freeze = new ObjectId().toHexString();
  const shape = await checksOf(bench.db, [{ table: 'leads', column: 'tenantId' }]);
  const words = { captured: JSON.stringify(captured), shape: JSON.stringify(shape), spec, tables: ['leads', 'deals'] };
  const { id } = bench.run.ref;
  const rest = { direction: 'forward', acts: 0, lost: 0, round: 1 } as const;
  await bench.control.begin({ freeze, run: id, step, ...rest, ...words }, 60_000);
  await bench.control.closing(freeze, untilMs);
  await fence.close(captured);
  await bench.control.closed(freeze);
  return freeze;
}

async function openNow(freeze: string): Promise<boolean> {
  return openToOld(bench.control, ground(), { freeze, when: 'now', by: 'the test' });
}

test('the fence role refuses insert, update and delete on a connection that was open before; reads go on; open gives exactly the same roles back', async () => {
  const before = await rolesNow(bench.db);
  const leads = bench.app.collection('leads');
  await leads.insertOne({ name: 'warm', tenantId: 'default' });
  const freeze = await stands({ mechanism: 'role' }, 60_000);
  await expect(leads.insertOne({ name: 'x' })).rejects.toMatchObject({ code: 13 });
  await expect(leads.updateOne({ name: 'a' }, { $set: { x: 1 } })).rejects.toMatchObject({ code: 13 });
  await expect(leads.deleteOne({ name: 'a' })).rejects.toMatchObject({ code: 13 });
  await expect(leads.findOne({ name: 'a' })).resolves.toMatchObject({ name: 'a' });
  expect(await openNow(freeze)).toBe(true);
  expect(await rolesNow(bench.db)).toEqual(before);
  await expect(leads.deleteOne({ name: 'warm' })).resolves.toMatchObject({ deletedCount: 1 });
});

test('a transaction that the application left open when the fence role closed commits nothing', async () => {
  const session = bench.app.client.startSession();
  session.startTransaction();
  await bench.app.collection('leads').insertOne({ name: 'in flight' }, { session });
  const freeze = await stands({ mechanism: 'role' }, 60_000);
  await expect(session.commitTransaction()).rejects.toThrow();
  await session.endSession();
  await openNow(freeze);
  expect(await bench.db.collection('leads').countDocuments({ name: 'in flight' })).toBe(0);
});

test('the fence validator refuses inserts and updates, lets deletes go on, and puts the validators back as they were', async () => {
  const leads = bench.app.collection('leads');
  const listed = async () => (await bench.db.listCollections({ name: 'deals' }).toArray())[0];
  await bench.db.command({ collMod: 'deals', validator: { worth: { $gte: 0 } }, validationLevel: 'moderate' });
  const before = await listed();
  await leads.insertOne({ name: 'to delete' });
  const freeze = await stands({ mechanism: 'validator' }, 60_000);
  await expect(leads.insertOne({ name: 'x' })).rejects.toMatchObject({ code: 121 });
  await expect(leads.updateOne({ name: 'a' }, { $set: { x: 1 } })).rejects.toMatchObject({ code: 121 });
  await expect(leads.deleteOne({ name: 'to delete' })).resolves.toMatchObject({ deletedCount: 1 });
  await openNow(freeze);
  expect(await listed()).toEqual(before);
  await bench.db.command({ collMod: 'deals', validator: {}, validationLevel: 'strict' });
});

test('setUserWriteBlockMode is refused by name on a server that has none of it', async () => {
  const { commands } = await bench.db.admin().command({ listCommands: 1 });
  const captured = fenceOf({ mechanism: 'write-block' }, ground()).capture();
  if (Object.hasOwn(commands as object, 'setUserWriteBlockMode')) await expect(captured).resolves.toEqual({});
  else await expect(captured).rejects.toThrow(/no setUserWriteBlockMode.*fence: role/);
});

test('a proof without a fence fails, names every write that went through, and leaves no document behind', async () => {
  await using app = await openMongo({ url: bench.mongo.urls.app, appName: 'probe', asApp: true });
  const before = await bench.db.collection('leads').find().toArray();
  const prover = await openProver({ app, db: bench.db, table: 'leads' });
  expect((await prover.before()).map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  const after = await prover.after(fenceOf({ mechanism: 'role' }, ground()));
  expect(after.map(({ verdict, observed }) => `${verdict}: ${observed}`)).toEqual([
    'fail: the insert went through',
    'fail: the update went through',
    'fail: the delete went through',
  ]);
  expect(await bench.db.collection('leads').find().toArray()).toEqual(before);
  expect(await bench.db.collection('leads').countDocuments({ [PROBE_FIELD]: { $exists: true } })).toBe(0);
});

test('a switch cannot be committed after its time, nor after somebody began to open', async () => {
  const late = await stands({ mechanism: 'role' }, 1);
  await expect(bench.control.commitSwitch(late, {})).rejects.toThrow(/past its time/);
  await openNow(late);
  const opened = await stands({ mechanism: 'role' }, 60_000);
  await openNow(opened);
  await expect(bench.control.commitSwitch(opened, {})).rejects.toThrow(/opened to the old shape by the test/);
});

test('a committed switch is never opened to the old shape, whoever comes and however late', async () => {
  const freeze = await stands({ mechanism: 'role' }, 60_000);
  await bench.control.commitSwitch(freeze, {});
  await bench.control.commitSwitch(freeze, {}); // a reply that was lost
  expect(await openNow(freeze)).toBe(false);
  const { stdout } = await run(
    process.execPath,
    [...CLI, 'fence', 'open', '--yes', '--json', '--config', bench.configFile],
    {
      env: bench.env,
    },
  );
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, opened: true, outcome: 'new' });
  expect(await bench.control.read()).toMatchObject({ state: 'open', outcome: 'new' });
  await bench.db.command({ collMod: 'leads', validator: {}, validationLevel: 'strict' });
}, 60_000);

test('a worker that starts opens a fence whose time has passed, and leaves one whose time has not come', async () => {
  const before = await rolesNow(bench.db);
  const holds = await stands({ mechanism: 'role' }, 60_000);
  await openExpiredFences(bench.resources, bench.resources.log);
  expect(await bench.control.read()).toMatchObject({ freeze: holds, state: 'closed' });
  await openNow(holds);
  await stands({ mechanism: 'role' }, 1);
  await openExpiredFences(bench.resources, bench.resources.log);
  expect(await bench.control.read()).toMatchObject({ state: 'open', outcome: 'old' });
  expect(await rolesNow(bench.db)).toEqual(before);
});

test('`cutover fence status` and `cutover fence open` work from the database alone: no Temporal, no worker', async () => {
  const before = await rolesNow(bench.db);
  await stands({ mechanism: 'role' }, 60_000);
  const options = { env: bench.env };
  const status = await run(process.execPath, [...CLI, 'fence', 'status', '--config', bench.configFile], options).catch(
    (error: { readonly code: number; readonly stdout: string }) => error,
  );
  expect(status).toMatchObject({ code: 5 });
  expect(status.stdout).toMatch(/app: CLOSED: the application's writes are refused/);
  const opened = await run(process.execPath, [...CLI, 'fence', 'open', '--yes', '--config', bench.configFile], options);
  expect(opened.stdout).toMatch(/opens the fence to the OLD shape[\s\S]*app is open to the old shape/);
  expect(await rolesNow(bench.db)).toEqual(before);
  expect(await bench.control.read()).toMatchObject({
    state: 'open',
    outcome: 'old',
    openedBy: expect.stringMatching(/fence open/),
  });
}, 60_000);

test('`cutover fence status` tells of the home although the scratch database has no fence to read', async () => {
  const configFile = join(bench.dir, 'with-scratch.yaml');
  const scratch = 'targets:\n  a-scratch: { mongodb: env:FREEZE_SCRATCH_URL }';
  await writeFile(configFile, (await readFile(bench.configFile, 'utf8')).replace('targets:', scratch));
  const env = { ...bench.env, FREEZE_SCRATCH_URL: bench.mongo.urls.scratch };
  await stands({ mechanism: 'role' }, 60_000);
  const options = [...CLI, 'fence', 'status', '--config', configFile];
  const status = await run(process.execPath, options, { env }).catch(
    (error: { readonly code: number; readonly stdout: string }) => error,
  );
  expect(status).toMatchObject({ code: 5 });
  expect(status.stdout).toMatch(/^a-scratch: not asked\. The user of target "a-scratch" has not the rights/);
  expect(status.stdout).not.toContain('lsid');
  expect(status.stdout).toMatch(/app: CLOSED/);
  await openNow((await bench.control.read())?.freeze ?? '');
}, 60_000);

test('what closed late, after it had been opened, is opened again', async () => {
  const freeze = await stands({ mechanism: 'role' }, 60_000);
  await openNow(freeze);
  const found = await bench.control.read();
  const fence = fenceOf({ mechanism: 'role' }, ground());
  await fence.close(capturedOf(found ?? { captured: 'null' }));
  await openExpiredFences(bench.resources, bench.resources.log);
  await expect(bench.app.collection('leads').insertOne({ name: 'again' })).resolves.toMatchObject({
    acknowledged: true,
  });
});
