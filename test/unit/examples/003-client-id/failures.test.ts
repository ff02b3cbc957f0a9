import { DatabaseError } from 'pg';
import {
  breaksConnection,
  commitFailure,
  isShapeChange,
  refusal,
} from '../../../../examples/003-client-id/app/failures';
import { prepareAnew, prepared } from '../../../../examples/003-client-id/app/prepared';

function sqlError(code: string): DatabaseError {
  const error = new DatabaseError(`error ${code}`, 10, 'error');
  error.code = code;
  return error;
}

describe('the application says what became of a write', () => {
  test.each([
    ['55P03', 503],
    ['57014', 503],
    ['40P01', 503],
    ['57P01', 503],
    ['53300', 503],
    ['23505', 409],
    ['22P02', 400],
    ['23502', 400],
    ['42501', 500],
  ])('before COMMIT %s is refused with %d', (code, status) => {
    expect(refusal(sqlError(code))).toMatchObject({ outcome: 'refused', status, code });
  });

  test('a connection lost before COMMIT is refused: the server rolls back', () => {
    expect(refusal(new Error('Connection terminated'))).toMatchObject({ outcome: 'refused', status: 503 });
  });

  test.each([new Error('Connection terminated'), sqlError('57P01'), sqlError('08006')])(
    'a connection lost in COMMIT is unknown (%s)',
    (error) => expect(commitFailure(error)).toMatchObject({ outcome: 'unknown', status: 504 }),
  );

  test('an SQL error of COMMIT is refused: a deferred constraint commits nothing', () => {
    expect(commitFailure(sqlError('23503'))).toMatchObject({ outcome: 'refused', status: 409 });
  });

  test('keeps a connection that answered with an error, and throws away one that did not', () => {
    expect(breaksConnection(refusal(sqlError('23505')))).toBe(false);
    expect(breaksConnection(refusal(new Error('Connection terminated')))).toBe(true);
  });

  test.each(['0A000', '42703', '42P01'])('meets %s with a new transaction', (code) => {
    expect(isShapeChange(sqlError(code))).toBe(true);
  });
});

test('after a change of the schema every statement has a new name, and never two statements the same one', () => {
  const before = prepared('SELECT 1').name;
  expect(prepared('SELECT 1').name).toBe(before);
  expect(prepared('SELECT 2').name).not.toBe(before);
  prepareAnew();
  expect(prepared('SELECT 1').name).not.toBe(before);
});
