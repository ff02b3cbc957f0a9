import { serverArgs, serverEnv } from '../../../src/dev/temporal-server';

const options = {
  binary: { path: '/bin/temporal', version: '1.8.2' },
  searchAttributes: { CutoverPhase: 'Keyword', CutoverAt: 'Datetime' },
  logFile: '/tmp/t.log',
} as const;
const ports = { port: 7000, uiPort: 8000 };

describe('serverArgs', () => {
  it('listens on this machine only, quietly, with the search attributes', () => {
    const args = serverArgs(options, ports).join(' ');
    expect(args).toContain('server start-dev --ip 127.0.0.1 --port 7000 --namespace default --log-level warn');
    expect(args).toContain('--ui-port 8000');
    expect(args).toContain('--search-attribute CutoverPhase=Keyword --search-attribute CutoverAt=Datetime');
    expect(args).not.toContain('--db-filename');
  });

  it('passes a file, or no UI, when asked', () => {
    const args = serverArgs({ ...options, dbFilename: '/tmp/t.db', headless: true }, ports).join(' ');
    expect(args).toContain('--headless');
    expect(args).toContain('--db-filename /tmp/t.db');
    expect(args).not.toContain('--ui-');
  });

  it('spares an older CLI the options it does not know', () => {
    const older = { ...options, binary: { path: '/bin/temporal', version: '1.3.0' } };
    expect(serverArgs(older, ports)).not.toContain('--ui-disable-news-fetch');
  });
});

describe('serverEnv', () => {
  it("keeps the user's own Temporal settings away from this server", () => {
    const env = serverEnv('/run/home', { PATH: '/bin', HOME: '/root', TEMPORAL_API_KEY: 's', TEMPORAL_ADDRESS: 'a' });
    expect(env).toEqual({ PATH: '/bin', HOME: '/run/home', TEMPORAL_VERSION_CHECK_DISABLED: '1' });
  });
});
