import type { Archived, ArchiveLookup } from './archive';
import { SCOPED } from './collections';
import type { ExpectedDocument } from './expectations';
import { idText, type Holding } from './look-up';

export type Place =
  /** The database holds it no more, and need not. */
  { readonly is: 'archived' } | { readonly is: 'not archived'; readonly text: string };

export interface ArchiveReport {
  readonly inArchive: number;
  readonly places: ReadonlyMap<ExpectedDocument, Place>;
}

/**
 * What acknowledged writes gave the new shape and the old one cannot hold: tenants, the key of every document that is not
 * the default tenant's, and documents of collections that the old application has not got. Nothing while a key is expected.
 */
export async function checkArchive(input: {
  readonly expectKey: string | undefined;
  readonly archive?: ArchiveLookup | undefined;
  readonly documents: readonly ExpectedDocument[];
  readonly holdings: ReadonlyMap<string, Holding>;
}): Promise<ArchiveReport> {
  const places = new Map<ExpectedDocument, Place>();
  if (input.expectKey !== undefined) return { inArchive: 0, places };
  let inArchive = 0;
  const known = new Map<string, Promise<readonly Archived[]>>();
  const archived = (name: string): Promise<readonly Archived[]> => {
    const lookup = known.get(name) ?? input.archive?.(name) ?? Promise.resolve([]);
    known.set(name, lookup);
    return lookup;
  };
  const founded = foundedTenants(input.documents);
  for (const document of input.documents) {
    if (document.acknowledged.length === 0 || document.states.includes(null)) continue;
    const { collection, value } = document;
    const [seen] = input.holdings.get(collection)?.find(document.by, value) ?? [];
    if (seen === undefined) {
      const there = (await archived(collection)).some((one) => one.value[document.by] === value);
      if (there) inArchive += 1;
      if (there) places.set(document, { is: 'archived' });
      else if (collection === 'tenants')
        places.set(document, { is: 'not archived', text: `the archive has no tenant ${value}` });
      continue;
    }
    const [tenant] = document.tenants;
    if (tenant === undefined || !founded.has(tenant) || !SCOPED.has(collection)) continue;
    const id = idText(seen._id);
    const keyed = (await archived(collection)).some((one) => idText(one.id) === id && one.value.tenant_id === tenant);
    if (keyed) inArchive += 1;
    else
      places.set(document, {
        is: 'not archived',
        text: `the archive has no tenant_id ${tenant} for ${collection} ${value}`,
      });
  }
  return { inArchive, places };
}

function foundedTenants(documents: readonly ExpectedDocument[]): ReadonlySet<string | null> {
  const ids = documents.filter(({ collection }) => collection === 'tenants').map(({ id }) => id);
  return new Set(ids.filter((id) => id !== undefined));
}
