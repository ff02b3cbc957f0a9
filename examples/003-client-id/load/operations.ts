import type { Random } from '../../shared/random';
import type { Row } from '../../shared/append-log';
import type { World } from './world';

/** One request to come. `rows` / `restock` are what a write promises; a request without them reads, or attacks. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly as: Identity;
  readonly body?: Row;
  readonly rows?: Readonly<Record<string, Row>>;
  readonly restock?: { readonly product: number; readonly increment: number };
  /** Reaches for another organisation's rows: a write must be answered with 404, a read with none of them. */
  readonly attack?: 'read' | 'write';
}

export interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  /** The organisation meant by the headers; null = the default one. */
  readonly org: string | null;
}

type Maker = (input: { readonly world: World; readonly random: Random; readonly key: string }) => Operation | undefined;

/** The next request of the mix. About two thirds write. Falls back to founding users, which needs nothing to be there yet. */
export function nextOperation(input: {
  readonly world: World;
  readonly random: Random;
  readonly key: string;
}): Operation {
  const { world, random } = input;
  if (world.second !== null && random.next() < 0.02) return attack(input) ?? user(input);
  const roll = random.next() * 100;
  let sum = 0;
  const [, make] = MIX.find(([share]) => (sum += share) > roll) ?? [0, user];
  return make(input) ?? user(input);
}

const user = ({ world, random, key }: Parameters<Maker>[0]): Operation => {
  const row = { email: `${key}@load.example`, display_name: `Load ${key}` };
  return insert({ path: '/users', as: anyone(world, random), key, rows: { users: row } });
};

/** A tenth of the uploads are the second organisation's, half of them by its id and half by its user. */
const upload: Maker = ({ world, random, key }) => {
  const { second } = world;
  const row = (userId: string): Row => ({
    user_id: userId,
    file_name: `load-${key}.xlsx`,
    status: random.pick(['received', 'processing', 'done', 'failed']) ?? 'received',
    byte_size: random.below(1_000_000),
  });
  if (second !== null && random.next() < 0.1) {
    second.keys.add(key);
    return insert({ path: '/uploads', as: asSecond(second, random), key, rows: { uploads: row(second.userId) } });
  }
  const owner = random.pick(world.users);
  if (owner === undefined) return undefined;
  return insert({ path: '/uploads', as: anyone(world, random), key, rows: { uploads: row(owner) } });
};

const sellout: Maker = ({ world, random, key }) => {
  const parent = random.pick(world.uploads);
  const product = random.pick(world.products);
  if (parent === undefined || product === undefined) return undefined;
  const row = {
    upload_id: parent.id,
    ean: product.ean,
    year: 2023 + random.below(3),
    month: 1 + random.below(12),
    quantity: 1 + random.below(200),
    amount: random.below(100_000) / 100,
    payload: `load;${key};`.padEnd(200, 'source=load;'),
  };
  return insert({ path: '/sellout', as: anyone(world, random), key, rows: { sellout_entries2: row } });
};

const product: Maker = ({ world, random, key }) => {
  const row = {
    ean: String(5_000_000_000_000 + random.below(1_000_000_000)),
    name: `Load ${key}`,
    price: random.below(10_000) / 100,
  };
  return insert({ path: '/products', as: anyone(world, random), key, rows: { products: row } });
};

const logs: Maker = ({ world, random, key }) => {
  const parent = random.pick(world.uploads);
  if (parent === undefined) return undefined;
  const rows = {
    processing_logs: { upload_id: parent.id, message: `Load ${key} read` },
    transform_logs: { upload_id: parent.id, step: 'aggregate', details: { rows: random.below(5_000), key } },
    email_logs: { user_id: parent.userId, recipient: `${key}@load.example`, subject: `Load ${key} processed` },
  };
  return insert({ path: '/logs', as: anyone(world, random), key, rows });
};

const restock: Maker = ({ world, random }) => {
  const target = random.pick(world.products);
  if (target === undefined) return undefined;
  const increment = 1 + random.below(3);
  return {
    method: 'PATCH',
    path: `/products/${target.id}`,
    as: anyone(world, random),
    body: { increment },
    restock: { product: target.id, increment },
  };
};

const readProducts: Maker = ({ world, random }) => get('/products?limit=20', anyone(world, random));
const readUploads: Maker = ({ world, random }) => get('/uploads?limit=20', anyone(world, random));
const readSellout: Maker = ({ world, random }) => {
  const found = random.pick(world.products);
  return found === undefined ? undefined : get(selloutPath(found.ean, random), anyone(world, random));
};

/** Tries to see, or to change, the default organisation's rows as a member of the second one. */
const attack: Maker = ({ world, random }) => {
  const { second } = world;
  const target = random.pick(world.products);
  if (second === null || target === undefined) return undefined;
  const as = asSecond(second, random);
  const change: Operation = {
    method: 'PATCH',
    path: `/products/${target.id}`,
    as,
    body: { increment: 1 },
    attack: 'write',
  };
  return random.pick([
    { ...get('/products?limit=100', as), attack: 'read' },
    { ...get('/uploads?limit=500', as), attack: 'read' },
    { ...get(selloutPath(target.ean, random), as), attack: 'read' },
    change,
  ]);
};

const MIX: readonly (readonly [share: number, make: Maker])[] = [
  [14, readProducts],
  [12, readUploads],
  [10, readSellout],
  [16, upload],
  [20, sellout],
  [5, product],
  [10, logs],
  [3, user],
  [10, restock],
];

function insert(input: {
  readonly path: string;
  readonly as: Identity;
  readonly key: string;
  readonly rows: Readonly<Record<string, Row>>;
}): Operation {
  const body: Row = Object.assign({ request_id: input.key }, ...Object.values(input.rows));
  return { method: 'POST', path: input.path, as: input.as, body, rows: input.rows };
}

const get = (path: string, as: Identity): Operation => ({ method: 'GET', path, as });

const selloutPath = (ean: string, random: Random): string =>
  `/sellout?ean=${ean}&year=${2023 + random.below(3)}&month=${1 + random.below(12)}`;

/** A client of the default organisation: most are from before the cutover and say nothing; some name their user or it. */
function anyone(world: World, random: Random): Identity {
  const roll = random.next();
  const userId = roll < 0.25 ? random.pick(world.users) : undefined;
  if (userId !== undefined) return { headers: { 'x-user-id': userId }, org: null };
  if (roll > 0.75 && world.defaultOrganization !== null) {
    return { headers: { 'x-organization-id': world.defaultOrganization }, org: world.defaultOrganization };
  }
  return { headers: {}, org: null };
}

function asSecond(second: { readonly id: string; readonly userId: string }, random: Random): Identity {
  const [name, value] = random.next() < 0.5 ? ['x-organization-id', second.id] : ['x-user-id', second.userId];
  return { headers: { [name]: value }, org: second.id };
}
