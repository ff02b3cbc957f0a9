import type { Row } from '../../shared/append-log';

/** The organisation that the load founds after the cutover, and all that belongs to it. */
export interface SecondOrganization {
  readonly id: string;
  readonly userId: string;
  /** Keys of every upload promised for it: what its reads may contain, and what nobody else's may. */
  readonly keys: Set<string>;
}

/** What the load knows of the application: only what it was told in replies. */
export interface World {
  version: 'v1' | 'v2';
  /** When this version was first seen (performance.now()). */
  versionSince: number;
  /** The id of the default organisation, as v2 says it. */
  defaultOrganization: string | null;
  second: SecondOrganization | null;
  founding: boolean;
  /** Members of the default organisation only. */
  readonly users: string[];
  readonly uploads: { readonly id: number; readonly userId: string }[];
  readonly products: { readonly id: number; readonly ean: string }[];
}

export function emptyWorld(): World {
  return {
    version: 'v1',
    versionSince: 0,
    defaultOrganization: null,
    second: null,
    founding: false,
    users: [],
    uploads: [],
    products: [],
  };
}

/**
 * A reply says which application gave it. One whose request left (`sentAt`) before the present version was seen is from
 * before the switch, however late it comes: a request may read the flag and then wait through the freeze.
 * Back in v1 (a rollback) organisations are forgotten: they are in the archive.
 */
export function sawVersion(world: World, version: 'v1' | 'v2', sentAt = performance.now()): void {
  if (version === world.version || sentAt < world.versionSince) return;
  world.defaultOrganization = null;
  world.second = null;
  world.version = version;
  world.versionSince = performance.now();
}

/** Remembers parents for later requests; the newest thousand are enough. */
export function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > 1_000) list.shift();
}

/**
 * Rows of `reply` that its reader must not see. `reader` is the organisation that asked; null = the default one.
 * Judged by the keys that this load has promised, and not by what the application says about its rows.
 */
export function leaked(input: {
  readonly second: SecondOrganization;
  readonly readsAsSecond: boolean;
  readonly rows: readonly Row[];
}): number {
  const { second, readsAsSecond, rows } = input;
  const ofSecond = (row: Row): boolean => typeof row.request_id === 'string' && second.keys.has(row.request_id);
  return rows.filter((row) => ofSecond(row) !== readsAsSecond).length;
}
