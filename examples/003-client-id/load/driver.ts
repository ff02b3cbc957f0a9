import type { Answer, Caller } from '../../shared/call';
import { nextOperation, type Identity, type Operation } from './operations';
import type { Random } from '../../shared/random';
import type { Tally } from '../../shared/tally';
import type { Row } from '../../shared/append-log';
import type { OutcomeLine, WriteLog } from './write-log';
import { leaked, remember, sawVersion, type World } from './world';

export interface Driver {
  readonly caller: Caller;
  readonly log: WriteLog;
  readonly tally: Tally;
  readonly world: World;
  readonly random: Random;
  /** A new key at every call; unique over all runs. */
  readonly nextKey: () => string;
}

const FOUND_AGAIN_MS = 1_000;

const NOBODY: Identity = { headers: {}, org: null };

/** Learns the version, and parents to hang new rows on; writes down the counters that this load will move. */
export async function lookAround({ caller, log, world }: Driver): Promise<void> {
  const read = async (path: string): Promise<Row> => {
    const answer = await caller.call({ method: 'GET', path, headers: {} });
    if (answer.outcome !== 'ok') throw new Error(`GET ${path} was answered with ${answer.status} ${answer.error}.`);
    return answer.body;
  };
  sawVersion(world, versionOf(await read('/health')) ?? 'v1');
  for (const row of rowsOf(await read('/products?limit=200'))) {
    if (typeof row.id !== 'number' || typeof row.ean !== 'string' || typeof row.restock_count !== 'number') continue;
    world.products.push({ id: row.id, ean: row.ean });
    log.append({ type: 'baseline', product: row.id, counter: row.restock_count });
  }
  for (const row of rowsOf(await read('/uploads?limit=200'))) {
    if (typeof row.id === 'number' && typeof row.user_id === 'string')
      world.uploads.push({ id: row.id, userId: row.user_id });
  }
}

/** One request of the mix, or, once v2 is seen, the founding of the second organisation. `due` is when it should have left. */
export async function step(driver: Driver, due: number): Promise<void> {
  const { world } = driver;
  if (world.version === 'v2' && world.second === null && !world.founding) {
    world.founding = true;
    await found(driver);
    // Not at once again, whatever came of it: a refused founding leaves a user behind.
    setTimeout(() => (world.founding = false), FOUND_AGAIN_MS).unref();
    return;
  }
  const key = driver.nextKey();
  const operation = nextOperation({ world, random: driver.random, key });
  const body = await send(driver, { operation, key, due });
  if (operation.attack === 'write' && body !== undefined && versionOf(body) === 'v2') driver.tally.leak(1);
}

/** A user of its own, then the organisation: both are writes like all others, promised and checked. */
async function found(driver: Driver): Promise<void> {
  const { world } = driver;
  const userKey = driver.nextKey();
  const user = { email: `${userKey}@second.example`, display_name: `Owner ${userKey}` };
  const rows = { users: user };
  const first: Operation = { method: 'POST', path: '/users', as: NOBODY, body: { request_id: userKey, ...user }, rows };
  const userId = idOf(await send(driver, { operation: first, key: userKey, founder: true }), 'users');
  if (typeof userId !== 'string' || world.version !== 'v2') return;
  const slug = driver.nextKey();
  const organization = { name: `Second ${slug}`, slug };
  const second: Operation = {
    method: 'POST',
    path: '/organizations',
    as: NOBODY,
    body: { ...organization, user_id: userId },
    rows: { organizations: organization },
  };
  const id = idOf(await send(driver, { operation: second, key: slug }), 'organizations');
  if (typeof id === 'string') world.second = { id, userId, keys: new Set() };
}

/** One exchange with all its book-keeping. Answers with the body of an accepted request only. */
async function send(
  driver: Driver,
  input: { readonly operation: Operation; readonly key: string; readonly due?: number; readonly founder?: boolean },
): Promise<Row | undefined> {
  const { caller, tally, world } = driver;
  const { operation, key } = input;
  const { method, path, as, body } = operation;
  const started = input.due ?? performance.now();
  const { second } = world;
  promise(driver, operation, key);
  const sentAt = performance.now();
  const answer = await caller.call({ method, path, headers: as.headers, ...(body === undefined ? {} : { body }) });
  tally.took(performance.now() - started);
  record(driver, { operation, key, answer });
  if (answer.outcome !== 'ok') return undefined;
  const version = versionOf(answer.body) ?? world.version;
  sawVersion(world, version, sentAt);
  const isV2 = version === 'v2' && world.version === 'v2';
  if (isV2 && as.org === null && typeof answer.body.organizationId === 'string') {
    world.defaultOrganization = answer.body.organizationId;
  }
  if (version === 'v2' && method === 'GET' && second !== null) {
    tally.leak(leaked({ second, readsAsSecond: as.org === second.id, rows: rowsOf(answer.body) }));
  }
  if (input.founder !== true) learn(world, operation, answer.body);
  return answer.body;
}

function promise({ log }: Driver, { rows, restock, as }: Operation, key: string): void {
  if (rows !== undefined) log.append({ type: 'promise', key, org: as.org, op: 'insert', rows });
  if (restock !== undefined) log.append({ type: 'promise', key, org: as.org, op: 'restock', ...restock });
}

function record(
  driver: Driver,
  input: { readonly operation: Operation; readonly key: string; readonly answer: Answer },
): void {
  const { tally, log } = driver;
  const { operation, key, answer } = input;
  if (operation.attack !== undefined) tally.count('attacks');
  if (operation.attack === 'write') return;
  if (operation.method === 'GET') {
    return answer.outcome === 'ok'
      ? tally.count('reads')
      : tally.count('readErrors', `${operation.path}: ${answer.error}`);
  }
  log.append(outcomeLine(key, answer));
  tally.count(answer.outcome, answer.outcome === 'ok' ? undefined : `${operation.path}: ${answer.error}`);
}

function outcomeLine(key: string, answer: Answer): OutcomeLine {
  if (answer.outcome !== 'ok') {
    const { error, status } = answer;
    return answer.outcome === 'refused' ? { type: 'refused', key, status, error } : { type: 'unknown', key, error };
  }
  const { organizationId } = answer.body;
  return {
    type: 'ok',
    key,
    version: versionOf(answer.body) ?? 'v1',
    organizationId: typeof organizationId === 'string' ? organizationId : null,
    ids: idsOf(answer.body),
  };
}

/** New parents for later rows: of the default organisation only, whose rows may hang on each other. */
function learn(world: World, operation: Operation, body: Row): void {
  if (operation.as.org !== null && operation.as.org !== world.defaultOrganization) return;
  const user = idOf(body, 'users');
  const upload = idOf(body, 'uploads');
  const owner = operation.rows?.uploads?.user_id;
  if (typeof user === 'string') remember(world.users, user);
  if (typeof upload === 'number' && typeof owner === 'string') remember(world.uploads, { id: upload, userId: owner });
}

function versionOf(body: Row): 'v1' | 'v2' | undefined {
  return body.version === 'v1' || body.version === 'v2' ? body.version : undefined;
}

function rowsOf(body: Row): readonly Row[] {
  return Array.isArray(body.rows) ? (body.rows as readonly Row[]) : [];
}

function idsOf(body: Row): Readonly<Record<string, number | string>> {
  return typeof body.ids === 'object' && body.ids !== null ? (body.ids as Record<string, number | string>) : {};
}

const idOf = (body: Row | undefined, table: string): number | string | undefined =>
  body === undefined ? undefined : idsOf(body)[table];
