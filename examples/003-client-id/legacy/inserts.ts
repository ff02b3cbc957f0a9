import type { Volumes } from './volumes';

export interface Insert {
  readonly text: string;
  readonly values: readonly (number | string)[];
}

/**
 * One INSERT .. SELECT per table, parents first. Each value is a hash of (row number, seed), never random() or now(),
 * so two databases generated alike are equal to the last byte.
 */
export function inserts(input: { readonly volumes: Volumes; readonly seed: number }): Insert[] {
  const { volumes: v, seed } = input;
  return [
    {
      text: `INSERT INTO users (id, email, display_name, is_admin, created_at)
             SELECT ${userId('i')}, 'user' || i || '@example.com', 'User ' || i, i % 50 = 0, ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(2)}`,
      values: [v.users, seed],
    },
    {
      text: `INSERT INTO uploads (user_id, file_name, status, byte_size, created_at)
             SELECT ${userId(`1 + ${pick('i', 11)} % $2::bigint`)}, 'sellout-' || i || '.xlsx',
                    (ARRAY['done', 'done', 'done', 'done', 'processing', 'received', 'failed'])[1 + ${pick('i', 12)} % 7]::upload_status,
                    1000 + ${pick('i', 13)} % 900000, ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(3)}`,
      values: [v.uploads, v.users, seed],
    },
    {
      text: `INSERT INTO products (ean, name, brand, price, created_at)
             SELECT ${ean('i')}, 'Product ' || i, 'Brand ' || ${pick('i', 21)} % 40, (${pick('i', 22)} % 10000) / 100.0, ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(2)}`,
      values: [v.products, seed],
    },
    {
      text: `INSERT INTO sellout_entries2 (upload_id, ean, year, month, quantity, amount, payload, created_at)
             SELECT 1 + (i * $2::bigint / ($1::bigint + 1)), ${ean(`1 + ${pick('i', 31)} % $3::bigint`)},
                    2023 + (${pick('i', 32)} % 3)::int, 1 + (${pick('i', 33)} % 12)::int, 1 + (${pick('i', 34)} % 200)::int,
                    (${pick('i', 35)} % 100000) / 100.0,
                    rpad('store-' || ${pick('i', 36)} % 900 || ';' || md5(i || ':' || s.seed), 200, 'source=partner-feed;'), ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(4)}`,
      values: [v.sellout_entries2, v.uploads, v.products, seed],
    },
    {
      text: `INSERT INTO processing_logs (upload_id, level, message, created_at)
             SELECT 1 + ${pick('i', 41)} % $2::bigint, CASE ${pick('i', 42)} % 20 WHEN 0 THEN 'warn' ELSE 'info' END,
                    'Sheet ' || i % 9 || ' read', ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(3)}`,
      values: [v.processing_logs, v.uploads, seed],
    },
    {
      text: `INSERT INTO transform_logs (upload_id, step, details, created_at)
             SELECT 1 + ${pick('i', 51)} % $2::bigint, (ARRAY['parse', 'match', 'aggregate'])[1 + i % 3],
                    json_build_object('rows', ${pick('i', 52)} % 5000, 'rejected', ${pick('i', 53)} % 7), ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(3)}`,
      values: [v.transform_logs, v.uploads, seed],
    },
    {
      text: `INSERT INTO email_logs (user_id, recipient, subject, created_at)
             SELECT ${userId('n')}, 'user' || n || '@example.com', 'Upload ' || i || ' processed', ${moment('i')}
               FROM generate_series(1, $1::bigint) AS i, ${seeded(3)}, LATERAL (SELECT 1 + ${pick('i', 61)} % $2::bigint AS n) AS u`,
      values: [v.email_logs, v.users, seed],
    },
  ];
}

const seeded = (parameter: number): string => `(SELECT $${parameter}::bigint AS seed) AS s`;

/** A number below 2^31 that depends on the row, the seed and which column asks. */
const pick = (row: string, column: number): string =>
  `(hashint8extended(${row}, s.seed * 1000 + ${column}) & 2147483647)`;

const userId = (row: string): string => `md5('user' || (${row}) || ':' || s.seed)::uuid`;

const ean = (product: string): string => `lpad((4000000000000 + (${product}) * 7)::text, 13, '0')`;

/** Within the year 2025, whatever the day of the run. */
const moment = (row: string): string =>
  `timestamptz '2025-01-01 00:00:00+00' + (${pick(row, 1)} % 31536000) * interval '1 second'`;
