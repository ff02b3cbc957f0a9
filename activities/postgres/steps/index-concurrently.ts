import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { findIndex, type Index } from '../catalog';
import type { PgContext, PgStepHandler } from '../context';
import { qualified } from '../identifiers';
import { expectedDefinition, sameDefinition } from '../index-definition';
import { awaitBuild, watchBuild } from '../index-progress';
import { isMarked, mark, markerOf } from '../marker';
import { asOwnerOf, asOwnerOutside } from '../owner';
import { refused } from '../pg-error';
import { recall } from '../recall';
import { createIndex, dropIndex, indexName } from '../statements/index-concurrently';

type Context = PgContext<'index'>;

/**
 * An index, built while the application writes. What an earlier attempt left is looked at first: a build of ours that
 * still runs is waited for, an INVALID index of ours is dropped and built again; nobody else's is ever touched.
 */
export const indexStep: PgStepHandler<'index'> = {
  do: async (context) => {
    const before = await context.capture('before', async () => ({ existed: (await find(context)) !== undefined }));
    const expected = await context.transaction((tx) => expectedDefinition(tx, context.args));
    await awaitBuild(context, indexName(context.args));
    const there = await find(context);
    if (there) refuseOther(context, there, { expected, existed: before.existed });
    if (there && !there.valid) await drop(context);
    if (!there?.valid) await build(context);
    return context.commit(async (tx) => {
      const made = await findIndex(tx, indexName(context.args));
      if (made && !before.existed) {
        const object = `INDEX ${qualified(indexName(context.args))}`;
        await asOwnerOf(tx, context.args.table, () => mark(tx, object, made.comment, markerOf(context)));
      }
      return prove(context, made, expected);
    });
  },
  undo: async (context) => {
    const before = await recall<{ existed: boolean }>(context, 'before');
    const { name } = context.args;
    if (!before || before.existed)
      return context.commit(async () => done(`${name} was not made by this run and stays as it is`));
    await awaitBuild(context, indexName(context.args));
    const there = await find(context);
    if (there) {
      refuseForeign(context, there);
      await drop(context);
    }
    return context.commit(async (tx) => {
      const left = await findIndex(tx, indexName(context.args));
      return evidenceOf(`${name} dropped`, [expectEqual('index', 'gone', left ? 'still there' : 'gone')]);
    });
  },
};

async function find(context: Context): Promise<Index | undefined> {
  return context.read((session) => findIndex(session, indexName(context.args)));
}

async function build(context: Context): Promise<void> {
  await watchBuild(context, indexName(context.args), () =>
    context.outside(
      (session) => asOwnerOutside(session, context.args.table, () => session.execute(createIndex(context.args).sql)),
      UNLIMITED,
    ),
  );
}

async function drop(context: Context): Promise<void> {
  context.progress({ doing: `dropping ${context.args.name}` });
  await context.outside(
    (session) => asOwnerOutside(session, context.args.table, () => session.execute(dropIndex(context.args).sql)),
    UNLIMITED,
  );
}

function refuseOther(
  context: Context,
  there: Index,
  facts: { readonly expected: string; readonly existed: boolean },
): void {
  const { table, name } = context.args;
  if (!sameDefinition(there, table, facts.expected)) {
    throw refused(
      `There is an index ${name} already, and it is another one: ${there.definition}; expected ${facts.expected}. Rename one of them, then \`cutover retry\`.`,
    );
  }
  if (facts.existed && !there.valid) {
    throw refused(
      `There is an INVALID index ${name} on ${table} from before this run; drop it (DROP INDEX CONCURRENTLY), then \`cutover retry\`.`,
    );
  }
  if (!facts.existed) refuseForeign(context, there);
}

/** A leftover of a build that was cut short has no comment yet: name and definition, and that it was not there before. */
function refuseForeign(context: Context, there: Index): void {
  if (there.comment === null || isMarked(there.comment, markerOf(context))) return;
  throw refused(
    `The index ${context.args.name} is not of this run (its comment: "${there.comment}"); rename it, then \`cutover retry\`.`,
  );
}

function prove(context: Context, made: Index | undefined, expected: string): Evidence {
  return evidenceOf(made?.definition ?? `${context.args.name} is missing`, [
    expectEqual('valid', 'yes', made?.valid ? 'yes' : 'no'),
    expectEqual('ready', 'yes', made?.ready ? 'yes' : 'no'),
    expectEqual(
      'definition',
      expected,
      made && sameDefinition(made, context.args.table, expected) ? expected : (made?.definition ?? 'none'),
    ),
  ]);
}

/** lock_timeout would cut a build that waits for an old transaction, and leave an INVALID index; nothing queues behind it. */
const UNLIMITED = { lockTimeoutMs: 0, statementTimeoutMs: 0 } as const;
