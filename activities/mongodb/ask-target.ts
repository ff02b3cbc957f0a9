import type { TargetReport } from '../../src/core/target-report';
import type { MongoTarget, Resources } from '../resources';
import { askCapabilities, serverText, type Capabilities } from './capabilities';
import { withLink } from './link';

/** Who a MongoDB target is, what its server can do, and what of it would stop a run. Reads only. */
export async function askMongo(resources: Resources, target: MongoTarget, signal: AbortSignal): Promise<TargetReport> {
  const options = { appName: 'cutover/doctor', readOnly: true, signal };
  const asked = await withLink(target, options, async (link) => ({
    can: await askCapabilities(link),
    database: link.db.databaseName,
  }));
  const app = target.probeAs ? await askApp(resources, target, signal) : undefined;
  return {
    name: target.name,
    kind: 'mongodb',
    reachable: true,
    facts: { ...factsOf(asked.can, asked.database), ...(app ? { probeAs: app.text } : {}) },
    problems: [...problemsOf(asked.can), ...(app?.problem === undefined ? [] : [app.problem])],
    warnings: warningsOf(asked.can),
  };
}

function factsOf(can: Capabilities, database: string): Record<string, string> {
  const yes = ABILITIES.filter(([key]) => can[key] === true).map(([, name]) => name);
  const no = ABILITIES.filter(([key]) => can[key] === false).map(([, name]) => name);
  return {
    version: serverText(can),
    database,
    replicaSet: can.replicaSet ?? 'none',
    user: can.user ?? 'nobody: the server asks for no password',
    roles: can.roles.join(', ') || 'none',
    can: yes.join(', ') || 'nothing of what was tried',
    ...(no.length > 0 ? { cannot: no.join(', ') } : {}),
    ...(can.oplogWindowMs === undefined ? {} : { oplogWindow: hours(can.oplogWindowMs) }),
  };
}

const ABILITIES = [
  ['transactions', 'transactions'],
  ['changeStreams', 'change streams'],
  ['setUserWriteBlockMode', 'write blocking'],
  ['collMod', 'collMod'],
  ['profile', 'profiling'],
  ['dbHash', 'dbHash'],
] as const satisfies readonly (readonly [keyof Capabilities, string])[];

function problemsOf(can: Capabilities): readonly string[] {
  return [
    ...(can.replicaSet === undefined
      ? [
          'replica set: none; start the server with --replSet and run rs.initiate(), since a lone server has no transactions',
        ]
      : []),
    ...(can.transactions ? [] : ['transactions: the server refuses them; a run needs them for its ledger']),
    ...(can.collMod ? [] : ["collMod: not possible; give the tool's user the role dbAdmin on the database"]),
  ];
}

function warningsOf(can: Capabilities): readonly string[] {
  return [
    ...(can.journal !== false ? [] : ['The server keeps nothing over a restart: it is good for trying only.']),
    ...(can.changeStreams
      ? []
      : ['No change streams: a backup while the application writes cannot be proved consistent.']),
    ...(can.user === undefined ? ['The server asks nobody for a password: a fence by role stops nothing.'] : []),
    ...(can.product === 'MongoDB'
      ? []
      : [
          `This is ${can.product} and not MongoDB: what was tried here must be tried again on the server of production.`,
        ]),
  ];
}

interface App {
  readonly text: string;
  readonly problem?: string;
}

async function askApp(resources: Resources, target: MongoTarget, signal: AbortSignal): Promise<App> {
  const options = { appName: 'cutover/doctor', asApp: true, readOnly: true, signal };
  try {
    return await withLink(target, options, async ({ db }) => {
      const { authInfo } = (await db.command({ connectionStatus: 1 })) as {
        readonly authInfo: { readonly authenticatedUsers: readonly { readonly user: string; readonly db: string }[] };
      };
      const [user] = authInfo.authenticatedUsers;
      return { text: user ? `${user.user}@${user.db}` : 'nobody' };
    });
  } catch (error) {
    signal.throwIfAborted();
    const said = resources.redact(error instanceof Error ? error.message : 'unknown error');
    return { text: 'does not answer', problem: `probeAs: ${said}` };
  }
}

function hours(ms: number): string {
  return `${(ms / 3_600_000).toFixed(1)} h`;
}
