/** Rows per table of the legacy database. The sum is what was asked for. */
export interface Volumes {
  readonly users: number;
  readonly uploads: number;
  readonly products: number;
  readonly processing_logs: number;
  readonly transform_logs: number;
  readonly email_logs: number;
  readonly sellout_entries2: number;
}

/**
 * Spreads `rows` over the seven tables as a sell-out application does: four fifths are sell-out entries.
 * Throws below 100 rows, where a table would come out empty.
 */
export function spread(rows: number): Volumes {
  if (!Number.isSafeInteger(rows) || rows < 100) {
    throw new Error(
      `The number of rows must be a whole number of at least 100, but was ${rows}; use for example 200000.`,
    );
  }
  const share = (perMille: number): number => Math.max(1, Math.floor((rows * perMille) / 1000));
  const small = {
    users: share(5),
    uploads: share(20),
    products: share(25),
    processing_logs: share(70),
    transform_logs: share(50),
    email_logs: share(30),
  };
  const others = Object.values(small).reduce((sum, count) => sum + count, 0);
  return { ...small, sellout_entries2: rows - others };
}
