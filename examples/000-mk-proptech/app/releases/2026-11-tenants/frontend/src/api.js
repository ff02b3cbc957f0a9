/** Calls the API as one user. Once a tenant is chosen, every protected request says so in X-Tenant-Id. */
export function createApi({ fetch, base = '' }) {
  let token;
  let tenantId;

  async function call(path, { method = 'GET', body } = {}) {
    const headers = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (tenantId !== undefined) headers['x-tenant-id'] = tenantId;
    const reply = await fetch(`${base}${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.message ?? `HTTP ${reply.status}`);
    return answer;
  }

  return {
    call,
    tenant: () => tenantId,
    async login(email, password) {
      token = undefined;
      tenantId = undefined;
      token = (await call('/api/login', { method: 'POST', body: { email, password } })).token;
      const { tenants } = await call('/api/me');
      if (tenants.length === 0) throw new Error('You are no member of any tenant yet.');
      tenantId = tenants[0].id;
      return tenants;
    },
    choose(id) {
      tenantId = id;
    },
  };
}
