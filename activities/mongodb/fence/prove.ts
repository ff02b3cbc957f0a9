import { randomBytes } from 'node:crypto';
import { MongoServerError, ObjectId, type ClientSession, type Collection, type Db, type Document } from 'mongodb';
import type { Check } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { FenceWords, WriteKind } from '../../../src/core/fence-words';
import type { MongoLink } from '../session';

const WRITE_KINDS: readonly WriteKind[] = ['insert', 'update', 'delete'];

/** Found again in any document by this name: the proof leaves none. */
export const PROBE_FIELD = '_cutover_probe';

/** The application's own user on a connection that is open before the fence closes. */
export interface Prover {
  /** `inconclusive` in `allowed` when the user may not write now either: a refusal later would prove nothing. */
  before(): Promise<readonly Check[]>;
  /** All that the fence must refuse, refused; all that it lets through is said. */
  after(words: FenceWords): Promise<readonly Check[]>;
}

export interface ProverOptions {
  /** As the application, connected. */
  readonly app: MongoLink;
  /** As the tool: looks whether anything stayed. */
  readonly db: Db;
  /** A collection of the plan. */
  readonly table: string;
}

/**
 * Writes are tried within transactions that are aborted whatever comes: one that is not refused leaves nothing behind.
 * They are tried on a real document, because a validator looks at none that is not matched.
 */
export async function openProver({ app, db, table }: ProverOptions): Promise<Prover> {
  const id = `cutover-probe-${randomBytes(6).toString('hex')}`;
  const theirs = app.db.collection(table);
  const sample = await db.collection(table).findOne({}, { promoteLongs: false });
  const answers = async (): Promise<readonly Answer[]> => {
    const found: Answer[] = [];
    for (const kind of WRITE_KINDS) {
      found.push(await attempt(app, theirs, kind, id, sample));
      // Before anything is tried on a real document: whether what is aborted here is gone.
      if (kind === 'insert') await requireNothingLeft(db.collection(table), id);
    }
    return found;
  };
  await theirs.findOne({}, { projection: { _id: 1 } });
  let connections = 0;
  return {
    before: async () => {
      const checks = (await answers()).map(({ kind, code, said }): Check => {
        const allowed = code === undefined || CONFLICTS.includes(code);
        return {
          name: `the application may ${kind} before the fence`,
          verdict: allowed ? 'pass' : 'fail',
          expected: 'allowed',
          observed: allowed ? 'allowed' : said,
        };
      });
      app.client.on('connectionCreated', () => (connections += 1));
      return checks;
    },
    after: async ({ refuses, refusal }) => {
      const checks = (await answers())
        .filter(({ kind }) => refuses.includes(kind))
        .map(({ kind, code, said }): Check => {
          const refused = code !== undefined && refusal.includes(code);
          return {
            name: `${kind} into ${table} by the application's user`,
            verdict: refused ? 'pass' : 'fail',
            expected: `refused (code ${refusal.join(' or ')})`,
            observed: refused ? `refused (code ${code})` : code === undefined ? `the ${kind} went through` : said,
          };
        });
      return connections === 0 ? checks : [...checks, reconnected(connections)];
    },
  };
}

interface Answer {
  readonly kind: WriteKind;
  /** undefined = the write was taken. */
  readonly code: number | undefined;
  readonly said: string;
}

async function attempt(
  app: MongoLink,
  theirs: Collection<Document>,
  kind: WriteKind,
  id: string,
  sample: Document | null,
): Promise<Answer> {
  const session = app.client.startSession();
  session.startTransaction();
  try {
    await write(theirs, kind, id, sample, session);
    return { kind, code: undefined, said: 'allowed' };
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    return { kind, code: Number(error.code), said: `code ${String(error.code)}: ${describeError(error).slice(0, 80)}` };
  } finally {
    await session.abortTransaction().catch(() => undefined);
    await session.endSession();
  }
}

async function write(
  theirs: Collection<Document>,
  kind: WriteKind,
  id: string,
  sample: Document | null,
  session: ClientSession,
): Promise<void> {
  const own = { [PROBE_FIELD]: id };
  const real = sample === null ? own : { _id: sample['_id'] as ObjectId };
  if (kind === 'insert') await theirs.insertOne({ ...sample, ...own, _id: new ObjectId() }, { session });
  if (kind === 'update') await theirs.updateOne(real, { $set: own }, { session, upsert: sample === null });
  if (kind === 'delete') await theirs.deleteOne(real, { session });
}

/** On a server whose aborted transactions leave something, the tool takes it away again and asks no further. */
async function requireNothingLeft(ours: Collection<Document>, id: string): Promise<void> {
  const left = { [PROBE_FIELD]: id };
  if ((await ours.countDocuments(left)) === 0) return;
  await ours.deleteMany(left);
  throw new CutoverError(
    'FreezeFailed',
    `This server keeps what an aborted transaction inserted into ${ours.collectionName}; it was removed. A fence cannot be proved here.`,
  );
}

function reconnected(connections: number): Check {
  return {
    name: 'the connection that was open before',
    verdict: 'fail',
    expected: 'the same',
    observed: `${connections} new connections were made`,
  };
}

/** A unique key in the way, or another write: the right to write was there. */
const CONFLICTS: readonly number[] = [11000, 112];
