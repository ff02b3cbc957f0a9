import { MongoServerError } from 'mongodb';
import { sentenceOf, told, wordsOf } from '../../../../activities/mongodb/server-words';
import { describeError } from '../../../../src/core/failure';

test('the server’s name and number of an error stand behind its words, once', () => {
  const error = new MongoServerError({ message: 'interrupted', code: 11_601, codeName: 'Interrupted' });
  expect(wordsOf(error)).toBe('interrupted (Interrupted, code 11601)');
  expect(describeError(told(error))).toBe('interrupted (Interrupted, code 11601)');
  expect(sentenceOf(error)).toBe('interrupted (Interrupted, code 11601).');
});

test('what has no code stays as it is, and a sentence is not ended twice', () => {
  expect(wordsOf(new Error('connection 3 closed'))).toBe('connection 3 closed');
  expect(sentenceOf(new Error('It is over.'))).toBe('It is over.');
});

test('values that the server quotes are left out before the code is put behind', () => {
  const message = 'E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "a@b.c" }';
  expect(wordsOf(new MongoServerError({ message, code: 11_000 }))).toBe(
    'E11000 duplicate key error collection: shop.users index: email_1 (code 11000)',
  );
});
