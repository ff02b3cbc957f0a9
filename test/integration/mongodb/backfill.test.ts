import { createHash } from 'node:crypto';
import { BSON, MongoClient, type Collection, type Db, type Document } from 'mongodb';
import { findMissing } from '../../../activities/mongodb/find-missing';
import { idText, streamIds } from '../../../activities/mongodb/id-stream';
import { missingKey, validKey } from '../../../activities/mongodb/missing';
import { sweepDocuments } from '../../../activities/mongodb/rules/sweep';
import { recountStep } from '../../../activities/mongodb/steps/recount';
import { stampStep } from '../../../activities/mongodb/steps/stamp';
import { tooLarge } from '../../../activities/mongodb/too-large';
import { cutWindows, within } from '../../../activities/mongodb/windows';
import type { Rule } from '../../../src/core/tenancy-args';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoStepRun, type MongoStepToRun } from '../../support/mongo-step-run';

const { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } = BSON;
const KEY = 'tenant_id';
const CONSTANT: Rule = { kind: 'constant', tenant: { step: 'preflight/claim', name: 'tenant' } };

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let lane: Db;
let runs = 0;

beforeAll(async () => {
  mongo = await freshMongo();
  client = await new MongoClient(mongo.urls.root).connect();
  db = client.db(mongo.database);
  lane = client.db(`cutover_${mongo.database}`);
}, MONGO_PATIENCE);

afterAll(async () => {
  await client?.close();
  await mongo?.close();
});

beforeEach(async () => {
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) await db.collection(name).drop();
  await lane.collection<{ _id: string }>('claim').deleteMany({});
});

describe('the filter of documents without a valid key', () => {
  it('finds absent, null, "", every other type, and arrays whatever they hold (T0.2)', async () => {
    const values = { str: 'x', nul: null, empty: '', num: 5, list: ['x'], none: [], nulls: [null], obj: { a: 1 } };
    const more = {
      bool: true,
      date: new Date(0),
      oid: new ObjectId(),
      dec: Decimal128.fromString('1'),
      ts: new Timestamp({ t: 1, i: 1 }),
      bin: new Binary(Buffer.from('x')),
      nan: NaN,
    };
    const docs = Object.entries({ ...values, ...more }).map(([_id, value]) => ({ _id, [KEY]: value }));
    const all = db.collection<Document>('t');
    await all.insertMany([{ _id: 'absent' as never }, ...docs] as Document[]);
    expect((await all.find(validKey(KEY)).toArray()).map(({ _id }) => _id)).toEqual(['str']);
    expect(await all.countDocuments(missingKey(KEY))).toBe(docs.length);
    await db.collection('t').createIndex({ [KEY]: 1 });
    expect(await all.countDocuments(missingKey(KEY))).toBe(docs.length);
    const byIndex = new Set<string>();
    for await (const batch of findMissing(
      db,
      { table: 't', column: KEY },
      { signal: new AbortController().signal, thorough: false },
    ))
      for (const { id } of batch) byIndex.add(String(id));
    // An array of strings stands in the index as its strings: only a whole reading finds it.
    expect([...byIndex].sort()).toEqual(
      ['absent', ...docs.map(({ _id }) => _id)]
        .filter((id) => id !== 'str' && id !== 'list')
        .filter((id) => id !== 'none' || byIndex.has('none'))
        .sort(),
    );
  });
});

describe('windows over _id on the server', () => {
  const ids = [
    ...[new MinKey(), NaN, -Infinity, new Int32(-5), Decimal128.fromString('1.5'), new Int32(7)],
    ...[Long.fromString('9007199254740993'), Infinity, '', 'a', 'b', 'é', {}, { a: 1 }, { b: 2, a: 1 }],
    ...[new Binary(Buffer.from('ab')), new UUID(), new UUID(), new ObjectId(), new ObjectId(), new ObjectId()],
    ...[
      false,
      true,
      new Date(-1),
      new Date(0),
      new Timestamp({ t: 1, i: 1 }),
      new Timestamp({ t: 1, i: 2 }),
      new MaxKey(),
    ],
    ...[new BSON.DBRef('users', new ObjectId())],
  ];

  it.each([1, 3, 7, 200])('match every one of 29 mixed ids exactly once, %i at a time', async (size) => {
    const mixed = db.collection('mixed');
    await mixed.insertMany(ids.map((_id) => ({ _id: _id as never })));
    const { signal } = new AbortController();
    let matched = 0;
    for await (const window of cutWindows(streamIds(mixed, { signal }), () => size)) {
      const { matchedCount } = await mixed.updateMany(within(window), { $inc: { touched: 1 } });
      expect(matchedCount).toBe(window.docs);
      matched += matchedCount;
    }
    expect(matched).toBe(ids.length);
    expect(await mixed.countDocuments({ touched: 1 })).toBe(ids.length);
  });

  it('go on from any place with exactly what comes after it', async () => {
    const mixed = db.collection('mixed');
    await mixed.insertMany(ids.map((_id) => ({ _id: _id as never })));
    const all = await collected(mixed, undefined);
    expect(all).toHaveLength(ids.length);
    for (const [i, id] of all.entries())
      expect((await collected(mixed, id)).map(idText)).toEqual(all.slice(i + 1).map(idText));
  });

  it('survive a cursor that the server has lost', async () => {
    const many = db.collection('many');
    await many.insertMany(Array.from({ length: 12_000 }, (_, n) => ({ n })));
    const watched = await new MongoClient(mongo.urls.root, { monitorCommands: true }).connect();
    try {
      const cursors: unknown[] = [];
      watched.on('commandSucceeded', (event) => {
        const reply = event.reply as { readonly cursor?: { readonly id: unknown } };
        if (event.commandName === 'find' && reply.cursor) cursors.push(reply.cursor.id);
      });
      const seen = new Set<string>();
      for await (const ids of streamIds(watched.db(mongo.database).collection('many'), {
        signal: new AbortController().signal,
      })) {
        for (const id of ids) seen.add(idText(id.value()));
        if (seen.size === ids.length) {
          const killed = await db.command({ killCursors: 'many', cursors: [cursors[0]] });
          expect(killed['cursorsKilled']).toHaveLength(1);
        }
      }
      expect(seen.size).toBe(12_000);
      expect(cursors.length).toBeGreaterThan(1);
    } finally {
      await watched.close();
    }
  });
});

describe('stamping', () => {
  it('gives every document the key, null, "" and other types included (T0.2), and changes no other byte', async () => {
    await db.collection<Document>('odd').insertMany(oddDocuments());
    const before = await digest('odd');
    const run = await begin();
    const evidence = await run.do(stamp('odd'));
    expect(evidence.verdict).toBe('pass');
    expect(await db.collection('odd').countDocuments({ [KEY]: 'main' })).toBe(oddDocuments().length);
    expect(await digest('odd')).toBe(before);
  });

  it('puts back null, "" and other types, and takes the field from those that never had it', async () => {
    await db.collection<Document>('odd').insertMany(oddDocuments());
    const before = await digest('odd', []);
    const run = await begin();
    await run.do(stamp('odd'));
    expect(await digest('odd', [])).not.toBe(before);
    const evidence = await run.undo(stamp('odd'));
    expect(evidence).toMatchObject({ verdict: 'pass' });
    expect(await digest('odd', [])).toBe(before);
    expect((await db.listCollections({ name: 'odd' }).toArray())[0]).not.toHaveProperty('options.validator.$or');
  });

  it("never makes another tenant's documents the default tenant's, however often it runs (T1.3)", async () => {
    const t = db.collection<Document>('t');
    await t.insertMany([
      ...documents(500),
      { _id: 'a1' as never, [KEY]: 'acme' },
      { _id: 'a2' as never, [KEY]: 'acme' },
    ]);
    const run = await begin();
    for (let i = 0; i < 3; i++) expect((await run.do(stamp('t'))).verdict).toBe('pass');
    expect(await t.countDocuments({ [KEY]: 'acme' })).toBe(2);
    const again = await begin();
    expect((await again.do(stamp('t'))).figures).toMatchObject({ stamped: 0, hadKey: 502 });
    expect(await t.countDocuments({ [KEY]: 'acme' })).toBe(2);
    expect((await again.undo(stamp('t'))).figures).toMatchObject({ takenBack: 0, withKey: 502, archived: 0 });
    expect(await t.countDocuments(validKey(KEY))).toBe(502);
  });

  it('counts a collection that is not there as 0 and says so (T0.3)', async () => {
    const run = await begin();
    expect((await run.do(stamp('ghost'))).summary).toBe('There is no collection ghost: 0 documents to stamp');
    expect((await run.undo(stamp('ghost'))).verdict).toBe('pass');
    expect(await db.listCollections({ name: 'ghost' }).toArray()).toEqual([]);
  });

  it('goes on after the last finished window when its worker was cut off', async () => {
    await db.collection('t').insertMany(documents(30_000));
    const run = await begin();
    await lane.collection<Document>('knobs').insertOne({ _id: run.ref.id as never, maxPerSecond: 8_000, window: 200 });
    const cut = new AbortController();
    const row = `${run.ref.id}/backfill/t/windows`;
    let polls = 0;
    const heard = (): void => {
      if (polls++ % 10 === 0)
        void lane
          .collection<{ _id: string }>('progress')
          .findOne({ _id: row })
          .then((found) => found && cut.abort(new Error('cut off')));
    };
    await expect(run.do(stamp('t'), { signal: cut.signal, heard })).rejects.toThrow();
    const left = await db.collection('t').countDocuments(missingKey(KEY));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(30_000);
    await lane.collection<Document>('knobs').deleteMany({});
    const first = JSON.parse(
      (await lane.collection<{ _id: string; value: string }>('progress').findOne({ _id: row }))?.value ?? '{}',
    ) as { walked: number };
    const evidence = await run.do(stamp('t'));
    expect(evidence.verdict).toBe('pass');
    expect(first.walked).toBeGreaterThan(0);
    expect(await db.collection('t').countDocuments(missingKey(KEY))).toBe(0);
    const last = JSON.parse(
      (await lane.collection<{ _id: string; value: string }>('progress').findOne({ _id: row }))?.value ?? '{}',
    ) as { walked: number };
    expect(last.walked).toBe(30_000);
  }, 60_000);

  it('reaches what an application inserts and updates meanwhile', async () => {
    const t = db.collection<Document>('t');
    await t.insertMany(documents(20_000));
    const run = await begin();
    await lane.collection<Document>('knobs').insertOne({ _id: run.ref.id as never, maxPerSecond: 15_000 });
    const app = await new MongoClient(mongo.urls.app).connect();
    const stop = new AbortController();
    let written = 0;
    const writer = (async () => {
      const own = app.db(mongo.database).collection<Document>('t');
      while (!stop.signal.aborted) {
        // One that sorts before every place, one behind, one that turns its key to null.
        await own.insertOne({ _id: -written as never, n: written });
        await own.insertOne({ n: written });
        await own.updateOne(
          { n: written % 20_000 },
          { $set: { touched: written, ...(written % 7 === 0 ? { [KEY]: null } : {}) } },
        );
        written += 2;
      }
    })();
    try {
      const seen = new Promise<void>((resolve) => {
        const look = (): void => void (written > 200 ? resolve() : setImmediate(look));
        look();
      });
      await seen;
      await run.do(stamp('t'));
    } finally {
      stop.abort();
      await writer;
      await app.close();
    }
    expect(written).toBeGreaterThan(200);
    expect((await run.do(stamp('t'))).verdict).toBe('pass');
    expect(await t.countDocuments({ [KEY]: 'main' })).toBe(20_000 + written);
    expect(run.said.some((s) => /documents\/s, about \d+ (s|min) left/.test(s))).toBe(true);
  }, 60_000);

  it('leaves a document of 16 MB to the preflight, which names it', async () => {
    const big = { _id: 'big' as never, fill: '' };
    const room = 16 * 1024 * 1024 - BSON.calculateObjectSize(big) - 20;
    await db.collection('t').insertMany([{ n: 1 }, { ...big, fill: 'x'.repeat(room) }]);
    expect(await tooLarge(db, 't', KEY)).toEqual({ count: 1, ids: ['{"id":"big"}'] });
  }, 30_000);
});

describe('undoing', () => {
  it('keeps the keys of other tenants in the archive and those of before in place', async () => {
    const t = db.collection<Document>('t');
    await t.insertMany([...documents(300), { _id: 'old' as never, [KEY]: 'acme' }]);
    const run = await begin();
    await run.do(stamp('t'));
    await t.insertMany([
      { _id: 'new1' as never, [KEY]: 'acme' },
      { _id: 'new2' as never, [KEY]: 'globex' },
      { _id: 'new3' as never, [KEY]: 'main' },
    ]);
    const evidence = await run.undo(stamp('t'));
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { archived: 2, withKey: 1, hadKey: 1 } });
    expect(await t.find(validKey(KEY)).toArray()).toEqual([{ _id: 'old', [KEY]: 'acme' }]);
    const kept = await lane
      .collection<Document>('archive')
      .find({ '_id.run': run.ref.id }, { projection: { _id: 1, key: 1 } })
      .toArray();
    expect(kept.map((k) => [(k['_id'] as unknown as { id: string }).id, k['key']]).sort()).toEqual([
      ['new1', 'acme'],
      ['new2', 'globex'],
    ]);
  });

  it('refuses what still wants to stamp while it works, and puts the validator of before back', async () => {
    const own = { $jsonSchema: { properties: { n: { bsonType: 'int' } } } };
    await db.createCollection('t', { validator: own, validationLevel: 'strict', validationAction: 'error' });
    await db.collection('t').insertMany(documents(6_000));
    const run = await begin();
    await run.do(stamp('t'));
    await lane.collection<Document>('knobs').insertOne({ _id: run.ref.id as never, maxPerSecond: 6_000, window: 100 });
    let late: Promise<unknown> | undefined;
    const heard = (doing: string): void => {
      if (doing.startsWith('unstamping'))
        late ??= db
          .collection('t')
          .updateMany({ n: { $lt: 50 }, [KEY]: { $exists: false } }, { $set: { [KEY]: 'main' } })
          .catch((e: unknown) => e);
    };
    expect((await run.undo(stamp('t'), { heard })).verdict).toBe('pass');
    expect(await late).toMatchObject({ code: 121 });
    expect(await db.collection('t').countDocuments(validKey(KEY))).toBe(0);
    const [after] = await db.listCollections({ name: 't' }).toArray();
    expect(after).toMatchObject({ options: { validator: own, validationLevel: 'strict', validationAction: 'error' } });
  }, 60_000);
});

describe('rules', () => {
  const mapping: Rule = { kind: 'mapping', by: 'owner', in: { table: 'owners', from: 'owner', to: 'tenant' } };

  it("mapping gives every document its owner's tenant, and proves it", async () => {
    await db
      .collection('owners')
      .insertMany(Array.from({ length: 30 }, (_, n) => ({ owner: `o${n}`, tenant: `t${n % 3}` })));
    await db.collection('t').insertMany(Array.from({ length: 900 }, (_, n) => ({ n, owner: `o${n % 30}` })));
    const run = await begin();
    expect((await run.do(stamp('t', mapping))).verdict).toBe('pass');
    for (const tenant of [0, 1, 2]) expect(await db.collection('t').countDocuments({ [KEY]: `t${tenant}` })).toBe(300);
    await db.collection('t').updateOne({ n: 1 }, { $set: { [KEY]: 't2' } });
    expect(await run.do(stamp('t', mapping))).toMatchObject({ verdict: 'fail' });
    expect((await run.undo(stamp('t', mapping))).figures).toMatchObject({ archived: 1, withKey: 0 });
  });

  it('mapping refuses documents that it cannot tell, by name, before it stamps any', async () => {
    await db.collection('owners').insertOne({ owner: 'o1', tenant: 't1' });
    await db.collection('t').insertMany([{ owner: 'o1' }, { owner: 'lost' }, { owner: null }, {}]);
    const run = await begin();
    await expect(run.do(stamp('t', mapping))).rejects.toThrow(/cannot tell the tenant of 3 rows, of .*"lost"/);
    expect(await db.collection('t').countDocuments(missingKey(KEY))).toBe(4);
    const otherwise = { ...mapping, otherwise: { step: 'preflight/claim', name: 'tenant' } };
    expect((await run.do(stamp('t', otherwise))).verdict).toBe('pass');
    expect(await db.collection('t').countDocuments({ [KEY]: 'main' })).toBe(3);
  });

  it('mapping refuses a tenant that the registry does not have, before it stamps any', async () => {
    await db.collection('tenants').insertOne({ id: 't1' });
    await db.collection('owners').insertMany([
      { owner: 'o1', tenant: 't1' },
      { owner: 'o2', tenant: 'nobody' },
    ]);
    await db.collection('t').insertMany([{ owner: 'o1' }, { owner: 'o2' }]);
    const known: Rule = { ...mapping, registry: { table: 'tenants', id: 'id' } };
    const run = await begin();
    await expect(run.do(stamp('t', known))).rejects.toThrow(
      'owners gives documents of t the tenant "nobody", which tenants does not have. Add that tenant or correct the values',
    );
    expect(await db.collection('t').countDocuments(missingKey(KEY))).toBe(2);
    await db.collection('tenants').insertOne({ id: 'nobody' });
    expect((await run.do(stamp('t', known))).verdict).toBe('pass');
  });

  it('mapping refuses a value that leads to two tenants', async () => {
    await db.collection('owners').insertMany([
      { owner: 'o1', tenant: 't1' },
      { owner: 'o1', tenant: 't2' },
    ]);
    await db.collection('t').insertOne({ owner: 'o1' });
    await expect((await begin()).do(stamp('t', mapping))).rejects.toThrow(
      /gives owner "o1" two values of tenant: "t1" and "t2"/,
    );
  });

  it('walk gives a document the tenant of the one that it refers to', async () => {
    const [a, b] = [new ObjectId(), new ObjectId()];
    await db.collection('users').insertMany([
      { _id: a, [KEY]: 'acme' },
      { _id: b, [KEY]: 'globex' },
    ]);
    await db.collection('t').insertMany([{ user: a }, { user: a }, { user: b }]);
    const walk: Rule = { kind: 'walk', by: 'user', to: { table: 'users', column: '_id', key: KEY } };
    expect((await (await begin()).do(stamp('t', walk))).verdict).toBe('pass');
    expect(await db.collection('t').countDocuments({ [KEY]: 'acme' })).toBe(2);
    expect(await db.collection('t').countDocuments({ [KEY]: 'globex' })).toBe(1);
  });
});

describe('the sweep of the freeze', () => {
  it('stamps what is left by the index, and never twice', async () => {
    const t = db.collection<Document>('t');
    await t.insertMany(documents(200).map((d) => ({ ...d, [KEY]: 'main' })));
    await t.createIndex({ [KEY]: 1 });
    await t.insertMany([
      { n: 1 },
      { n: 2, [KEY]: null },
      { n: 3, [KEY]: '' },
      { n: 4, [KEY]: 7 },
      { n: 5, [KEY]: 'acme' },
    ]);
    const input = {
      db,
      tables: [
        { table: 't', column: KEY, rule: CONSTANT },
        { table: 'ghost', column: KEY, rule: CONSTANT },
      ],
      tenants: () => 'main',
      signal: new AbortController().signal,
    };
    expect(await sweepDocuments(input)).toEqual({
      stamped: 4,
      left: 0,
      byTable: { t: { stamped: 4, left: 0 }, ghost: { stamped: 0, left: 0 } },
    });
    expect(await sweepDocuments(input)).toMatchObject({ stamped: 0, left: 0 });
    expect(await t.countDocuments({ [KEY]: 'acme' })).toBe(1);
  });
});

describe('recounting', () => {
  const recount = (tables: readonly string[]): MongoStepToRun<'recount'> => ({
    id: 'validate/recount',
    kind: 'recount',
    handler: recountStep,
    args: {
      tables: tables.map((table) => ({ table, column: KEY, rule: CONSTANT })),
      registry: { table: 'tenants', id: 'id' },
      as: ['owner', 'app'],
    },
  });

  it('passes when every document has a tenant of the registry, and names collections that are not there', async () => {
    await db.collection('tenants').insertOne({ id: 'main' });
    await db.collection('t').insertMany(documents(50));
    const run = await begin();
    await run.do(stamp('t'));
    const evidence = await run.do(recount(['t', 'ghost']));
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { rows: 50, t: 50, ghost: 0, absent: 'ghost' } });
    expect(evidence.summary).toContain('not there, so 0 documents: ghost');
  });

  it('fails for a key that the registry does not have, naming it, and stamps again what lost its key since', async () => {
    await db.collection('tenants').insertOne({ id: 'main' });
    await db.collection('t').insertMany(documents(5));
    const run = await begin();
    await run.do(stamp('t'));
    await db.collection('t').updateOne({ n: 1 }, { $set: { [KEY]: null } });
    await db.collection('t').updateOne({ n: 2 }, { $set: { [KEY]: 'stranger' } });
    const evidence = await run.do(recount(['t']));
    const failed = evidence.checks.filter((c) => c.verdict === 'fail').map((c) => c.name);
    const strange = evidence.checks.find((c) => c.name === 't: keys that the registry does not have (as owner)');
    expect(strange?.observed).toBe('1: "stranger" (documents: 1); add to tenants, or correct them');
    expect(evidence.figures).toMatchObject({ arrivedSince: 1 });
    expect(await db.collection('t').countDocuments(missingKey(KEY))).toBe(0);
    expect(failed).toContain('t: keys that the registry does not have (as app)');
    expect(failed).toContain('t: documents of other tenants than the rule says');
  });
});

function stamp(table: string, rule: Rule = CONSTANT): MongoStepToRun<'stamp'> {
  return { id: `backfill/${table}`, kind: 'stamp', handler: stampStep, args: { table, column: KEY, rule } };
}

async function begin(): Promise<MongoStepRun> {
  await lane.collection<{ _id: string }>('claim').deleteMany({});
  const run = new MongoStepRun(mongo, `000.${String(++runs).padStart(8, '0')}`);
  await run.claim({ tenant: 'main' });
  return run;
}

function documents(count: number): readonly Document[] {
  return Array.from({ length: count }, (_, n) => ({ n, text: `document ${n}` }));
}

/** What a driver that decodes and encodes would change. */
function oddDocuments(): readonly Document[] {
  const values = {
    decimal: Decimal128.fromString('1.50'),
    minusZero: new Double(-0),
    nan: new Double(NaN),
    one: new Double(1),
    long: Long.fromNumber(1),
    uuid4: new UUID('00000000-0000-4000-8000-000000000000'),
    uuid3: new Binary(Buffer.alloc(16, 3), 3),
    at: new Timestamp({ t: 7, i: 9 }),
    'with.dot': 1,
    $dollar: 2,
    nested: [[1, [new Int32(2), null]], { a: [{}] }],
    nothing: null,
  };
  const last = (key: unknown, n: number): Document => ({ _id: `odd${n}`, ...values, [KEY]: key, after: n });
  return [
    { _id: 'plain', ...values },
    ...[null, '', 5, new Double(5), Long.fromNumber(5), ['x'], [null], {}, { a: 1 }, true, NaN].map(last),
    ...[new ObjectId('64b000000000000000000001'), Decimal128.fromString('5.0'), new UUID()].map((k, n) =>
      last(k, n + 50),
    ),
  ];
}

/** Of the raw BSON of all documents in the order of `_id`, without the fields that are named, element by element. */
async function digest(table: string, without: readonly string[] = [KEY]): Promise<string> {
  const hash = createHash('sha256');
  for await (const raw of db.collection(table).find({}, { raw: true, sort: { _id: 1 } })) {
    const bytes = raw as unknown as Buffer;
    for (const element of BSON.onDemand.parseToElements(bytes)) {
      const [, nameOffset, nameLength, offset, length] = element;
      const name = Buffer.from(bytes.subarray(nameOffset, nameOffset + nameLength)).toString('utf8');
      if (!without.includes(name)) hash.update(bytes.subarray(nameOffset - 1, offset + length));
    }
    hash.update('\n');
  }
  return hash.digest('hex');
}

async function collected(collection: Collection, after: unknown): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const { signal } = new AbortController();
  for await (const ids of streamIds(collection, { signal, ...(after === undefined ? {} : { after: { id: after } }) }))
    found.push(...ids.map((id) => id.value()));
  return found;
}
