import type { CompiledPlan } from '../../src/core/plan';
import { isLookedUp } from '../../src/core/tenancy-args';
import type { Step } from '../../src/core/step';
import type { PgSession } from './context';
import { qualified } from './identifiers';
import { megabytes } from '../findings';
import { readOnly } from './read-only';

/** What a step would meet now. */
interface World {
  readonly databaseBytes: number;
  readonly tables: ReadonlyMap<string, TableSize>;
}

interface TableSize {
  readonly name: string;
  readonly rows: number;
  /** By the statistics, not counted. */
  readonly guessed: boolean;
  readonly bytes: number;
}

/** By step id, what it would read, write or make, in one line; steps about which nothing can be told have none. */
export async function expectations(session: PgSession, plan: CompiledPlan): Promise<Record<string, string>> {
  const world = await look(session, plan);
  const told = plan.steps.flatMap((step) => {
    const text = expectedOf(step, world);
    return text === undefined ? [] : [[step.id, text] as const];
  });
  return Object.fromEntries(told);
}

function expectedOf(step: Step, world: World): string | undefined {
  switch (step.kind) {
    case 'backup':
      return `dumps ${megabytes(world.databaseBytes)} of database, indexes included`;
    case 'drill':
      return `restores it into ${step.args.scratch} and compares every table`;
    case 'table':
      return world.tables.has(step.args.table) ? `${step.args.table} is there already` : 'a new table, empty';
    case 'registry':
      return '1 row';
    case 'key':
      return `${sizeOf(world, step.args.table)}; no row is rewritten, whatever the size`;
    case 'stamp':
      return `${isLookedUp(step.args.rule) ? 'stamps' : 'reads'} ${sizeOf(world, step.args.table)}`;
    case 'reference':
    case 'required':
      return `reads ${sizeOf(world, step.args.table)}`;
    case 'index':
      return `reads ${sizeOf(world, step.args.table)}, while the application writes`;
    case 'members':
      return `a membership for each of ${sizeOf(world, step.args.from.table)}`;
    case 'recount':
      return `counts ${step.args.tables.map((t) => sizeOf(world, t.table)).join('; ')}`;
    case 'freeze':
      return `sweeps what came without its key since, of ${step.args.tables.length} tables; its cost does not follow their size`;
    case 'observe':
      return `${step.args.probes.length} probes, ${Math.max(1, Math.floor(step.args.forMs / step.args.everyMs))} times each`;
    default:
      // Their cost does not follow any size that can be asked now.
      return undefined;
  }
}

function sizeOf(world: World, table: string): string {
  const found = world.tables.get(table);
  if (!found) return `${table} (not there yet)`;
  return `${found.guessed ? '~' : ''}${found.rows.toLocaleString('en')} rows of ${table} (${megabytes(found.bytes)})`;
}

async function look(session: PgSession, plan: CompiledPlan): Promise<World> {
  const [database] = await session.query<{ bytes: string }>(
    'SELECT pg_database_size(current_database())::text AS bytes',
  );
  const found = await session.query<{ name: string; rows: string; bytes: string }>(SIZES, [plan.tables]);
  const tables = new Map<string, TableSize>();
  for (const { name, rows, bytes } of found) {
    const exact = Number(bytes) < COUNT_BELOW_BYTES ? await count(session, name) : undefined;
    const size = { name, rows: exact ?? Math.max(0, Number(rows)), guessed: exact === undefined, bytes: Number(bytes) };
    tables.set(name, size);
  }
  return { databaseBytes: Number(database?.bytes ?? 0), tables };
}

/** Undefined where it takes too long or may not be asked: then the statistics must do. */
async function count(session: PgSession, table: string): Promise<number | undefined> {
  try {
    const [row] = await readOnly(session, { timeoutMs: 2_000 }, () =>
      session.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${qualified(table)}`),
    );
    return Number(row?.n ?? 0);
  } catch {
    return undefined;
  }
}

const COUNT_BELOW_BYTES = 256e6;

const SIZES = `
SELECT n.nspname || '.' || c.relname AS name, c.reltuples::bigint::text AS rows, pg_total_relation_size(c.oid)::text AS bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = ANY ($1::text[]) AND c.relkind IN ('r', 'p') ORDER BY 1`;
