import { done, evidenceOf, type Check } from '../../../src/core/evidence';
import { readExport, type ExportLocation, type ExportSeal } from '../../export/files';
import { compareRows } from '../../export/rows';
import type { Resources } from '../../resources';
import type { MongoStepHandler } from '../context';
import { readRows } from '../export-rows';

/** The rows of an export again. What the application has added since is shown; what is gone or different fails. */
export function diffStep(resources: Resources): MongoStepHandler<'diff'> {
  return {
    do: async (context) => {
      const step = context.args.export;
      const location = await context.captured<ExportLocation>({ step, name: 'location' });
      const seal = await context.captured<ExportSeal>({ step, name: 'digest' });
      const before = await readExport(context, resources, { step, location, seal });
      const now = await context.read((db) => readRows(db, location, context.signal));
      const { added, gone, changed } = compareRows(before, now);
      const { table } = location;
      const same = before.rows.length - gone.length - changed.length;
      return evidenceOf(
        `${same} of ${before.rows.length} documents of ${table} are as exported, ${added.length} came since`,
        [
          listed('gone', gone),
          listed('changed', changed),
          { name: 'added', verdict: 'pass', expected: 'any number', observed: named(added) },
        ],
        { exported: before.rows.length, same, gone: gone.length, changed: changed.length, added: added.length },
      );
    },
    undo: async () => done('Nothing to take back: a comparison changes nothing, and the export stays'),
  };
}

function listed(name: string, found: readonly string[]): Check {
  return { name, verdict: found.length === 0 ? 'pass' : 'fail', expected: 'none', observed: named(found) };
}

function named(found: readonly string[]): string {
  if (found.length === 0) return 'none';
  const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : '';
  return `${found.length}: ${found.slice(0, SHOWN).join('; ')}${more}`;
}

const SHOWN = 5;
