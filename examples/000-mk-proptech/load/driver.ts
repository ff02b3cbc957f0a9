import type { Answer, Caller } from '../../shared/call';
import { nextOperation, type Operation } from './operations';
import type { Random } from '../../shared/random';
import type { Tally } from '../../shared/tally';
import { remember, type World } from './world';
import type { Row } from '../../shared/append-log';
import type { OutcomeLine, WriteLog } from './write-log';

export interface Driver {
  readonly caller: Caller;
  readonly log: WriteLog;
  readonly tally: Tally;
  readonly world: World;
  readonly random: Random;
  readonly session: { token: string };
  /** A new key at every call; unique over all runs. */
  readonly nextKey: () => string;
  /** Whether to found a second tenant once the application knows tenants. */
  readonly secondTenant: boolean;
  /** When (performance.now()) the first note may be written. */
  readonly notesFrom: number;
}

const AGAIN_MS = 500;
/** How long nothing is sent after a connection was refused: the application is being restarted. */
const BACK_OFF_MS = 100;

/** One request of the mix. `due` is when it should have left. */
export async function step(driver: Driver, due: number): Promise<void> {
  const { world } = driver;
  if (performance.now() < world.awayUntil) return driver.tally.count('skipped');
  if (
    driver.secondTenant &&
    world.mode === 'tenants' &&
    world.tenant !== null &&
    world.second === null &&
    !world.founding
  ) {
    world.founding = true;
    await found(driver);
    setTimeout(() => (world.founding = false), AGAIN_MS).unref();
    return;
  }
  const notes = performance.now() >= driver.notesFrom;
  await send(driver, nextOperation({ world, random: driver.random, key: driver.nextKey(), notes }), due);
}

async function found(driver: Driver): Promise<void> {
  const key = driver.nextKey();
  const body = { naziv: `Druga hiša ${key}`, client_ref: key };
  const write = { key, op: 'insert', collection: 'tenants', by: 'client_ref', value: key, values: body } as const;
  const reply = await send(driver, { method: 'POST', path: '/api/tenants', tenant: null, body, write });
  if (typeof reply?.id === 'string' && driver.world.mode === 'tenants') driver.world.second = reply.id;
}

/** One exchange with all its book-keeping. Answers with the body of an accepted request only. */
async function send(driver: Driver, operation: Operation, due = performance.now()): Promise<Row | undefined> {
  const { log, tally, world } = driver;
  const { method, path, tenant, body, write } = operation;
  if (write !== undefined) {
    const { key, op, collection, by, value, values } = write;
    log.append({ type: 'promise', key, op, collection, by, value, values, tenant });
  }
  const headers = {
    authorization: `Bearer ${driver.session.token}`,
    ...(tenant === null ? {} : { 'x-tenant-id': tenant }),
  };
  const answer = await driver.caller.call({ method, path, headers, ...(body === undefined ? {} : { body }) });
  tally.took(performance.now() - due);
  if (operation.attack !== undefined) return void judgeAttack(driver, answer);
  if (answer.outcome === 'refused' && answer.status === 0) world.awayUntil = performance.now() + BACK_OFF_MS;
  if (answer.outcome !== 'ok' && LOST.has(answer.error)) world.lost = true;
  if (write === undefined) judgeRead(driver, operation, answer);
  else {
    const line = outcomeLine(write.key, answer);
    log.append(line);
    tally.count(answer.outcome, answer.outcome === 'ok' ? undefined : `${method} ${path}: ${answer.error}`);
    keep(driver, operation, line);
  }
  if (answer.outcome !== 'ok') return undefined;
  // A tenant was named, and the reply is for none: the word of the build that knows no tenants.
  if (world.mode === 'tenants' && tenant !== null && answer.tenant === null) world.lost = true;
  return answer.body;
}

/** What the application says to a client that does not know where it is. */
const LOST: ReadonlySet<string> = new Set(['tenant_required', 'login_required', 'not_a_member']);

function outcomeLine(key: string, answer: Answer): OutcomeLine {
  if (answer.outcome === 'ok')
    return {
      type: 'ok',
      key,
      id: typeof answer.body.id === 'string' ? answer.body.id : '',
      tenant: answer.tenant,
    };
  const { error, status } = answer;
  return answer.outcome === 'refused' ? { type: 'refused', key, status, error } : { type: 'unknown', key, error };
}

/** Puts a written document back among the known ones, unless nobody knows any more what it is like. */
function keep({ world }: Driver, { write }: Operation, line: OutcomeLine): void {
  if (write === undefined || line.type === 'unknown') return;
  const { document, op, collection, by, value, values } = write;
  if (line.type === 'refused') return document === undefined ? undefined : remember(world, document);
  if (op === 'delete' || op === 'ingest' || collection === 'users' || collection === 'tenants') return;
  remember(
    world,
    document === undefined
      ? { collection, by, value, id: line.id, tenant: line.tenant, fields: values }
      : { ...document, fields: values },
  );
}

function judgeRead({ tally }: Driver, operation: Operation, answer: Answer): void {
  if (answer.outcome !== 'ok') {
    const gone = answer.status === 404; // read while another request deleted it
    return tally.count(gone ? 'reads' : 'readErrors', gone ? undefined : `${operation.path}: ${answer.error}`);
  }
  tally.count('reads');
  if (answer.tenant === null) return;
  const rows = Array.isArray(answer.body.items) ? (answer.body.items as readonly Row[]) : [answer.body];
  tally.leak(rows.filter((row) => row.tenant_id !== operation.tenant).length);
}

/** Another tenant's document must not exist, and another tenant not be open; only an answer of the build that knows tenants is a leak. */
function judgeAttack({ tally }: Driver, answer: Answer): void {
  tally.count('attacks');
  if (answer.outcome === 'ok' && answer.tenant !== null) tally.leak(1);
}
