import type { PgSession } from './context';
import { qualified } from './identifiers';

/** A table as an INSERT meets it. */
export interface ExistingTable {
  /** r ordinary table, p partitioned, v view. */
  readonly kind: string;
  readonly owner: string;
  /** Whether we may do to it what its owner may. */
  readonly ours: boolean;
  readonly forcedRowSecurity: boolean;
  readonly comment: string | null;
  readonly columns: readonly TableColumn[];
  readonly foreignKeys: readonly ForeignKey[];
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** As the server writes it. Null = none; identity and generated columns say so in `filled`. */
  readonly default: string | null;
  /** Whether a row that leaves it out gets a value. */
  readonly filled: boolean;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  /** `FOREIGN KEY (...) REFERENCES ...`: names of both sides, actions and all. */
  readonly definition: string;
  readonly validated: boolean;
}

/** Undefined when there is no relation of this name. */
export async function readTable(session: PgSession, table: string): Promise<ExistingTable | undefined> {
  const name = [qualified(table)];
  const [relation] = await session.query<Omit<ExistingTable, 'columns' | 'foreignKeys'>>(
    `SELECT c.relkind::text AS kind, pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS ours,
            c.relforcerowsecurity AS "forcedRowSecurity", obj_description(c.oid, 'pg_class') AS comment
       FROM pg_class c WHERE c.oid = to_regclass($1)`,
    name,
  );
  if (!relation) return undefined;
  const columns = await session.query<TableColumn>(
    `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull",
            CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
            a.attidentity <> '' OR d.adbin IS NOT NULL AS filled
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    name,
  );
  const foreignKeys = await session.query<ForeignKey>(
    `SELECT pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated,
            ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (n, place)
                    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.place) AS columns
       FROM pg_constraint k WHERE k.conrelid = to_regclass($1) AND k.contype = 'f' ORDER BY k.conname`,
    name,
  );
  return { ...relation, columns, foreignKeys };
}
