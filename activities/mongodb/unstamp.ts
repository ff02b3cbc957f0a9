import { done, evidenceOf, expectEqual, type Evidence } from '../../src/core/evidence';
import { countRemembered } from './before';
import type { MongoContext } from './context';
import { countArchived } from './key-archive';
import { validKey } from './missing';
import type { Predicted } from './predict';
import { recall } from './recall';
import { driverOf, tenantsFor } from './rules/driver-of';
import { throughWindows } from './through-windows';
import { archiveDiffering, takeBack, takeBackRest, type Unstamping } from './take-back';
import { collectionOptions, putValidator, readValidation, validationText } from './validator';
import { refusingKey } from './refusing-key';
import { within } from './windows';

/**
 * Unstamping, in four acts. Nobody can stamp any more: a validator refuses it, this run's own late windows included.
 * What the rule would not give again goes into the archive and is compared. The field goes in windows, or what stood in
 * its place comes back. The validator of before comes back, and who has a key is counted.
 */
export async function unstamp(context: MongoContext<'stamp'>): Promise<Evidence> {
  const { args, lane } = context;
  const { table, column } = args;
  const predicted = await recall<Predicted>(context, 'predicted');
  const there = await context.read((db) => collectionOptions(db, table));
  if (!there || !predicted)
    return context.commit(async () => done(there ? `Nothing in ${table} was stamped` : `${table} is gone`));
  const text = await context.capture('validation', async () => validationText(there));
  const tenants = await tenantsFor(context, [args.rule]);
  const before = { lane, run: context.run.id, table };
  const work: Unstamping = {
    ...{ table, column, before },
    rule: driverOf(args.rule, { table, column, had: predicted.had }, tenants),
    remembered: (await countRemembered(before)) > 0,
    signal: context.signal,
  };
  await context.outside((db) => putValidator(db, table, refusingKey(readValidation(text), column)));
  context.progress({ doing: `archiving what differs from the rule in ${table}` });
  const archived = await context.outside((db) => archiveDiffering(db, work));
  const reached = await throughWindows(context, {
    ...{ table, name: 'unstamp', doing: 'unstamping' },
    work: (db, window) => takeBack(db, work, within(window)),
  });
  const rest = await context.outside((db) => takeBackRest(db, work));
  await context.outside((db) => putValidator(db, table, readValidation(text)));
  const keyed = await context.read((db) => db.collection(table).countDocuments(validKey(column)));
  const kept = await countArchived(before);
  return context.commit(async () =>
    evidenceOf(
      `${table} is without the ${column} that this run gave it: ${reached.stamped + rest.changed} documents taken back, ${kept} that differ from the rule in the archive; ${keyed} have a key, ${predicted.had} had one before`,
      [
        expectEqual(`${table}: archived documents with the key that they had`, archived.differ, archived.kept),
        expectEqual(`${table}: documents with a key that had none before`, 0, rest.strange),
      ],
      {
        ...{ takenBack: reached.stamped + rest.changed, archived: kept, withKey: keyed, hadKey: predicted.had },
        ...{ windows: reached.windows, ms: reached.ms },
      },
    ),
  );
}
