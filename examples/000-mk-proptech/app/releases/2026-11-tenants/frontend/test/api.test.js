import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../src/api.js';

function server(tenants) {
  const seen = [];
  const fetch = async (path, { method, headers }) => {
    seen.push({ path, method, headers });
    const body = path === '/api/login' ? { token: 't-1' } : path === '/api/me' ? { tenants } : { items: [] };
    return { ok: true, status: 200, json: async () => body };
  };
  return { fetch, seen };
}

test('every protected request after the login carries the tenant', async () => {
  const { fetch, seen } = server([{ id: 'tenant-default' }, { id: 'other' }]);
  const api = createApi({ fetch });
  await api.login('a@b.example', 'secret');
  await api.call('/api/properties');
  await api.call('/api/notes', { method: 'POST', body: { naziv: 'x' } });
  const protectedOnes = seen.filter(({ path }) => path !== '/api/login' && path !== '/api/me');
  assert.deepEqual(
    protectedOnes.map(({ headers }) => headers['x-tenant-id']),
    ['tenant-default', 'tenant-default'],
  );
});

test('choosing another tenant changes the header', async () => {
  const { fetch, seen } = server([{ id: 'tenant-default' }, { id: 'other' }]);
  const api = createApi({ fetch });
  await api.login('a@b.example', 'secret');
  api.choose('other');
  await api.call('/api/properties');
  assert.equal(seen.at(-1).headers['x-tenant-id'], 'other');
});

test('a user without a tenant is told so', async () => {
  const api = createApi({ fetch: server([]).fetch });
  await assert.rejects(api.login('a@b.example', 'secret'), /no member of any tenant/);
});
