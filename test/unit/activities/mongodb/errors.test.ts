import { MongoNetworkError, MongoServerError, MongoServerSelectionError, type TopologyDescription } from 'mongodb';
import { failureTypeOf, isConflict, isConnectionLoss, withoutValues } from '../../../../activities/mongodb/errors';
import { CutoverError, describeError } from '../../../../src/core/failure';

const server = (code: number, message = 'said'): MongoServerError => new MongoServerError({ code, message });

test.each([
  [new MongoNetworkError('connection 3 closed'), 'Unavailable'],
  [new MongoServerSelectionError('no primary', {} as TopologyDescription), 'Unavailable'],
  [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'Unavailable'],
  [server(10107, 'not primary'), 'Unavailable'],
  [server(189, 'primary stepped down'), 'Unavailable'],
  [server(11600), 'Unavailable'],
  [server(64, 'waiting for replication timed out'), 'Unavailable'],
  [server(112, 'WriteConflict'), 'Blocked'],
  [server(24, 'LockTimeout'), 'Blocked'],
  [server(13, 'not authorized'), 'Refused'],
  [server(18, 'Authentication failed'), 'Refused'],
  [server(121, 'Document failed validation'), 'Refused'],
  [server(11000, 'E11000 duplicate key'), 'Refused'],
  [server(59, 'no such command'), 'Refused'],
  [server(197, 'not valid for an _id index'), 'Refused'],
  [server(1, 'internal error'), 'Unexpected'],
  [new TypeError('x is not a function'), 'Unexpected'],
  [new CutoverError('FreezeFailed', 'too long'), 'FreezeFailed'],
])('%s is %s', (error, type) => {
  expect(failureTypeOf(error)).toBe(type);
});

test('a conflict is no loss of the connection, and the reverse', () => {
  expect([isConflict(server(112)), isConnectionLoss(server(112))]).toEqual([true, false]);
  expect([isConflict(new MongoNetworkError('gone')), isConnectionLoss(new MongoNetworkError('gone'))]).toEqual([
    false,
    true,
  ]);
});

test('the values of a duplicate key are not passed on', () => {
  const error = server(
    11000,
    'E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "a@b.c" }',
  );
  expect(describeError(withoutValues(error))).toBe('E11000 duplicate key error collection: shop.users index: email_1');
});

test.each(['find', '"find"'])('a command that is not allowed is named and not quoted (%s)', (find) => {
  const error = server(
    13,
    `not authorized on shop to execute command { ${find}: "users", filter: { email: "a@b.c" }, $db: "shop" }`,
  );
  expect(describeError(withoutValues(error))).toBe('not authorized on shop to execute the command find');
});
