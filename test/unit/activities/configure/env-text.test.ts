import { envText } from '../../../../activities/configure/env-text';

const FILE = [
  '# production settings',
  '',
  'export MONGO_URL="mongodb://h/db" # primary',
  "  NAME='Primarni profil'",
  'PLAIN=a#b   # note',
  'EMPTY= # nothing yet',
  'JSON={"a":1}',
  'LAST=x',
  '',
].join('\n');

function set(text: string, values: Readonly<Record<string, string>>): string {
  return envText.set(text, values, '.env');
}

describe('an env file', () => {
  it('is read as a shell reads it', () => {
    expect([...envText.read(FILE, '.env')]).toEqual([
      ['MONGO_URL', 'mongodb://h/db'],
      ['NAME', 'Primarni profil'],
      ['PLAIN', 'a#b'],
      ['EMPTY', ''],
      ['JSON', '{"a":1}'],
      ['LAST', 'x'],
    ]);
  });

  it('keeps comments, order, quotes, export and spaces; only the value changes', () => {
    const after = set(FILE, { MONGO_URL: 'mongodb://other/db', NAME: 'Drugi', PLAIN: 'c', EMPTY: 'now' });
    expect(after).toBe(
      FILE.replace('mongodb://h/db', 'mongodb://other/db')
        .replace('Primarni profil', 'Drugi')
        .replace('a#b', 'c')
        .replace('EMPTY= #', 'EMPTY=now #'),
    );
  });

  it('gains new keys at its end, with its own line ends and a last line end', () => {
    expect(set('A=1\r\nB=2', { C: 'two words' })).toBe("A=1\r\nB=2\r\nC='two words'\r\n");
    expect(set('', { A: '1' })).toBe('A=1\n');
  });

  it('keeps CRLF where a value changes', () => {
    expect(set('A="1"\r\n# c\r\nB=2\r\n', { A: '3', B: '4' })).toBe('A="3"\r\n# c\r\nB=4\r\n');
  });

  it('does not change at all when the values are there already', () => {
    expect(set(FILE, { NAME: 'Primarni profil', LAST: 'x' })).toBe(FILE);
  });

  it.each([`it's`, 'a"b', `both ' and "`, '$HOME `id` \\', '# no comment', ' spaces ', 'a=b', ''])(
    'reads %j back as it was written, whatever quotes stood there',
    (value) => {
      for (const before of ['K=old\n', "K='old'\n", 'K="old"\n', 'OTHER=1\n']) {
        expect(envText.read(set(before, { K: value }), '.env').get('K')).toBe(value);
      }
    },
  );

  it('refuses to set a key that stands there twice, naming both lines and no value', () => {
    expect(() => set('A=Canary-1\nB=2\nA=Canary-2\n', { A: '3' })).toThrow(
      /line 3: A a second time \(first in line 1\)/,
    );
    expect(() => set('A=Canary-1\nB=2\nA=Canary-2\n', { A: '3' })).not.toThrow(/Canary/);
    expect(set('A=1\nB=2\nA=2\n', { B: '3' })).toBe('A=1\nB=3\nA=2\n');
  });

  it('refuses a value whose quote is never closed, or goes on after it', () => {
    expect(() => set('A=1\nB="Canary\nC=2\n', { C: '3' })).toThrow(/line 2/);
    expect(() => set('A="x"y\n', { C: '3' })).toThrow(/line 1/);
  });

  it('takes a quoted value of several lines as one', () => {
    const text = 'KEY="-----BEGIN\nabc\n-----END"\nB=1\n';
    expect(envText.read(text, '.env').get('KEY')).toBe('-----BEGIN\nabc\n-----END');
    expect(set(text, { B: '2' })).toBe(text.replace('B=1', 'B=2'));
    expect(envText.remove(text, ['KEY'], '.env')).toBe('B=1\n');
  });

  it('loses whole lines when keys are removed, every one of that name', () => {
    expect(envText.remove('A=1\n# about B\nB=2 # x\nA=3\n', ['A'], '.env')).toBe('# about B\nB=2 # x\n');
  });
});
