import type { StepArgs } from '../../../src/core/step';
import { archiveWindowSql, compareArchiveSql, ROW_VALUE, type ToArchive } from '../archive';
import { dollarQuoted, ident, literal, qualified } from '../identifiers';
import { commentOn } from '../marker';
import { refusalNames } from '../names';
import {
  asOwner,
  drains,
  exclusive,
  NO_LOCK,
  reading,
  type Given,
  type Statement,
  type StepStatements,
} from './statement';

type TableArgs = StepArgs['table'];

/** A new table by the plan's DDL, and the way back that loses none of its rows. */
export function tableStatements(args: TableArgs, given: Given): StepStatements {
  const rows: ToArchive = {
    keyset: { table: args.table, columns: [{ name: 'primary key', type: 'type' }] },
    value: ROW_VALUE,
  };
  return {
    forward: [
      asOwner(given.owner),
      {
        sql: args.create.trim(),
        lock: `${NO_LOCK}; a foreign key in it: SHARE ROW EXCLUSIVE on the table it points to`,
      },
      { sql: commentOn(`TABLE ${qualified(args.table)}`, given.marker), lock: NO_LOCK },
    ],
    back: [
      asOwner(given.owner),
      ...refuseWrites(args.table, given.marker),
      { sql: archiveWindowSql(rows, '<window of the primary key>'), lock: reading(args.table) },
      { sql: compareArchiveSql(rows), lock: reading(args.table) },
      ...dropTable(args.table),
    ],
  };
}

/**
 * From the commit on the table stands still: its creation waits for the writers at work. Only what a foreign key's ON
 * DELETE CASCADE takes away is let through: the application's own delete of a user must not fail for our sake.
 */
export function refuseWrites(table: string, marker: string): readonly Statement[] {
  const names = refusalNames(table);
  const on = `${ident(names.trigger)} ON ${qualified(table)}`;
  const message = `${table} is being archived before it is dropped (${marker.split(' ').slice(0, 2).join(' ')}): writes to it are refused`;
  const body = `BEGIN
  IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1 THEN RETURN NULL; END IF;
  RAISE EXCEPTION USING ERRCODE = '25006', MESSAGE = ${literal(message)};
END`;
  const create = `CREATE OR REPLACE FUNCTION ${qualified(names.function)}() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS ${dollarQuoted(body)}`;
  return [
    { sql: create, lock: NO_LOCK },
    { sql: commentOn(`FUNCTION ${qualified(names.function)}()`, marker), lock: NO_LOCK },
    {
      sql: `CREATE TRIGGER ${ident(names.trigger)} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${qualified(table)} FOR EACH STATEMENT EXECUTE FUNCTION ${qualified(names.function)}()`,
      lock: drains(table),
    },
    { sql: `ALTER TABLE ${qualified(table)} ENABLE ALWAYS TRIGGER ${ident(names.trigger)}`, lock: drains(table) },
    { sql: commentOn(`TRIGGER ${on}`, marker), lock: drains(table) },
  ];
}

export function dropTable(table: string): readonly Statement[] {
  return [
    { sql: `DROP TABLE ${qualified(table)}`, lock: exclusive(`${table} and the tables its foreign keys point to`) },
    { sql: `DROP FUNCTION IF EXISTS ${qualified(refusalNames(table).function)}()`, lock: NO_LOCK },
  ];
}
