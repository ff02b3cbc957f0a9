import { done, evidenceOf, expectEqual, type Check, type Evidence } from '../../src/core/evidence';
import type { StepHandler, VerbContext } from '../context';
import type { Resources } from '../resources';
import { locationOf, readExport, writeExport, type ExportLocation, type ExportSeal } from './files';
import { compareRows, type ExportedRows } from './rows';

/** What an engine lends to an export: its rows, and what people there call them. */
export interface ExportSource<C> {
  readonly row: string;
  readonly column: string;
  read(context: C, from: ExportLocation): Promise<ExportedRows>;
}

/** Named columns of a table as CSV and JSON, write-once: what people compare with after the cutover. */
export function exportStepOf<C extends VerbContext<'export'>>(
  resources: Resources,
  source: ExportSource<C>,
): StepHandler<'export', C> {
  return {
    do: async (context) => {
      const { args, step } = context;
      const location = await context.capture<ExportLocation>('location', async () => locationOf(args));
      context.progress({ doing: `exporting ${args.columns.length} ${source.column}s of ${args.table}` });
      const seal = await context.capture<ExportSeal>('digest', () =>
        writeExport(context, resources, { step: step.id, location, read: () => source.read(context, location) }),
      );
      const { rows } = await readExport(context, resources, { step: step.id, location, seal });
      const { sha256, csvSha256 } = seal;
      return evidenceOf(
        `Exported ${seal.rows} ${source.row}s of ${args.table} (${location.columns.join(', ')}) to store "${location.store}" as CSV and JSON`,
        [expectEqual('rows read back', seal.rows, rows.length)],
        { rows: seal.rows, sha256, csvSha256, store: location.store },
      );
    },
    undo: async ({ args }) => done(`The export of ${args.table} stays in store "${args.store}"`),
  };
}

/** The rows of an export again. What the application has added since is shown; what is gone or different fails. */
export function diffStepOf<C extends VerbContext<'diff'>>(
  resources: Resources,
  source: ExportSource<C>,
): StepHandler<'diff', C> {
  return {
    do: async (context): Promise<Evidence> => {
      const step = context.args.export;
      const location = await context.captured<ExportLocation>({ step, name: 'location' });
      const seal = await context.captured<ExportSeal>({ step, name: 'digest' });
      const before = await readExport(context, resources, { step, location, seal });
      const { added, gone, changed } = compareRows(before, await source.read(context, location));
      const same = before.rows.length - gone.length - changed.length;
      return evidenceOf(
        `${same} of ${before.rows.length} ${source.row}s of ${location.table} are as exported, ${added.length} came since`,
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
