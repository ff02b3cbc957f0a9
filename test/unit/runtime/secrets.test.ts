import { CutoverError } from '../../../src/core/failure';
import { redact, resolveSecret } from '../../../src/runtime/secrets';
import { temporaryFolder } from './temp-file';

const folder = temporaryFolder();
const source = (env: NodeJS.ProcessEnv = {}) => ({ env, dir: folder.path });

describe('secrets', () => {
  it('come from the environment and from files of mode 0600, without the line end', () => {
    folder.write('pw', 'from-a-file\n', 0o600);
    expect(resolveSecret('env:PW', source({ PW: 'from-the-environment' }))).toBe('from-the-environment');
    expect(resolveSecret('file:pw', source())).toBe('from-a-file');
  });

  it.each([0o640, 0o604, 0o660])('are refused from a file of mode %o that others can read', (mode) => {
    folder.write(`open-${mode}`, 'Canary-open', mode);
    expect(() => resolveSecret(`file:open-${mode}`, source())).toThrow(/chmod 600/);
  });

  it('that are not there are named by their reference, and typed Misconfigured', () => {
    const fail = () => resolveSecret('env:NOT_SET', source());
    expect(fail).toThrow(CutoverError);
    expect(fail).toThrow(/NOT_SET/);
    expect(() => resolveSecret('file:absent', source())).toThrow(/0600/);
    expect(() => resolveSecret('env:EMPTY', source({ EMPTY: ' ' }))).toThrow(/empty/);
    expect(() => resolveSecret('file:.', source())).toThrow(/not a regular file|cannot be read/);
  });
});

describe('redact', () => {
  it.each([
    ['postgres://app:Canary@host/db failed', 'postgres://***@host/db failed'],
    ['mongodb+srv://u:p@ss:Canary@h', 'mongodb+srv://***@h'],
    ['host=h password=Canary user=u', 'host=h password=*** user=u'],
    ["password='Can ary' user=u", "password='***' user=u"],
    ['PGPASSWORD=Canary pg_dump', 'PGPASSWORD=*** pg_dump'],
    ['{"password":"Canary","user":"u"}', '{"password":"***","user":"u"}'],
    [
      '{"taskToken":12345,"text":"{\\"secret\\":\\"Canary\\"}"}',
      '{"taskToken":"***","text":"{\\"secret\\":\\"***\\"}"}',
    ],
    ['Authorization: Bearer Canary-token-1234', 'Authorization: Bearer ***'],
    ['?token=Canary&x=1', '?token=***&x=1'],
  ])('takes the credential out of %s', (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  it('leaves ordinary sentences alone', () => {
    const text = 'Attempt 7 of run phase-1.ab12 was overtaken; token 8 holds the target at http://127.0.0.1:80/health.';
    expect(redact(text)).toBe(text);
  });

  it('knows every secret that was resolved: whole, its password alone, decoded, and inside JSON', () => {
    resolveSecret('env:U', source({ U: 'postgresql://app:s3cr%40t-Ca"nary@h/db' }));
    expect(redact('authentication failed with s3cr@t-Ca"nary')).not.toContain('Ca"nary');
    expect(redact(JSON.stringify({ text: 's3cr@t-Ca"nary' }))).not.toContain('nary');
    expect(redact('connects to postgresql://app:s3cr%40t-Ca"nary@h/db now')).toBe('connects to *** now');
  });
});
