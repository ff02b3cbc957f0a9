import { isWrite } from '../../../../activities/mongodb/read-only';
import { databaseOf, laneName, openMongo } from '../../../../activities/mongodb/session';

test.each([
  ['mongodb://127.0.0.1:27017/shop', 'shop'],
  ['mongodb://user:p%40ss%2Fword@a:1,b:2/shop?replicaSet=rs0', 'shop'],
  ['mongodb+srv://user@cluster.example.com/my%20shop', 'my shop'],
  ['mongodb://127.0.0.1:27017', undefined],
  ['mongodb://127.0.0.1:27017/', undefined],
  ['mongodb://127.0.0.1:27017/?replicaSet=rs0', undefined],
  ['postgres://127.0.0.1/shop', undefined],
])('the database of %s is %s', (url, database) => {
  expect(databaseOf(url)).toBe(database);
});

test.each([
  'mongodb://u:canary@host:1/',
  'postgres://u:canary@host:1/shop',
  'mongodb://u:canary@host:1/shop?w=nonsense&tls=maybe',
])('refuses %s without quoting it', async (url) => {
  const refusal = openMongo({ url, appName: 'test' });
  await expect(refusal).rejects.toMatchObject({
    type: 'Misconfigured',
    message: expect.not.stringContaining('canary') as string,
  });
});

test('the tool’s own database lies beside the application’s', () => {
  expect(laneName('shop')).toBe('cutover_shop');
});

test.each([
  ['insert', {}, true],
  ['findAndModify', {}, true],
  ['aggregate', { pipeline: [{ $match: {} }, { $merge: 'other' }] }, true],
  ['aggregate', { pipeline: [{ $match: {} }] }, false],
  ['find', {}, false],
  ['hello', {}, false],
])('%s %j is a write: %s', (name, command, write) => {
  expect(isWrite(name, command)).toBe(write);
});
