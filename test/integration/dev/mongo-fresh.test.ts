import { MongoClient } from 'mongodb';
import { freshMongo, MONGO_PATIENCE, mongoTestServer, type FreshMongo } from '../../support/mongo';

let first: FreshMongo;
let second: FreshMongo;

beforeAll(async () => {
  [first, second] = await Promise.all([freshMongo(), freshMongo()]);
}, MONGO_PATIENCE);

describe('freshMongo', () => {
  it('gives databases of their own on the one server of this jest run', async () => {
    expect(second.server).toEqual(first.server);
    expect(second.database).not.toBe(first.database);
    const app = await new MongoClient(first.urls.app).connect();
    await app.db().collection('things').insertOne({});
    await expect(app.db(second.database).collection('things').insertOne({})).rejects.toMatchObject({ code: 13 });
    await app.close();
  });

  it('leaves no database and no user behind', async () => {
    const tool = await new MongoClient(first.urls.tool).connect();
    await tool.db(`cutover_${first.database}`).collection('ledger').insertOne({});
    await tool.close();
    await Promise.all([first.close(), second.close()]);
    const root = await new MongoClient((await mongoTestServer()).rootUri).connect();
    const { databases } = (await root.db('admin').command({ listDatabases: 1 })) as { databases: { name: string }[] };
    const left = databases.map(({ name }) => name).filter((name) => name.includes(first.database));
    expect(left).toEqual([]);
    await expect(root.db(first.database).command({ usersInfo: 1 })).resolves.toMatchObject({ users: [] });
    await expect(root.db(first.database).command({ rolesInfo: 1 })).resolves.toMatchObject({ roles: [] });
    await root.close();
  });
});
