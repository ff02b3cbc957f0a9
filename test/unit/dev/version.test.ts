import { atLeast, parseVersion } from '../../../src/dev/version';

describe('parseVersion', () => {
  it.each([
    ['temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)', [1, 8, 2]],
    ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', [15, 18]],
    ['go version go1.26.8 linux/amd64', [1, 26, 8]],
    ['no numbers', undefined],
  ])('reads %j', (text, expected) => expect(parseVersion(text)).toEqual(expected));
});

describe('atLeast', () => {
  it.each([
    [[1, 8, 2], [1, 3, 0], true],
    [[1, 10], [1, 9, 9], true],
    [[1, 26], [1, 26, 0], true],
    [[1, 26, 3], [1, 26, 4], false],
    [[0, 99], [1], false],
  ])('%j against %j is %s', (version, floor, expected) => expect(atLeast(version, floor)).toBe(expected));
});
