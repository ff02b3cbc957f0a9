import type { Logger } from 'pino';
import { codeOf } from '../../activities/mongodb/duplicate-key';
import { withoutValues } from '../../activities/mongodb/errors';
import { FenceControl, type FenceDocument } from '../../activities/mongodb/fence/control';
import { openToNew, openToOld } from '../../activities/mongodb/fence/open-fence';
import { keepWatch } from '../../activities/mongodb/fence/watchdog';
import { openMongo } from '../../activities/mongodb/session';
import type { MongoTarget, Resources } from '../../activities/resources';
import { CutoverError, describeError } from '../core/failure';
import { fenceText } from '../core/fence-words';
import type { Config } from './config';
import { createResources } from './resources';

/** A fence as a person asks for it, with what it means. */
export interface FenceAt {
  readonly target: string;
  /** Undefined = no freeze was ever begun there. */
  readonly found: FenceDocument | undefined;
  /** By the server's clock; milliseconds, negative = its time has not come. */
  readonly lateMs: number;
  /** Of the mechanism: what it does not stop, and so on. */
  readonly text: string;
}

export interface FenceTool {
  readonly targets: readonly string[];
  read(target: string): Promise<FenceAt>;
  /** To the shape that was committed: the new one when the switch was, else the old. */
  open(target: string, freeze: string, by: string): Promise<'old' | 'new' | 'nothing'>;
  watch(target: string, freeze: string, signal: AbortSignal): Promise<string>;
}

/** What `cutover fence` works with: the databases of the worker's own config, without Temporal and without a worker. */
export function fenceTool({ config, log }: { readonly config: Config; readonly log: Logger }): FenceTool {
  const resources = createResources({ config, log });
  const targets = resources.targetNames.filter((name) => resources.target(name).kind === 'mongodb');
  const at = async <T>(name: string, work: (control: FenceControl, opened: Opened) => Promise<T>): Promise<T> => {
    const target = mongoTarget(resources, name);
    await using link = await openMongo({ url: target.url(), appName: 'cutover/fence' });
    const opened = { db: link.db, resources, signal: new AbortController().signal };
    try {
      return await work(new FenceControl(link.lane, name), opened);
    } catch (error) {
      if (codeOf(error) !== UNAUTHORIZED) throw error;
      throw new CutoverError(
        'Refused',
        `The user of target "${name}" has not the rights for that: its fence stands in the database ${link.lane.databaseName}, where a home's user reads and writes (a scratch database has none). ${describeError(withoutValues(error))}.`,
        { cause: error },
      );
    }
  };
  return {
    targets,
    read: (name) =>
      at(name, async (control) => {
        const found = await control.read();
        const now = await control.now();
        return {
          target: name,
          found,
          lateMs: found ? now.getTime() - found.until.getTime() : 0,
          text: found ? fenceText(found.spec) : '',
        };
      }),
    open: (name, freeze, by) =>
      at(name, async (control, opened) => {
        const found = await control.read();
        if (found?.freeze !== freeze) return 'nothing';
        if (found.state === 'switched') {
          await openToNew(control, opened, found, by);
          return 'new';
        }
        if (await openToOld(control, opened, { freeze, when: 'now', by })) return 'old';
        return 'nothing';
      }),
    watch: (name, freeze, signal) =>
      keepWatch({ resources, target: mongoTarget(resources, name), freeze, log, signal }),
  };
}

const UNAUTHORIZED = 13;

type Opened = Parameters<typeof openToOld>[1];

function mongoTarget(resources: Resources, name: string): MongoTarget {
  const target = resources.target(name);
  if (target.kind === 'mongodb') return target;
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is of kind ${target.kind}; fences of this kind stand on MongoDB only (a freeze on PostgreSQL ends by itself).`,
  );
}
