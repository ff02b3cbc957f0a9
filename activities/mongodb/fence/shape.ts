import type { Db } from 'mongodb';
import { requiredValidation } from '../required-validation';
import {
  collectionOptions,
  putValidator,
  readValidation,
  refuseAll,
  sameValidation,
  validationText,
} from '../validator';

/** What a collection checks before the freeze and after the switch, as text. */
export interface TableChecks {
  readonly table: string;
  readonly before: string;
  readonly after: string;
}

/** From the switch on a document without its key is refused. Collections that are not there have nothing to check. */
export async function checksOf(
  db: Db,
  tables: readonly { readonly table: string; readonly column: string }[],
): Promise<readonly TableChecks[]> {
  const checks: TableChecks[] = [];
  for (const { table, column } of tables) {
    const found = await collectionOptions(db, table);
    if (!found) continue;
    checks.push({
      table,
      before: validationText(found),
      after: validationText(requiredValidation(found, column, 'error')),
    });
  }
  return checks;
}

export async function putChecks(db: Db, checks: readonly TableChecks[], which: 'before' | 'after'): Promise<void> {
  for (const check of checks) await putValidator(db, check.table, readValidation(check[which]));
}

/** Only where everything is refused: other validators were set since. */
export async function replaceRefusal(db: Db, checks: readonly TableChecks[], which: 'before' | 'after'): Promise<void> {
  for (const check of checks) {
    const now = await collectionOptions(db, check.table);
    if (now && sameValidation(now, refuseAll)) await putValidator(db, check.table, readValidation(check[which]));
  }
}

/**
 * What a freeze that was held up put after its fence had been opened to the old shape; only where it is still there, as
 * other validators may have been set since. Answers whether there was any.
 */
export async function takeBackLate(db: Db, checks: readonly TableChecks[]): Promise<boolean> {
  let any = false;
  for (const check of checks) {
    const [now, before] = [await collectionOptions(db, check.table), readValidation(check.before)];
    if (!now || !sameValidation(now, readValidation(check.after)) || sameValidation(now, before)) continue;
    await putValidator(db, check.table, before);
    any = true;
  }
  return any;
}
