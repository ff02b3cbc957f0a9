import { existsSync, readFileSync } from 'node:fs';
import { Client } from 'pg';
import { findPostgres } from '../../../src/dev/postgres-binaries';
import { startPostgres, type PostgresServer } from '../../../src/dev/postgres-server';
import type { PostgresBinaries } from '../../../src/dev/postgres-versions';
import { silent } from '../../../src/dev/progress';
import { connectionEnv, runPsql } from '../../../src/dev/psql';
import { runOrThrow } from '../../../src/dev/command';
import { createRoles, type RoleUrls } from '../../../src/dev/roles';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';

let run: RunDir;
let binaries: PostgresBinaries;
let server: PostgresServer;
let urls: RoleUrls;

beforeAll(async () => {
  run = openRunDir('roles');
  binaries = await findPostgres({ progress: silent });
  const logFile = run.file('logs', 'postgres.log');
  server = await startPostgres({ binaries, dataDir: run.file('pg', 'data'), logFile });
  urls = await createRoles(server.superuserUrl, { database: 'app', scratch: 'scratch' });
  await runPsql({
    binaries,
    url: urls.owner,
    script: { sql: 'create table users (id bigserial primary key, name text);\ninsert into users (name) select :who;' },
    variables: { who: `'first'` },
  });
}, 120_000);

afterAll(async () => {
  await server.stop();
  await run.close();
});

describe('the three roles', () => {
  it('the application reads and writes rows of tables that the owner creates later', async () => {
    await as(urls.owner, `create table later (id bigserial primary key)`);
    await as(urls.app, 'insert into later default values');
    await as(urls.app, `insert into users (name) values ('second')`);
    await as(urls.app, `update users set name = 'changed' where name = 'second'`);
    await as(urls.app, `delete from users where name = 'changed'`);
    expect(await as(urls.app, 'select name from users')).toEqual([{ name: 'first' }]);
  });

  it.each([
    'alter table users add column tenant uuid',
    'create table mine (id int)',
    'create schema mine',
    'drop table users',
    'truncate users',
  ])('the application may not: %s', async (statement) => {
    await expect(as(urls.app, statement)).rejects.toMatchObject({ code: '42501' });
  });

  it("the tool is no superuser, bypasses no policy, and changes the owner's tables as a member", async () => {
    const [role] = await as(
      urls.cutover,
      'select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user',
    );
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false });
    await as(urls.cutover, 'alter table users add column tenant uuid');
    await as(urls.cutover, 'alter table users drop column tenant');
    await as(urls.cutover, 'create schema cutover');
    await as(urls.cutover, 'drop schema cutover');
    await expect(as(urls.cutover, `select pg_read_file('PG_VERSION')`)).rejects.toMatchObject({ code: '42501' });
  });

  it("the tool reads the age and the text of others' statements", async () => {
    const other = await connect(urls.app);
    await other.query('begin; select 42');
    const seen = await as(
      urls.cutover,
      `select query, xact_start is not null as aged from pg_stat_activity where usename = 'app'`,
    );
    await other.end();
    expect(seen).toEqual([{ query: 'begin; select 42', aged: true }]);
  });

  it('a dump restores into scratch with owners and grants', async () => {
    const file = run.file('app.dump');
    const dump = { command: `${binaries.clients}/pg_dump`, args: ['-Fc', '-Z1', '-f', file] };
    await runOrThrow('The dump', { ...dump, env: connectionEnv(urls.cutover) });
    const restore = { command: `${binaries.clients}/pg_restore`, args: ['--exit-on-error', '-d', 'scratch', file] };
    await runOrThrow('The restore', { ...restore, env: connectionEnv(urls.scratch) });
    const [owner] = await as(
      urls.scratch,
      `select tableowner, has_table_privilege('app', 'users', 'insert') as app from pg_tables where tablename = 'users'`,
    );
    expect(owner).toEqual({ tableowner: 'owner', app: true });
    await expect(as(urls.scratch, 'select name from users')).resolves.toEqual([{ name: 'first' }]);
  });

  it('a second call changes nothing and hands out the same URLs, also beside another one', async () => {
    const again = { database: 'app', scratch: 'scratch' };
    const other = { database: 'other', scratch: 'other_scratch' };
    const [first, second] = await Promise.all([
      createRoles(server.superuserUrl, again),
      createRoles(server.superuserUrl, other),
    ]);
    expect(first).toEqual(urls);
    await as(second.cutover, 'select 1');
    await as(urls.app, 'select 1');
  });
});

describe('the server', () => {
  it('keeps fsync on, listens on this machine only and has its passwords in no log', async () => {
    const [fsync] = await as(urls.superuser, 'show fsync');
    const [listen] = await as(urls.superuser, 'show listen_addresses');
    expect({ ...fsync, ...listen }).toEqual({ fsync: 'on', listen_addresses: '127.0.0.1' });
    const log = readFileSync(run.file('logs', 'postgres.log'), 'utf8');
    for (const url of Object.values(urls)) expect(log).not.toContain(new URL(url).password);
  });

  it('comes back on the same port with the same data after kill -9', async () => {
    const before = server.pid;
    server.kill('SIGKILL');
    await server.restart();
    expect(server.pid).not.toBe(before);
    await expect(as(urls.app, 'select name from users')).resolves.toEqual([{ name: 'first' }]);
  });

  it('leaves no process behind when it is stopped', async () => {
    const backend = await connect(urls.app);
    backend.on('error', () => undefined);
    const [row] = (await backend.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    const pids = [server.pid, row?.pid ?? 0];
    await server.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(run.file('pg', 'data', 'postmaster.pid'))).toBe(false);
    await server.restart();
  });
});

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

async function as(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = await connect(url);
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
