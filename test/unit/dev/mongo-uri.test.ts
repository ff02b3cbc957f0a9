import { mongoDatabase, mongoPassword, mongoUri, withMongoDatabase } from '../../../src/dev/mongo-uri';

const login = { user: 'a:b', password: 'p@/?#', database: 'shop', authSource: 'shop' };

describe('mongoUri', () => {
  it('keeps the servers and the options, and encodes user and password', () => {
    const uri = mongoUri('mongodb://root:x@one:1,two:2/admin?replicaSet=rs&authSource=admin', login);
    expect(uri).toBe('mongodb://a%3Ab:p%40%2F%3F%23@one:1,two:2/shop?replicaSet=rs&authSource=shop');
    expect(mongoPassword(uri)).toBe(login.password);
    expect(mongoDatabase(uri)).toBe('shop');
  });

  it('reads a string with neither user, path nor options', () => {
    expect(mongoPassword('mongodb://one:1')).toBe('');
    expect(mongoDatabase('mongodb://one:1')).toBe('');
    expect(mongoUri('mongodb+srv://one', { ...login, user: 'a', password: 'b' })).toBe(
      'mongodb+srv://a:b@one/shop?authSource=shop',
    );
  });

  it.each([
    ['mongodb://u:p@one/shop', 'authSource=shop'],
    ['mongodb://u:p@one/', 'authSource=admin'],
    ['mongodb://u:p@one/shop?authSource=users', 'authSource=users'],
  ])('another database in the path of %s leaves the user where it was: %s', (uri, expected) => {
    expect(withMongoDatabase(uri, 'scratch')).toBe(`mongodb://u:p@one/scratch?${expected}`);
  });

  it('refuses another kind of URL without repeating it', () => {
    expect(() => mongoPassword('postgresql://u:secret@one')).toThrow(/^This is no MongoDB connection string/);
  });
});
