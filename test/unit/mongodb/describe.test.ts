import { describeStep } from '../../../activities/describe/describe-step';
import type { Step, StepOf } from '../../../src/core/step';

const base = { phase: 'expand', target: 'app', title: 'A sentence.' } as const;
const TENANT = { step: 'expand/registry', name: 'tenant' } as const;
const COMMAND = { argv: ['workers', 'stop'], timeoutMs: 5_000 } as const;
const FREEZE: StepOf<'freeze'> = {
  ...{ ...base, id: 'cutover/freeze', kind: 'freeze' },
  args: {
    ...{ mode: 'refuse', fence: { mechanism: 'role' }, budgetMs: 60_000, quietMs: 3_000, announcedMs: 1_800_000 },
    tables: [{ table: 'units', column: 'tenant_id', rule: { kind: 'constant', tenant: TENANT } }],
    quiet: [{ name: 'ingestion', stop: COMMAND, start: COMMAND }],
    switch: [{ act: 'config', step: 'configure/env' }],
    prove: [],
  },
};

const texts = (step: Step): { readonly forward: readonly string[]; readonly back: readonly string[] } => {
  const { statements, undo } = describeStep('mongodb', step);
  return { forward: statements.map(({ sql }) => sql), back: undo.map(({ sql }) => sql) };
};

describe('what a step would do on MongoDB', () => {
  it('shows a collection as it is created, and that its documents are kept before it is dropped', () => {
    const create = '{"options": {}, "indexes": [{"name": "id_unique", "key": {"id": 1}, "unique": true}]}';
    const { forward, back } = texts({
      ...{ ...base, id: 'expand/table-tenants', kind: 'table' },
      args: { table: 'tenants', create, file: 'tenants.json', purpose: 'tenants', like: '' },
    });
    expect(forward).toEqual([
      'db.runCommand({ create: "tenants" })',
      'db.runCommand({ createIndexes: "tenants", indexes: [{ name: "id_unique", key: { id: 1 }, unique: true }] })',
    ]);
    expect(back.at(0)).toContain('collMod: "tenants", validator: { $nor: [{}] }');
    expect(back.at(1)).toContain('archive_documents');
    expect(back.at(-1)).toBe('db.runCommand({ drop: "tenants" })');
  });

  it('shows the upsert of the default tenant with `<...>` for what only a run knows', () => {
    const { forward } = texts({
      ...{ ...base, id: 'expand/registry', kind: 'registry' },
      args: {
        table: 'tenants',
        id: 'id',
        identify: 'id',
        values: { id: 't', naziv: 'N' },
        fill: { created_at: 'now' },
      },
    });
    expect(forward).toEqual([
      'db.runCommand({ update: "tenants", updates: [{ q: { id: { $eq: "t" } }, u: { $setOnInsert: { created_at: <now>, naziv: "N" } }, upsert: true }] })',
    ]);
  });

  it('asks for duplicates before it builds a unique index', () => {
    const { forward } = texts({
      ...{ ...base, id: 'backfill/unique', kind: 'index' },
      args: { table: 'units', name: 'tenant_code', columns: ['tenant_id', 'code desc'], unique: true },
    });
    expect(forward[0]).toContain('db.units.aggregate([{ $group:');
    expect(forward[1]).toContain('key: { tenant_id: 1, code: -1 }, unique: true');
  });

  it('says of a fence who opens it, what it does not stop and what else it stops', () => {
    const notes = describeStep('mongodb', FREEZE).notes.join('\n');
    for (const word of ['expires: watchdog', 'does not stop: ', 'also stops: ', 'cutover fence open', 'budget 60 s'])
      expect(notes).toContain(word);
    expect(notes).toContain('announced: 1800 s');
    expect(notes).toContain('stopped first: ingestion, by ["workers","stop"]');
    expect(notes).toContain('switch: what configure/env has staged becomes live');
  });

  it('says of every statement what the application meets of it', () => {
    const { statements, undo } = describeStep('mongodb', FREEZE);
    expect(statements.length).toBeGreaterThan(0);
    for (const { lock } of [...statements, ...undo]) expect(lock.trim()).not.toBe('');
  });

  it('is chosen by the engine of the plan', () => {
    const required: Step = {
      ...{ ...base, id: 'expand/validator-units', kind: 'required' },
      args: { table: 'public.units', column: 'tenant_id', name: 'validator' },
    };
    expect(
      describeStep('postgres', required)
        .statements.map(({ sql }) => sql)
        .join(' '),
    ).toContain('ALTER TABLE');
    expect(describeStep('mongodb', required).statements[0]?.sql).toContain('collMod');
  });
});
