const byId = (id) => document.getElementById(id);

async function call(path, token, body) {
  const headers = { 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const reply = await fetch(
    path,
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
  );
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.message ?? `HTTP ${reply.status}`);
  return answer;
}

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  document.body.dataset.state = 'loading';
  try {
    const { token } = await call('/api/login', undefined, {
      email: byId('email').value,
      password: byId('password').value,
    });
    const { items } = await call('/api/properties', token);
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
