import type { Row } from '../../shared/append-log';

/** A document that the load may write to. One write at a time; after an unknown one it is left alone for good. */
export interface KnownDocument {
  readonly collection: string;
  readonly by: 'client_ref' | 'id';
  readonly value: string;
  /** The application's id. */
  readonly id: string;
  /** Whose it is; null = from before there were tenants, and so the default one's. */
  readonly tenant: string | null;
  /** What a replacing write must send again. */
  readonly fields: Row;
}

/** What the load knows of the application: only what it was told in replies. */
export interface World {
  /** `tenants` since a reply of the build that knows them. */
  mode: 'single' | 'tenants';
  /** The tenant that this client works for by itself: the first that /api/me names. */
  tenant: string | null;
  /** The tenant that the load founds after the cutover, where it was told to. */
  second: string | null;
  founding: boolean;
  /** A reply said that the client must look around again: no header, no session, other build. */
  lost: boolean;
  /** Nothing is sent before this moment (performance.now()). */
  awayUntil: number;
  readonly documents: KnownDocument[];
}

export function emptyWorld(): World {
  return { mode: 'single', tenant: null, second: null, founding: false, lost: false, awayUntil: 0, documents: [] };
}

const REMEMBERED = 2_000;

/** The oldest is forgotten when there are too many. */
export function remember(world: World, document: KnownDocument): void {
  world.documents.push(document);
  if (world.documents.length > REMEMBERED) world.documents.shift();
}

/** Takes a document out for one write; whoever took it puts it back when the outcome is known. */
export function take(world: World, index: number): KnownDocument | undefined {
  const document = world.documents[index];
  const last = world.documents.pop();
  if (document === undefined || last === undefined) return undefined;
  if (document !== last) world.documents[index] = last;
  return document;
}

/** Whether two documents of these owners are the same tenant's. */
export function sameTenant(world: World, a: string | null, b: string | null): boolean {
  return (a ?? world.tenant) === (b ?? world.tenant);
}
