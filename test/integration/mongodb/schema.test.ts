import { Long, MongoClient, UUID, type Db, type Document } from 'mongodb';
import { aggregateStep } from '../../../activities/mongodb/steps/aggregate';
import { indexStep } from '../../../activities/mongodb/steps/index-build';
import { membersStep } from '../../../activities/mongodb/steps/members';
import { registryStep } from '../../../activities/mongodb/steps/registry';
import { makeRequired, requiredStep } from '../../../activities/mongodb/steps/required';
import { retireStep } from '../../../activities/mongodb/steps/retire';
import { shapeStep } from '../../../activities/mongodb/steps/shape';
import { tableStep } from '../../../activities/mongodb/steps/table';
import type { MongoContext } from '../../../activities/mongodb/context';
import type { Evidence } from '../../../src/core/evidence';
import type { StepArgs, StepKind } from '../../../src/core/step';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoStepRun, type MongoStepToRun } from '../../support/mongo-step-run';

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let run: MongoStepRun;
let runs = 0;

beforeAll(async () => {
  mongo = await freshMongo();
  client = await new MongoClient(mongo.urls.tool).connect();
  db = client.db(mongo.database);
}, MONGO_PATIENCE);
afterAll(async () => {
  await client?.close();
  await mongo?.close();
});
beforeEach(async () => {
  for (const { name } of await db.listCollections().toArray())
    if (!name.startsWith('system.')) await db.dropCollection(name);
  for (const name of ['claim', 'archive_documents', 'inserted'])
    await client.db(`cutover_${mongo.database}`).collection(name).deleteMany({});
  runs += 1;
  run = new MongoStepRun(mongo, `000.${String(runs).padStart(8, '0')}`);
  await run.claim();
});

jest.setTimeout(30_000);

const TENANTS = JSON.stringify({
  options: { validator: { naziv: { $type: 'string' } } },
  indexes: [
    { name: 'id_unique', key: { id: 1 }, unique: true },
    { name: 'by_status', key: { status: 1 } },
  ],
});
const TENANTS_TABLE: StepArgs['table'] = {
  ...{ table: 'tenants', create: TENANTS, file: 'collections/tenants.json', purpose: 'the tenants', like: 'users' },
  needs: { fills: ['id', 'naziv'], unique: [['id']] },
};
const table = (args: Partial<StepArgs['table']> = {}): MongoStepToRun<'table'> => ({
  ...{ id: 'expand/table-tenants', kind: 'table', handler: tableStep },
  args: { ...TENANTS_TABLE, ...args },
});
const REGISTRY: MongoStepToRun<'registry'> = {
  ...{ id: 'expand/registry', kind: 'registry', handler: registryStep },
  args: {
    ...{ table: 'tenants', id: 'id', identify: 'id' },
    values: { id: 'tenant-default', naziv: 'Primarni profil', status: 'active' },
    fill: { created_at: 'now', updated_at: 'null' },
  },
};
const MEMBERSHIPS = JSON.stringify({
  indexes: [{ name: 'user_tenant', key: { user_id: 1, tenant_id: 1 }, unique: true }],
});
const MEMBERSHIP_TABLE = table({
  ...{ table: 'memberships', create: MEMBERSHIPS, file: 'collections/memberships.json', purpose: 'who belongs where' },
  needs: { fills: ['user_id', 'tenant_id', 'role'], unique: [['user_id', 'tenant_id']] },
});
const MEMBERS: MongoStepToRun<'members'> = {
  ...{ id: 'backfill/members', kind: 'members', handler: membersStep },
  args: {
    ...{ table: 'memberships', user: 'user_id', tenant: 'tenant_id', roleColumn: 'role', role: 'member' },
    roles: { column: 'role', map: { owner: 'owner', admin: 'admin' } },
    values: { status: 'active' },
    fill: { id: 'uuid', created_at: 'now' },
    from: { table: 'users', column: 'id', key: 'tenant_id' },
    otherwise: { step: 'expand/registry', name: 'tenant' },
  },
};
const index = (args: StepArgs['index']): MongoStepToRun<'index'> => ({
  ...{ id: `backfill/${args.name}`, kind: 'index', handler: indexStep, args },
});
const REQUIRED: MongoStepToRun<'required'> = {
  ...{ id: 'expand/validator-units', kind: 'required', handler: requiredStep },
  args: { table: 'units', column: 'tenant_id', name: 'validator' },
};

/** Options and indexes of every collection, as the server lists them. */
async function catalog(): Promise<Document> {
  const found: [string, Document][] = [];
  for (const info of await db.listCollections().toArray()) {
    const { name } = info;
    const indexes = await db.collection(name).listIndexes().toArray();
    found.push([name, { options: info, indexes }]);
  }
  return Object.fromEntries(
    found
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { options, indexes }]) => [
        name,
        { options: settled((options as { options: Document }).options), indexes },
      ]),
  );
}

/** The server's own defaults: what a validator that was never set and one that was set to nothing both mean. */
function settled(options: Document): Document {
  const { validator, validationLevel = 'strict', validationAction = 'error', ...rest } = options;
  return { ...rest, validator: validator ?? {}, validationLevel, validationAction };
}

/** The worker dies right after its nth effect: what it did is done, and nobody was told. */
function cut<K extends StepKind>(step: MongoStepToRun<K>, nth: number): MongoStepToRun<K> {
  const dying = (verb: (context: MongoContext<K>) => Promise<Evidence>) => async (context: MongoContext<K>) => {
    let effects = 0;
    return verb({
      ...context,
      outside: async (work) => {
        const value = await context.outside(work);
        effects += 1;
        if (effects === nth) throw new Error('the worker is gone');
        return value;
      },
    });
  };
  return { ...step, handler: { do: dying(step.handler.do), undo: dying(step.handler.undo) } };
}

const twice = async <T>(work: () => Promise<T>): Promise<T> => {
  await work();
  return work();
};

describe('a collection of the tenancy', () => {
  it('is created once, and goes with its documents in the archive, byte for byte', async () => {
    const before = await catalog();
    expect((await twice(() => run.do(table()))).verdict).toBe('pass');
    const names = (await db.collection('tenants').listIndexes().toArray()).map((i) => String(i['name']));
    expect(names.sort()).toEqual(['_id_', 'by_status', 'id_unique']);
    await db.collection('tenants').insertOne({ id: 'later', naziv: 'Later', n: 1.5, at: new Date(5) });

    const gone = await run.undo(table());
    expect(gone.verdict).toBe('pass');
    expect(gone.figures).toEqual({ archivedDocuments: 1 });
    expect(await catalog()).toEqual(before);
    const kept = await client
      .db(`cutover_${mongo.database}`)
      .collection('archive_documents')
      .findOne({ '_id.run': run.ref.id } as never);
    expect(kept?.['document']).toMatchObject({ id: 'later', naziv: 'Later', n: 1.5, at: new Date(5) });
    expect((await run.undo(table())).summary).toContain('is gone');
  });

  it('that was there is adopted when it keeps the ids apart (T0.9), gets the other indexes, and loses only those again', async () => {
    await db.collection('tenants').createIndex({ id: 1 }, { name: 'mine', unique: true });
    await db.collection('tenants').insertOne({ id: 'theirs' });
    const before = await catalog();
    expect((await twice(() => run.do(table()))).figures).toEqual({ adopted: 'tenants' });
    expect((await run.undo(table())).verdict).toBe('pass');
    expect(await catalog()).toEqual(before);
    expect(await db.collection('tenants').countDocuments()).toBe(1);
  });

  it('that was there is refused, with what differs, when nothing keeps the ids apart', async () => {
    await db.collection('tenants').createIndex({ id: 1 }, { name: 'id_unique' });
    await expect(run.do(table())).rejects.toThrow(
      /tenants is there already and cannot be adopted: its index id_unique is \(id\), expected unique \(id\); nothing keeps \(id\) unique/,
    );
  });

  it('is refused when its file is no JSON of a collection, or makes one that cannot be written', async () => {
    await expect(run.do(table({ create: 'CREATE TABLE' }))).rejects.toThrow(
      /collections\/tenants.json is not one JSON object/,
    );
    await expect(run.do(table({ create: '{"options": {"capped": true}}' }))).rejects.toThrow(/capped/);
  });
});

describe('the default tenant', () => {
  beforeEach(async () => {
    await run.do(table());
  });

  it('is written once, as the model of the application would, and taken out again into the archive', async () => {
    const made = await twice(() => run.do(REGISTRY));
    expect([made.verdict, made.figures]).toEqual(['pass', { tenant: 'tenant-default' }]);
    const [tenant, ...others] = await db
      .collection('tenants')
      .find({}, { projection: { _id: 0 } })
      .toArray();
    expect(others).toEqual([]);
    expect(tenant).toEqual({ ...REGISTRY.args.values, created_at: expect.any(Date), updated_at: null });
    expect((await run.undo(REGISTRY)).figures).toEqual({ removed: 1 });
    expect(await db.collection('tenants').countDocuments()).toBe(0);
  });

  it('is one, also when many write it in the same moment (T0.9)', async () => {
    const theirs = { id: 'tenant-default', naziv: 'Primarni profil', status: 'active' };
    const write = async (): Promise<unknown> =>
      db
        .collection('tenants')
        .insertOne({ ...theirs })
        .catch(() => undefined);
    const [made] = await Promise.all([run.do(REGISTRY), ...Array.from({ length: 8 }, write)]);
    expect(made.verdict).toBe('pass');
    expect(await db.collection('tenants').countDocuments({ id: 'tenant-default' })).toBe(1);
  });

  it('that somebody else wrote after it was looked for is taken as it is, and left by the undo', async () => {
    const beaten: MongoStepToRun<'registry'> = {
      ...REGISTRY,
      handler: {
        ...registryStep,
        do: async (context) =>
          registryStep.do({
            ...context,
            transaction: async (work) => {
              await db.collection('tenants').insertOne({ ...REGISTRY.args.values });
              return context.transaction(work);
            },
          }),
      },
    };
    expect((await run.do(beaten)).verdict).toBe('pass');
    expect((await run.undo(REGISTRY)).figures).toEqual({ removed: 0 });
    expect(await db.collection('tenants').countDocuments()).toBe(1);
  });

  it('is left where it was there before', async () => {
    await db.collection('tenants').insertOne({ ...REGISTRY.args.values });
    expect((await run.do(REGISTRY)).summary).toContain('it was there');
    expect((await run.undo(REGISTRY)).summary).toContain('stays');
    expect(await db.collection('tenants').countDocuments()).toBe(1);
  });

  it('whose id is its _id has the index of the server for it, and is taken out by that', async () => {
    const args = { ...REGISTRY.args, id: '_id', identify: '_id', values: { _id: 'org-main', naziv: 'Main' } };
    const byId: MongoStepToRun<'registry'> = { ...REGISTRY, args };
    const orgs = table({ needs: { fills: ['_id'], unique: [['_id']] } });
    expect((await run.do({ ...orgs, id: 'expand/table-orgs' })).verdict).toBe('pass');
    const made = await twice(() => run.do(byId));
    expect([made.verdict, made.figures]).toEqual(['pass', { tenant: 'org-main' }]);
    expect(await db.collection('tenants').findOne({})).toMatchObject({ _id: 'org-main', naziv: 'Main' });
    expect((await run.undo(byId)).figures).toEqual({ removed: 1 });
    expect(await db.collection('tenants').countDocuments()).toBe(0);
  });

  it('is refused, by the field, when a tenant of this name is described otherwise', async () => {
    await db.collection('tenants').insertOne({ ...REGISTRY.args.values, naziv: 'Another' });
    await expect(run.do(REGISTRY)).rejects.toThrow(/1 of its 3 values that the plan names are others \(naziv\)/);
  });
});

describe('memberships', () => {
  beforeEach(async () => {
    await run.do(table());
    await run.do(REGISTRY);
    await run.do({ ...MEMBERSHIP_TABLE, id: 'expand/table-memberships' });
    const roles = ['owner', 'admin', 'agent', undefined];
    await db.collection('users').insertMany(
      Array.from({ length: 1_203 }, (_, i) => ({
        id: `u${i}`,
        role: roles[i % 4],
        ...(i === 7 ? { tenant_id: 'other' } : {}),
      })),
    );
  });

  it('are made once for every user, with the role that theirs maps to, and in the tenant that they have', async () => {
    const theirs = { id: 'm', user_id: 'u0', tenant_id: 'tenant-default', role: 'chosen' };
    await db.collection('memberships').insertOne({ ...theirs });
    const [first, second] = [await run.do(MEMBERS), await run.do(MEMBERS)];
    expect([first.verdict, first.figures?.['joined'], second.figures?.['joined']]).toEqual(['pass', 1_202, 0]);
    const of = async (user: string): Promise<unknown> =>
      db.collection('memberships').findOne({ user_id: user }, { projection: { _id: 0, id: 0, created_at: 0 } });
    expect(await of('u1')).toEqual({ user_id: 'u1', tenant_id: 'tenant-default', role: 'admin', status: 'active' });
    expect(await of('u2')).toMatchObject({ role: 'member' });
    expect(await of('u7')).toMatchObject({ tenant_id: 'other' });
    expect(await of('u0')).toMatchObject({ role: 'chosen' });

    expect((await run.undo(MEMBERS)).figures).toEqual({ removed: 1_202 });
    expect(await db.collection('memberships').countDocuments()).toBe(1);
    expect(await db.collection('memberships').countDocuments({ user_id: 'u0' })).toBe(1);
  });

  it('are made for users whose ids are documents, binary or numbers of another width', async () => {
    await db.collection('users').deleteMany({});
    const ids = [{ a: 1 }, { a: 2 }, new UUID(), Long.fromNumber(5), new Date(1), new Date(2)];
    await db.collection('users').insertMany(ids.map((id) => ({ id })));
    await db.collection('memberships').insertOne({ user_id: { a: 1 }, tenant_id: 'tenant-default', role: 'chosen' });
    await db.collection('memberships').insertOne({ user_id: 5, tenant_id: 'tenant-default', role: 'chosen' });
    const [first, second] = [await run.do(MEMBERS), await run.do(MEMBERS)];
    expect([first.verdict, first.figures?.['joined'], second.figures?.['joined']]).toEqual(['pass', 4, 0]);
  });

  it('are not proved while a user has no id, who is named', async () => {
    await db.collection('users').insertOne({ _id: 'nameless' as never, role: 'agent' });
    const made = await run.do(MEMBERS);
    expect(made.verdict).toBe('fail');
    expect(made.summary).toContain('_id nameless (no id)');
  });

  it('are refused where nothing keeps a user from joining twice', async () => {
    await db.collection('memberships').dropIndex('user_tenant');
    await expect(run.do(MEMBERS)).rejects.toThrow(/no unique index over \(user_id, tenant_id\)/);
  });
});

describe('an index', () => {
  const BY_TIME = index({ table: 'units', name: 'tenant_time', columns: ['tenant_id', 'created_at desc'] });
  const UNIQUE = index({ table: 'units', name: 'tenant_code', columns: ['tenant_id', 'code'], unique: true });

  beforeEach(async () => {
    await db.collection('units').insertMany([1, 2, 3].map((n) => ({ tenant_id: 'a', code: `c${n}` })));
  });

  it('is built once as the plan says, and dropped again', async () => {
    const before = await catalog();
    expect((await twice(() => run.do(BY_TIME))).verdict).toBe('pass');
    expect((await twice(() => run.do(UNIQUE))).verdict).toBe('pass');
    const made = (await db.collection('units').listIndexes().toArray()).sort((a, b) =>
      a['name'] < b['name'] ? -1 : 1,
    );
    expect(made.map((i) => [i['name'], i['key'], i['unique'] === true])).toEqual([
      ['_id_', { _id: 1 }, false],
      ['tenant_code', { tenant_id: 1, code: 1 }, true],
      ['tenant_time', { tenant_id: 1, created_at: -1 }, false],
    ]);
    await run.undo(UNIQUE);
    await twice(() => run.undo(BY_TIME));
    expect(await catalog()).toEqual(before);
  });

  it('that cannot be unique is refused with the documents that stand against it, and nothing is built (T0.7)', async () => {
    await db.collection('units').insertMany([
      { _id: 'x1' as never, tenant_id: 'b', code: 'same' },
      { _id: 'x2' as never, tenant_id: 'b', code: 'same' },
    ]);
    await expect(run.do(UNIQUE)).rejects.toThrow(
      /tenant_code cannot be unique: units has several documents with the same \(tenant_id, code\): 2 documents, among them _id x1 and x2/,
    );
    expect(await db.collection('units').listIndexes().toArray()).toHaveLength(1);
  });

  it('of another definition under its name is refused and left alone', async () => {
    await db.collection('units').createIndex({ tenant_id: 1 }, { name: 'tenant_code' });
    await expect(run.do(UNIQUE)).rejects.toThrow(
      /it is another one: \(tenant_id\); expected unique \(tenant_id, code\)/,
    );
    await run.undo(UNIQUE);
    expect(await db.collection('units').listIndexes().toArray()).toHaveLength(2);
  });
});

describe('the required key', () => {
  const refusedBy = async (document: Document): Promise<boolean> =>
    db
      .collection('units')
      .insertOne({ ...document })
      .then(() => false)
      .catch((error: { code?: number }) => error.code === 121);

  it('is warned of until the switch, refused from then on, and forgotten exactly', async () => {
    await db.createCollection('units');
    const before = await catalog();
    expect((await twice(() => run.do(REQUIRED))).summary).toContain('and warns');
    expect(await refusedBy({ n: 1 })).toBe(false);
    await db.collection('units').deleteMany({});

    await twice(() => makeRequired(db, 'units', 'tenant_id', 'error'));
    for (const bad of [{}, { tenant_id: null }, { tenant_id: '' }, { tenant_id: 7 }, { tenant_id: ['a'] }])
      expect([bad, await refusedBy(bad)]).toEqual([bad, true]);
    expect(await refusedBy({ tenant_id: 'a' })).toBe(false);

    expect((await twice(() => run.undo(REQUIRED))).verdict).toBe('pass');
    expect(await catalog()).toEqual(before);
  });

  it('leaves a validator that refuses as it is until the switch adds the key, and puts it back exactly', async () => {
    const validator = { n: { $gt: 1.5 }, $or: [{ code: { $type: 'string' } }, { code: null }] };
    await db.createCollection('units', { validator, validationLevel: 'moderate', validationAction: 'error' });
    const before = await catalog();
    expect((await run.do(REQUIRED)).summary).toContain('only from the switch on');
    expect(await catalog()).toEqual(before);
    await makeRequired(db, 'units', 'tenant_id', 'error');
    expect(await refusedBy({ n: 1, tenant_id: 'a' })).toBe(true);
    expect(await refusedBy({ n: 2 })).toBe(true);
    expect(await refusedBy({ n: 2, tenant_id: 'a' })).toBe(false);
    await run.undo(REQUIRED);
    expect(await catalog()).toEqual(before);
  });

  it('never makes a validator refuse that only warned', async () => {
    await db.createCollection('units', { validator: { n: 1 }, validationLevel: 'strict', validationAction: 'warn' });
    const before = await catalog();
    expect((await run.do(REQUIRED)).summary).toContain('which refused nothing, is out of it');
    await makeRequired(db, 'units', 'tenant_id', 'error');
    expect(await refusedBy({ n: 9, tenant_id: 'a' })).toBe(false);
    await run.undo(REQUIRED);
    expect(await catalog()).toEqual(before);
  });

  it('makes a collection that is not there yet, and drops it again unless somebody wrote to it', async () => {
    const before = await catalog();
    await run.do(REQUIRED);
    await run.undo(REQUIRED);
    expect(await catalog()).toEqual(before);
    await run.do(REQUIRED);
    await db.collection('units').insertOne({ n: 1 });
    expect((await run.undo(REQUIRED)).verdict).toBe('pass');
    expect(await db.collection('units').countDocuments()).toBe(1);
  });

  it('is not taken back over a validator that somebody set meanwhile', async () => {
    await db.createCollection('units');
    await run.do(REQUIRED);
    await db.command({ collMod: 'units', validator: { theirs: 1 } });
    await expect(run.undo(REQUIRED)).rejects.toThrow(/Somebody changed it meanwhile/);
  });

  it('is read back, made strict in contract when no document is without it, and lets the replaced index go', async () => {
    await db.collection('units').insertMany([1, 2].map((n) => ({ tenant_id: 'a', code: `c${n}` })));
    await db.collection('units').createIndex({ code: 1 }, { name: 'code_1', unique: true });
    const shape: MongoStepToRun<'shape'> = {
      ...{ id: 'validate/shape', kind: 'shape', handler: shapeStep },
      args: {
        tables: [
          {
            ...{ table: 'units', column: 'tenant_id', type: 'text' },
            foreignKey: '',
            required: 'validator',
            indexes: ['tenant_code'],
          },
        ],
      },
    };
    const retire: MongoStepToRun<'retire'> = {
      ...{ id: 'contract/retire', kind: 'retire', handler: retireStep },
      args: { tables: [{ table: 'units', column: 'tenant_id' }], drops: [{ table: 'units', name: 'code_1' }] },
    };
    expect((await run.do(shape)).verdict).toBe('fail');
    await run.do(REQUIRED);
    await expect(run.do(retire)).rejects.toThrow(/code_1 of units unique \(code\) is not dropped/);
    await run.do(index({ table: 'units', name: 'tenant_code', columns: ['tenant_id', 'code'], unique: true }));
    expect((await run.do(shape)).verdict).toBe('pass');

    expect((await twice(() => run.do(retire))).verdict).toBe('pass');
    expect((await db.collection('units').listIndexes().toArray()).map((i) => i['name'] as string)).toEqual([
      '_id_',
      'tenant_code',
    ]);
    const [info] = await db.listCollections({ name: 'units' }).toArray();
    expect((info as { options: Document }).options).toMatchObject({
      validationLevel: 'strict',
      validationAction: 'error',
    });
    await db.command({ collMod: 'units', validator: {} });
    await db.collection('units').insertOne({ code: 'c3' });
    await expect(run.do(retire)).rejects.toThrow(/1 documents of units are without tenant_id/);
  });
});

describe('an aggregation of the plan', () => {
  const ask = (pipeline: StepArgs['aggregate']['pipeline'], expected: string): MongoStepToRun<'aggregate'> => ({
    ...{ id: 'validate/ask', kind: 'aggregate', handler: aggregateStep },
    args: { table: 'units', pipeline, expect: { value: expected }, as: ['owner', 'app'] },
  });

  beforeEach(async () => {
    await db.collection('units').insertMany([{ n: 1, at: new Date(0) }, { n: 2 }]);
  });

  it('is asked as the tool and as the application, in extended JSON', async () => {
    const pipeline = [{ $match: { at: { $lt: { $date: '2000-01-01T00:00:00Z' } } } }, { $count: 'n' }];
    expect((await run.do(ask(pipeline, '1'))).verdict).toBe('pass');
    expect((await run.do(ask([{ $group: { _id: null, sum: { $sum: '$n' } } }], '4'))).verdict).toBe('fail');
  });

  it.each(['$out', '$merge', '$where', '$function', '$accumulator'])(
    'is refused with %s, wherever it stands',
    async (name) => {
      const nested = [{ $facet: { a: [{ $match: { [name]: 'x' } }] } }];
      await expect(run.do(ask(nested, '1'))).rejects.toThrow(`uses ${name}`);
    },
  );
});

describe('a worker that dies after any of its effects', () => {
  it.each([1, 2, 3])(
    'leaves nothing that the next attempt does not finish, forward and back (effect %i)',
    async (nth) => {
      await db.collection('units').insertMany([1, 2].map((n) => ({ tenant_id: 'a', code: `c${n}` })));
      await db.collection('users').insertMany([1, 2].map((n) => ({ id: `u${n}`, tenant_id: 'a' })));
      const before = await catalog();
      const { otherwise: _none, ...members } = MEMBERS.args;
      const steps: readonly MongoStepToRun<StepKind>[] = [
        table(),
        { ...MEMBERSHIP_TABLE, id: 'expand/table-memberships' },
        REQUIRED,
        { ...MEMBERS, args: members },
        index({ table: 'units', name: 'tenant_code', columns: ['tenant_id', 'code'], unique: true }),
      ] as unknown as readonly MongoStepToRun<StepKind>[];
      let deaths = 0;
      const through = async (
        work: (step: MongoStepToRun<StepKind>) => Promise<Evidence>,
        step: MongoStepToRun<StepKind>,
      ) => {
        await work(cut(step, nth)).catch(() => (deaths += 1));
        expect((await work(step)).verdict).toBe('pass');
      };
      for (const step of steps) await through((s) => run.do(s), step);
      expect(await db.collection('memberships').countDocuments()).toBe(2);
      for (const step of [...steps].reverse()) await through((s) => run.undo(s), step);
      expect(await catalog()).toEqual(before);
      expect(deaths).toBeGreaterThan(0);
    },
  );
});
