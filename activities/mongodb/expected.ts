import type { Db, Document } from 'mongodb';
import type { CompiledPlan } from '../../src/core/plan';
import type { Membership } from '../../src/core/tenancy-args';
import type { Step } from '../../src/core/step';
import { codeOf } from './duplicate-key';
import { collectionSizes, megabytes, type CollectionSize } from './facts-shown';
import { usersWithoutMembership } from './members';
import { missingKey } from './missing';

/** What a step would meet now. */
interface World {
  readonly db: Db;
  readonly signal: AbortSignal;
  readonly bytes: number;
  readonly tables: ReadonlyMap<string, CollectionSize>;
}

/** By step id, what it would read, write or make, in one line; steps about which nothing can be told have none. */
export async function expectations(db: Db, plan: CompiledPlan, signal: AbortSignal): Promise<Record<string, string>> {
  const world = await look(db, plan, signal);
  const told: [string, string][] = [];
  for (const step of plan.steps) {
    const text = await expectedOf(step, world);
    if (text !== undefined) told.push([step.id, text]);
  }
  return Object.fromEntries(told);
}

async function expectedOf(step: Step, world: World): Promise<string | undefined> {
  switch (step.kind) {
    case 'backup':
      return `dumps ${megabytes(world.bytes)} of the plan's collections, and every other one`;
    case 'drill':
      return `restores it into ${step.args.scratch} and compares every collection`;
    case 'table':
      return world.tables.has(step.args.table) ? `${step.args.table} is there already` : 'a new collection, empty';
    case 'registry':
      return '1 document';
    case 'stamp':
      return `${await lacking(world, step.args.table, step.args.column)} lack a valid ${step.args.column}`;
    case 'required':
      return `no document is read; ${await lacking(world, step.args.table, step.args.column)} would fail it today`;
    case 'index':
      return `reads ${sizeOf(world, step.args.table)}, while the application writes`;
    case 'members':
      return membersOf(world, step.args);
    case 'export':
      return `${sizeOf(world, step.args.table)} into ${step.args.store}`;
    case 'recount':
      return `counts ${step.args.tables.map((t) => sizeOf(world, t.table)).join('; ')}`;
    case 'freeze':
      return `sweeps what came without its key since, of ${step.args.tables.length} collections; its cost does not follow their size`;
    case 'observe':
      return `${step.args.probes.length} probes, ${Math.max(1, Math.floor(step.args.forMs / step.args.everyMs))} times each`;
    default:
      // Their cost does not follow any size that can be asked now.
      return undefined;
  }
}

async function lacking(world: World, table: string, column: string): Promise<string> {
  const of = sizeOf(world, table);
  if (!world.tables.has(table)) return `the documents of ${of}`;
  const count = await counted(world.db, table, missingKey(column));
  return `${count === undefined ? 'some' : count.toLocaleString('en')} of ${of}`;
}

/** Undefined where it takes too long. */
async function counted(db: Db, table: string, filter: Document): Promise<number | undefined> {
  try {
    return await db.collection(table).countDocuments(filter, { maxTimeMS: COUNT_MS });
  } catch (error) {
    if (codeOf(error) === MAX_TIME_EXPIRED) return undefined;
    throw error;
  }
}

async function membersOf({ db, signal, tables }: World, args: Membership): Promise<string> {
  const users = tables.get(args.from.table);
  if (!users || users.documents > COUNT_BELOW) return `a membership for each user of ${args.from.table}`;
  // Who has no tenant yet gets the default one: that he is without membership is all that matters here.
  const found = await usersWithoutMembership({ db, args, tenant: undefined, signal });
  return `${found.count.toLocaleString('en')} of ${found.users.toLocaleString('en')} users without membership`;
}

function sizeOf(world: World, table: string): string {
  const found = world.tables.get(table);
  if (!found) return `${table} (not there yet)`;
  return `~${found.documents.toLocaleString('en')} documents of ${table} (${megabytes(found.bytes)})`;
}

async function look(db: Db, plan: CompiledPlan, signal: AbortSignal): Promise<World> {
  const sizes = await collectionSizes(db, plan.tables);
  const bytes = sizes.reduce((sum, s) => sum + s.bytes, 0);
  return { db, signal, bytes, tables: new Map(sizes.map((s) => [s.name, s])) };
}

const COUNT_MS = 5_000;
const COUNT_BELOW = 200_000;
const MAX_TIME_EXPIRED = 50;
