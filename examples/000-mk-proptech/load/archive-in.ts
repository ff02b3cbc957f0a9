import { MongoClient, type Document } from 'mongodb';
import { ARCHIVE_DOCUMENTS } from '../../../activities/mongodb/archive-documents';
import { KEY_ARCHIVE } from '../../../activities/mongodb/key-archive';
import type { Archived, ArchiveLookup } from './archive';

/** What rollbacks have kept in the tool's own database: keys of documents that stay, and documents whole. */
export function archiveIn(uri: string, database: string): ArchiveLookup {
  return async (collection) => {
    const client = await MongoClient.connect(uri, { appName: 'example-check' });
    try {
      const lane = client.db(`cutover_${database}`);
      const [keys, documents] = await Promise.all(
        [KEY_ARCHIVE, ARCHIVE_DOCUMENTS].map((name) =>
          lane.collection<Document>(name).find({ '_id.table': collection }).toArray(),
        ),
      );
      return [
        ...(keys ?? []).map(({ _id, key }): Archived => ({ id: idOf(_id), value: { tenant_id: key as string } })),
        ...(documents ?? []).map(({ _id, document }): Archived => ({ id: idOf(_id), value: document as Document })),
      ];
    } finally {
      await client.close();
    }
  };
}

function idOf(id: unknown): unknown {
  return (id as { readonly id: unknown }).id;
}
