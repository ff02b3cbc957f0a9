import { BSON, type Db, type Document } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import { bracketOf, bsonType, EXACT } from '../ids';
import { isKey } from '../missing';

export interface LookupIn {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** The tenants of values, from another collection; remembered, because windows ask for the same owners again and again. */
export class Lookup {
  private readonly known = new Map<string, string>();

  constructor(private readonly where: LookupIn) {}

  /**
   * By `valueText`. A value that is not there, or leads to no valid key, has none.
   *
   * @throws Refused when one value leads to two tenants.
   */
  async tenants(db: Db, values: readonly unknown[]): Promise<ReadonlyMap<string, string>> {
    const wanted = new Map(values.filter(isScalar).map((v) => [valueText(v), v]));
    const unknown = [...wanted].filter(([text]) => !this.known.has(text)).map(([, value]) => value);
    if (this.known.size > REMEMBERED) this.forget();
    for (let i = 0; i < unknown.length; i += BATCH) await this.ask(db, unknown.slice(i, i + BATCH));
    return new Map(
      [...wanted.keys()].flatMap((text) => {
        const tenant = this.known.get(text);
        return tenant === undefined ? [] : [[text, tenant] as const];
      }),
    );
  }

  forget(): void {
    this.known.clear();
  }

  private async ask(db: Db, values: readonly unknown[]): Promise<void> {
    const { table, from, to } = this.where;
    const found = new Map<string, string>();
    const cursor = db
      .collection<Document>(table)
      .find({ [from]: { $in: values } }, { ...EXACT, projection: { _id: 0, [from]: 1, [to]: 1 } });
    for await (const row of cursor) {
      if (!isKey(row[to])) continue;
      const text = valueText(row[from]);
      const other = found.get(text);
      if (other !== undefined && other !== row[to]) throw twoTenants(this.where, text, [other, row[to]]);
      found.set(text, row[to]);
    }
    // What leads nowhere is asked again: the document that it refers to may get its own key meanwhile.
    for (const [text, tenant] of found) this.known.set(text, tenant);
  }
}

/** One text per value that MongoDB holds equal: a number is the same whichever type carries it. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (bracketOf(value) === 'number') return numberText(value);
  if (bsonType(value) === 'ObjectId') return `ObjectId(${String(value)})`;
  return BSON.EJSON.stringify({ value }, { relaxed: false });
}

/** Only one value leads to one tenant: lists, documents, patterns and nothing at all do not. */
export function isScalar(value: unknown): boolean {
  return SCALARS.has(bracketOf(value));
}

function numberText(value: unknown): string {
  const text = String(value);
  return `number ${Number.isSafeInteger(Number(text)) ? Number(text) + 0 : text}`;
}

function twoTenants({ table, from, to }: LookupIn, value: string, tenants: readonly string[]): CutoverError {
  return new CutoverError(
    'Refused',
    `${table} gives ${from} ${JSON.stringify(value)} two values of ${to}: ${tenants.map((t) => JSON.stringify(t)).join(' and ')}. A document has one tenant; take one of them out, then \`cutover retry\`.`,
  );
}

const SCALARS: ReadonlySet<string> = new Set(['string', 'number', 'objectId', 'binary', 'boolean', 'date']);
const BATCH = 1_000;
const REMEMBERED = 200_000;
