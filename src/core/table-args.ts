/** A table of the plan that somebody may have made before it. */
export interface AdoptedTable {
  readonly table: string;
  readonly create: string;
  readonly file: string;
  readonly needs: TableNeeds;
}

export interface TableNeeds {
  /** The columns that the tool gives values to in rows of its own. */
  readonly fills: readonly string[];
  /** Sets of columns that must be unique. */
  readonly unique: readonly (readonly string[])[];
}

export interface WatchQuery {
  readonly name: string;
  readonly sql: string;
  /** Default `same`: the rows must be those of before. `may-change` where the application's own writes move it. */
  readonly answer?: 'same' | 'may-change';
}

export interface UniqueWithTenant {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** The old unique index, dropped in contract. */
  readonly replaces?: string;
}
