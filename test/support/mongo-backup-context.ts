import pino from 'pino';
import type { MongoContext } from '../../activities/mongodb/context';
import { captureOnce, requireCapture } from '../../activities/mongodb/lane/capture';
import { openMongo } from '../../activities/mongodb/session';
import type { MongoTarget } from '../../activities/resources';
import type { Json } from '../../src/core/json';
import type { StepArgs, StepKind } from '../../src/core/step';
import type { RunRef } from '../../src/core/verb';

/**
 * The slice of a verb's context that backup, drill, export and diff use, on a real database and its real captures.
 * There is no claim: nobody overtakes.
 */
export function mongoBackupContext<K extends StepKind>(options: {
  readonly kind: K;
  readonly id: string;
  readonly args: StepArgs[K];
  readonly home: MongoTarget;
  readonly run: RunRef;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (doing: string) => void;
}): MongoContext<K> {
  const { kind, id, args, home, run, signal, onProgress } = options;
  const withLink = async <T>(work: (link: Awaited<ReturnType<typeof openMongo>>) => Promise<T>): Promise<T> => {
    await using link = await openMongo({ url: home.url(), appName: `cutover/${run.id}/1` });
    return await work(link);
  };
  const slice = {
    run,
    step: { id, kind, phase: 'backup', target: home.name, args, title: id },
    args,
    verb: 'do',
    round: 1,
    log: pino({ level: 'silent' }),
    signal: signal ?? new AbortController().signal,
    progress: ({ doing }: { readonly doing: string }) => onProgress?.(doing),
    capture: <T extends Json>(name: string, take: () => Promise<T>): Promise<T> =>
      withLink(({ lane }) => captureOnce(lane, { run: run.id, step: id, name }, take)),
    captured: <T extends Json>({ step, name }: { readonly step: string; readonly name: string }): Promise<T> =>
      withLink(({ lane }) => requireCapture<T>(lane, { run: run.id, step, name })),
    checkToken: async () => undefined,
    read: <T>(work: (db: Awaited<ReturnType<typeof openMongo>>['db']) => Promise<T>) => withLink(({ db }) => work(db)),
  };
  return slice as unknown as MongoContext<K>;
}
