import { createApi } from './api.js';

const api = createApi({ fetch: (...request) => window.fetch(...request) });
const byId = (id) => document.getElementById(id);

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  document.body.dataset.state = 'loading';
  try {
    const tenants = await api.login(byId('email').value, byId('password').value);
    const { items } = await api.call('/api/properties');
    byId('tenant').textContent = tenants.find((tenant) => tenant.id === api.tenant())?.naziv ?? '';
    byId('properties').replaceChildren(
      ...items.map((property) =>
        Object.assign(document.createElement('li'), { textContent: property.naziv ?? property.id }),
      ),
    );
    document.body.dataset.state = 'loaded';
  } catch (error) {
    byId('message').textContent = error.message;
    document.body.dataset.state = 'failed';
  }
});
