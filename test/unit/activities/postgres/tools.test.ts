import { tooNewToRestore } from '../../../../activities/postgres/tools';

test.each([
  [15, 15],
  [16, 14],
  [17, 17],
  [18, 17],
])('pg_restore %d fills a database of PostgreSQL %d', (restore, server) => {
  expect(tooNewToRestore(restore, server)).toBeUndefined();
});

test.each([
  [17, 16],
  [18, 14],
])('pg_restore %d is refused for PostgreSQL %d before the drill would fail', (restore, server) => {
  expect(tooNewToRestore(restore, server)).toContain(`pg_restore ${restore} sends transaction_timeout`);
});
