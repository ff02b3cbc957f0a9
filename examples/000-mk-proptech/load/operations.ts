import type { Random } from '../../shared/random';
import { sameTenant, take, type KnownDocument, type World } from './world';
import type { Row } from '../../shared/append-log';
import type { Op } from './write-log';

/** One request to come. `write` is what it promises; a request without it reads, or attacks. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** What X-Tenant-Id says; null = no header. */
  readonly tenant: string | null;
  readonly body?: Row;
  readonly write?: {
    readonly key: string;
    readonly op: Op;
    readonly collection: string;
    readonly by: 'client_ref' | 'id';
    readonly value: string;
    readonly values: Row;
    /** Taken out of the world for this write; none for an insert. */
    readonly document?: KnownDocument;
  };
  /** Reaches for what is another tenant's: only a 403 or 404 is right. */
  readonly attack?: true;
}

interface Input {
  readonly world: World;
  readonly random: Random;
  readonly key: string;
  /** Whether `notes`, which does not exist at first, may be written yet (trap T0.3). */
  readonly notes: boolean;
}

type Maker = (input: Input) => Operation | undefined;

/** The next request of the mix. About two thirds write. */
export function nextOperation(input: Input): Operation {
  const { world, random } = input;
  if (world.second !== null && random.next() < 0.02) return attack(input) ?? read(input);
  const roll = random.next() * 100;
  let sum = 0;
  const [, make] = MIX.find(([share]) => (sum += share) > roll) ?? [0, list];
  return make(input) ?? insert(input);
}

const insert = (input: Input): Operation => {
  const { world, random, key } = input;
  const names = Object.keys(INSERTS).filter(
    (name) => (name !== 'notes' || input.notes) && (name !== 'inspections' || world.mode === 'tenants'),
  );
  const collection = random.pick(names) ?? 'payments';
  const fields = { naziv: `Obremenitev ${key}`, ...INSERTS[collection]?.(key, random) };
  const values = { client_ref: key, revision: key, ...fields };
  const tenant = whose(input);
  return {
    method: 'POST',
    path: `/api/${collection}`,
    tenant,
    body: values,
    write: { key, op: 'insert', collection, by: 'client_ref', value: key, values },
  };
};

const user = ({ world, key }: Input): Operation => {
  const values = { client_ref: key, email: `${key}@load.example`, role: 'member' };
  const write = { key, op: 'insert', collection: 'users', by: 'client_ref', value: key, values } as const;
  return { method: 'POST', path: '/api/users', tenant: world.tenant, body: values, write };
};

const ingest = (input: Input): Operation => {
  const { key } = input;
  const body = { client_ref: key, besedilo: `Uvoz ${key}`, kanal: 'email' };
  const write = {
    key,
    op: 'ingest',
    collection: 'jobs',
    by: 'client_ref',
    value: key,
    values: { client_ref: key },
  } as const;
  return { method: 'POST', path: '/api/ingest', tenant: whose(input), body, write };
};

const patch: Maker = (input) =>
  change(
    input,
    () => true,
    (document, key) => {
      const values = { revision: key, opomba: `Popravek ${key}` };
      return { method: 'PATCH', op: 'patch', body: values, values: { ...document.fields, ...values } };
    },
  );

/** Replacing drops whatever the old application does not know, a tenant key among it. */
const replace: Maker = (input) =>
  change(
    input,
    ({ collection }) => collection !== 'properties',
    (document, key) => {
      const values = { ...document.fields, revision: key };
      return { method: 'PUT', op: 'replace', body: values, values };
    },
  );

const remove: Maker = (input) =>
  change(
    input,
    ({ by }) => by === 'client_ref',
    () => ({ method: 'DELETE', op: 'delete', values: {} }),
  );

const list = ({ world, random }: Input): Operation => {
  const collection = random.pick(['properties', 'units', 'leases', 'contacts', 'maintenance_requests']) ?? 'properties';
  return { method: 'GET', path: `/api/${collection}?limit=20`, tenant: world.tenant };
};

const read = (input: Input): Operation => {
  const document = input.random.pick(input.world.documents);
  if (document === undefined || document.collection === 'users') return list(input);
  return { method: 'GET', path: `/api/${document.collection}/${document.id}`, tenant: header(input.world, document) };
};

/** As a member of one tenant, reaches for a document of the other; or names a tenant that nobody belongs to. */
const attack: Maker = ({ world, random }) => {
  const document = random.pick(world.documents);
  if (document === undefined || world.second === null || document.collection === 'users') return undefined;
  const path = `/api/${document.collection}/${document.id}`;
  const other = sameTenant(world, document.tenant, world.tenant) ? world.second : world.tenant;
  // An empty change does no harm where the application has meanwhile been rolled back to the build without tenants.
  return random.pick([
    { method: 'GET', path, tenant: other, attack: true },
    { method: 'PATCH', path, tenant: other, body: {}, attack: true },
    { method: 'GET', path: '/api/properties', tenant: 'tenant-of-nobody', attack: true },
  ] as const);
};

const MIX: readonly (readonly [share: number, make: Maker])[] = [
  [20, list],
  [14, read],
  [35, insert],
  [12, patch],
  [9, replace],
  [4, remove],
  [4, ingest],
  [2, user],
];

/** By collection, what a new document says besides its keys. */
const INSERTS: Readonly<Record<string, (key: string, random: Random) => Row>> = {
  properties: (key) => ({ code: `L-${key}`, mesto: 'Ljubljana' }),
  units: (_, random) => ({ nadstropje: random.below(9), povrsina_m2: 20 + random.below(200) }),
  leases: (_, random) => ({ status: 'osnutek', najemnina: random.below(2_000) }),
  payments: (_, random) => ({ znesek: random.below(100_000) / 100, valuta: 'EUR' }),
  documents: (_, random) => ({ vrsta: 'račun', velikost: random.below(100_000) }),
  maintenance_requests: (key) => ({ opis: `Okvara ${key}`, nujnost: 'srednja' }),
  contacts: (key) => ({ email: `${key}@contact.example` }),
  messages: (key) => ({ kanal: 'portal', besedilo: `Sporočilo ${key}` }),
  notes: (key) => ({ besedilo: `Opomba ${key}` }),
  inspections: (key) => ({ ugotovitve: `Brez posebnosti ${key}` }),
};

interface Change {
  readonly method: 'PUT' | 'PATCH' | 'DELETE';
  readonly op: Op;
  readonly body?: Row;
  readonly values: Row;
}

function change(
  { world, random, key }: Input,
  fits: (document: KnownDocument) => boolean,
  make: (document: KnownDocument, key: string) => Change,
): Operation | undefined {
  const index = random.below(world.documents.length);
  const candidate = world.documents[index];
  if (candidate === undefined || candidate.collection === 'users' || !fits(candidate)) return undefined;
  const document = take(world, index);
  if (document === undefined) return undefined;
  const { method, op, body, values } = make(document, key);
  const { collection, by, value, id } = document;
  const write = { key, op, collection, by, value, values, document };
  const path = `/api/${collection}/${id}`;
  return { method, path, tenant: header(world, document), write, ...(body === undefined ? {} : { body }) };
}

/** A tenth of what is new is the second tenant's, where there is one. */
function whose({ world, random }: Input): string | null {
  return world.second !== null && random.next() < 0.1 ? world.second : world.tenant;
}

/** Before the tenants the application wants no header; a document from then is the default tenant's. */
function header(world: World, document: KnownDocument): string | null {
  return world.mode === 'single' ? null : (document.tenant ?? world.tenant);
}
