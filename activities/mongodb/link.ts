import { CutoverError, describeError } from '../../src/core/failure';
import type { MongoTarget } from '../resources';
import { openMongo, type LinkConfig, type MongoLink } from './session';

export type LinkOptions = Omit<LinkConfig, 'url'>;

/**
 * A client of a named target: as the tool's own user, or with `asApp` as the application's.
 *
 * @throws Misconfigured, Unavailable or Refused; the message names the target, never its address.
 */
export async function openLink(target: MongoTarget, options: LinkOptions): Promise<MongoLink> {
  const asApp = options.asApp === true;
  try {
    return await openMongo({ ...options, url: asApp ? appUrl(target) : target.url() });
  } catch (cause) {
    if (!(cause instanceof CutoverError)) throw cause;
    const whose = asApp ? `probeAs of the target "${target.name}"` : `the target "${target.name}"`;
    throw new CutoverError(cause.type, `No connection to ${whose}: ${describeError(cause)}`, { cause });
  }
}

/** The same for as long as `work` takes. */
export async function withLink<T>(
  target: MongoTarget,
  options: LinkOptions,
  work: (link: MongoLink) => Promise<T>,
): Promise<T> {
  await using link = await openLink(target, options);
  return await work(link);
}

function appUrl(target: MongoTarget): string {
  if (target.probeAs) return target.probeAs();
  throw new CutoverError(
    'Misconfigured',
    `The target "${target.name}" has no probeAs: give the connection string of the application's own user in cutover.config.yaml.`,
  );
}
