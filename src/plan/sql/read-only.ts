import { scanSql } from './scan';

/** Why this is not one query that only reads; undefined when it is, as far as its words show. */
export function notReadOnly(sql: string): string | undefined {
  const { statements, unclosed } = scanSql(sql);
  if (unclosed !== undefined) return `${unclosed} that does not end`;
  const [first, second] = statements;
  if (!first) return 'no statement';
  if (second) return 'more than one statement';
  const code = first.code.replace(/"[^"]*"?/g, ' ');
  if (!/^\(*\s*(select|with|values|table|show)\b/i.test(code))
    return `a statement that begins with ${first.code.split(/\s/)[0]?.toUpperCase() ?? ''}`;
  const word =
    /\b(insert|update|delete|merge|truncate|drop|alter|create|grant|revoke|copy|lock|into|nextval|setval|pg_terminate_backend|pg_cancel_backend|dblink\w*|lo_\w+|set_config|pg_sleep\w*)\b/i.exec(
      code,
    )?.[1];
  return word === undefined ? undefined : `${word.toUpperCase()} in a query`;
}
