import { BSON, type Db } from 'mongodb';
import { canonical, digestOfText, type Json } from '../../src/core/json';
import type { SwitchAct } from '../../src/core/freeze-args';
import type { StepOf } from '../../src/core/step';
import type { Facts, FactsInput } from '../../src/core/verb';
import { buildNow } from '../deploy/build-now';
import type { Resources } from '../resources';
import { backupFacts } from './backup/facts';
import { readServer } from './backup/server';
import { serverText } from './capabilities';
import { collectionFigures } from './facts-shown';
import { fenceText } from '../../src/core/fence-words';
import { fingerprint } from './fingerprint';
import type { MongoLink } from './session';

/**
 * What a gate's decision is bound to, asked again right before the phase starts; under a second. `material` is digested:
 * any difference asks the people again. `shown` moves while they think.
 */
export async function collectFacts(resources: Resources, input: FactsInput, link: MongoLink): Promise<Facts> {
  const { db } = link;
  const freeze = input.freeze?.kind === 'freeze' ? input.freeze : undefined;
  const material = {
    fingerprint: await fingerprint(link),
    server: serverText(await readServer(db)),
    user: await userText(db),
    catalog: await catalogDigest(db, input.tables),
    people: (await resources.people()).digest,
    ...(await backupFacts(resources, input, link.lane)),
    ...(freeze ? await freezeFacts(resources, freeze) : {}),
  };
  return { material, shown: await collectionFigures(db, input.tables) };
}

/** Options, validators and indexes of the plan's collections; no statistics. What is not there yet is a line too. */
export async function catalogDigest(db: Db, tables: readonly string[]): Promise<string> {
  const listed = await db
    .listCollections({ name: { $in: [...tables] } }, { nameOnly: false, promoteValues: false })
    .toArray();
  const lines = await Promise.all(
    [...tables].sort().map(async (table) => {
      const found = listed.find(({ name }) => String(name) === table);
      if (!found) return [table, 'absent'];
      const view = String(found.type) === 'view';
      const indexes = view ? [] : await db.collection(table).listIndexes({ promoteValues: false }).toArray();
      return [table, plain({ type: found.type, options: found.options }), indexes.map(plain).sort()];
    }),
  );
  return digestOfText(canonical(lines as Json));
}

/** Numbers by value: servers answer 1 as one BSON type or another. */
function plain(document: object): string {
  return canonical(BSON.EJSON.serialize(document, { relaxed: true }) as Json);
}

async function userText(db: Db): Promise<string> {
  const { authInfo } = (await db.command({ connectionStatus: 1 })) as {
    readonly authInfo: {
      readonly authenticatedUsers: readonly { readonly user: string; readonly db: string }[];
      readonly authenticatedUserRoles: readonly { readonly role: string; readonly db: string }[];
    };
  };
  const [user] = authInfo.authenticatedUsers;
  if (!user) return 'nobody: the server asks for no password';
  const roles = authInfo.authenticatedUserRoles.map(({ role, db: on }) => `${role}@${on}`).sort();
  return `${user.user}@${user.db}: ${roles.join(', ')}`;
}

async function freezeFacts(resources: Resources, { args }: StepOf<'freeze'>): Promise<Record<string, string>> {
  if (args.mode !== 'refuse') return { fence: `${args.mode}: not one of MongoDB` };
  const acts = await Promise.all(args.switch.map((act) => actNow(resources, act)));
  const stopped = args.quiet.map(({ name }) => name).join(', ');
  return {
    fence: `${fenceText(args.fence)}; over ${args.tables.map((t) => t.table).join(', ')}; hold ${args.budgetMs} ms`,
    ...(stopped ? { quiet: `stopped first: ${stopped}; silence watched for ${args.quietMs} ms` } : {}),
    switch: acts.join('; '),
  };
}

function actNow(resources: Resources, act: SwitchAct): string | Promise<string> {
  return act.act === 'config' ? `values that step ${act.step} has staged become live` : buildNow(resources, act.deploy);
}
