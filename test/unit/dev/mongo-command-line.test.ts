import { mongoArguments, type MongoPlace } from '../../../src/dev/mongo-command-line';

const place: MongoPlace = { port: 27_017, dataDir: '/data', sideFile: '/data.side' };

test.each(['mongod', 'secantusd-rs', 'secantusd-py'] as const)(
  '%s takes no test commands and forgets late, unless it is asked for',
  (kind) => {
    const words = mongoArguments(kind, place).join(' ');
    expect(words).not.toMatch(/test.?commands/i);
    expect(words).toMatch(kind === 'mongod' ? /--oplogSize 512/ : /--oplog-max-entries 2000000/);
  },
);

test.each([
  ['mongod', '--setParameter enableTestCommands=1', '--oplogSize 1 '],
  ['secantusd-rs', '--enable-test-commands', '--oplog-max-entries 60 '],
  ['secantusd-py', '--enable-test-commands', '--oplog-max-entries 60 '],
] as const)('%s can be told to fail, and to forget soon', (kind, testCommands, oplog) => {
  const words = `${mongoArguments(kind, { ...place, testCommands: true, oplogEntries: 60 }).join(' ')} `;
  expect(words).toContain(testCommands);
  expect(words).toContain(oplog);
});
