import { done, evidenceOf, expectEqual } from '../../../src/core/evidence';
import { locationOf, readExport, writeExport, type ExportLocation, type ExportSeal } from '../../export/files';
import type { Resources } from '../../resources';
import type { MongoStepHandler } from '../context';
import { readRows } from '../export-rows';

/** Named fields of a collection as CSV and JSON, write-once: what people compare with after the cutover. */
export function exportStep(resources: Resources): MongoStepHandler<'export'> {
  return {
    do: async (context) => {
      const { args, step, signal } = context;
      const location = await context.capture<ExportLocation>('location', async () => locationOf(args));
      context.progress({ doing: `exporting ${args.columns.length} fields of ${args.table}` });
      const seal = await context.capture<ExportSeal>('digest', () =>
        writeExport(context, resources, {
          step: step.id,
          location,
          read: () => context.read((db) => readRows(db, location, signal)),
        }),
      );
      const { rows } = await readExport(context, resources, { step: step.id, location, seal });
      const { sha256, csvSha256 } = seal;
      return evidenceOf(
        `Exported ${seal.rows} documents of ${args.table} (${location.columns.join(', ')}) to store "${location.store}" as CSV and JSON`,
        [expectEqual('rows read back', seal.rows, rows.length)],
        { rows: seal.rows, sha256, csvSha256, store: location.store },
      );
    },
    undo: async (context) => done(`The export of ${context.args.table} stays in store "${context.args.store}"`),
  };
}
