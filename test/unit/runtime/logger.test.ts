import { createLogger, temporalLogger } from '../../../src/runtime/logger';
import { resolveSecret } from '../../../src/runtime/secrets';

function capture(pretty: boolean) {
  const lines: string[] = [];
  const to = { write: (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0 };
  return { log: createLogger({ pretty, to }), text: () => lines.join('') };
}

describe('the logger', () => {
  it.each([false, true])('lets no secret out, wherever it hides (pretty: %s)', (pretty) => {
    resolveSecret('env:U', { env: { U: 'postgres://app:Canary-pass@h/db' }, dir: '/' });
    const { log, text } = capture(pretty);
    const error = new Error('connect postgres://app:Canary-pass@h/db', {
      cause: new Error('password Canary-pass is wrong'),
    });
    log.error({ err: error, deep: { list: ['Canary-pass'] } }, 'failed with Canary-pass');
    temporalLogger(log).warn('from the SDK: Canary-pass', { error, id: 7n });
    expect(text()).toContain('failed with ***');
    expect(text()).not.toContain('Canary');
  });

  it('writes one line for people', () => {
    const { log, text } = capture(true);
    log.info({ step: 'expand/key-users', namespace: 'default' }, 'attempt failed');
    expect(text()).toMatch(/^\d\d:\d\d:\d\d info {2}attempt failed step=expand\/key-users\n$/);
  });
});
