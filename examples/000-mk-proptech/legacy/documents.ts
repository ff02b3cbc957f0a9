import { Double, Int32, type Document } from 'mongodb';
import type { Random } from '../../shared/random';
import { leftoverKey, oddity } from './oddities';
import { user } from './people';
import { mixedId, moment, money, objectId, publicId } from './values';
import type { Volumes } from './volumes';

/** What was made before, to hang later documents on. */
export interface Parents {
  readonly properties: string[];
  readonly units: string[];
  readonly leases: string[];
  readonly contacts: string[];
}

type Maker = (input: { readonly random: Random; readonly index: number; readonly parents: Parents }) => Document;

/** By collection, parents first, how its document number `index` is made. */
export const MAKERS: Readonly<Record<keyof Volumes, Maker>> = {
  users: ({ random, index }) => user(random, index),
  properties: ({ random, index, parents }) => ({
    _id: objectId(random),
    id: remembered(parents.properties, random),
    code: `NEP-${String(index + 1).padStart(6, '0')}`,
    naziv: `Nepremičnina ${index + 1}`,
    naslov: `Slovenska cesta ${1 + random.below(200)}`,
    mesto: random.pick(['Ljubljana', 'Maribor', 'Celje', 'Kranj', 'Koper']) ?? '',
    povrsina_m2: new Double(40 + random.below(4_000) / 10),
    status: random.pick(['aktivna', 'aktivna', 'v prenovi', 'prodana']) ?? '',
    created_at: moment(random),
    ...(index % 50 === 7 ? leftoverKey(index) : {}),
  }),
  contacts: ({ random, index, parents }) => ({
    _id: objectId(random),
    id: remembered(parents.contacts, random),
    naziv: `Stranka ${index + 1}`,
    email: `stranka${index + 1}@example.com`,
    telefon: random.below(4) === 0 ? null : `+386 40 ${String(random.below(1_000_000)).padStart(6, '0')}`,
    created_at: moment(random),
    ...(index % 60 === 11 ? leftoverKey(index) : {}),
  }),
  units: ({ random, index, parents }) => ({
    _id: objectId(random),
    id: remembered(parents.units, random),
    property_id: random.pick(parents.properties) ?? null,
    naziv: `Enota ${index + 1}`,
    nadstropje: new Int32(random.below(12) - 1),
    povrsina_m2: new Double(18 + random.below(1_500) / 10),
    najemnina: money(random),
    created_at: moment(random),
  }),
  leases: ({ random, index, parents }) => ({
    _id: objectId(random),
    id: remembered(parents.leases, random),
    unit_id: random.pick(parents.units) ?? null,
    contact_id: random.pick(parents.contacts) ?? null,
    naziv: `Pogodba ${index + 1}`,
    status: random.pick(['aktivna', 'aktivna', 'potekla', 'osnutek']) ?? '',
    najemnina: money(random),
    valuta: 'EUR',
    created_at: moment(random),
  }),
  payments: ({ random, index, parents }) => ({
    _id: mixedId(random, index),
    id: publicId(random),
    lease_id: random.pick(parents.leases) ?? null,
    znesek: money(random),
    valuta: 'EUR',
    namen: `Najemnina ${1 + (index % 12)}/2025`,
    created_at: moment(random),
  }),
  documents: ({ random, index, parents }) => ({
    _id: mixedId(random, index),
    id: publicId(random),
    property_id: random.pick(parents.properties) ?? null,
    naziv: `Dokument ${index + 1}`,
    vrsta: random.pick(['pogodba', 'zapisnik', 'račun', 'načrt']) ?? '',
    velikost: new Int32(1_000 + random.below(900_000)),
    created_at: moment(random),
    ...odd(random, index),
    ...(index % 80 === 17 ? leftoverKey(index) : {}),
  }),
  maintenance_requests: ({ random, index, parents }) => ({
    _id: objectId(random),
    id: publicId(random),
    unit_id: random.pick(parents.units) ?? null,
    naziv: `Okvara ${index + 1}`,
    opis: `Popravilo št. ${index + 1}`,
    nujnost: random.pick(['nizka', 'srednja', 'visoka']) ?? '',
    status: random.pick(['odprt', 'v delu', 'zaprt']) ?? '',
    created_at: moment(random),
  }),
  messages: ({ random, index, parents }) => ({
    _id: mixedId(random, index),
    id: publicId(random),
    contact_id: random.pick(parents.contacts) ?? null,
    kanal: random.pick(['email', 'sms', 'portal']) ?? '',
    besedilo: `Sporočilo ${index + 1}: ${'spoštovani, '.repeat(1 + random.below(6))}`,
    created_at: moment(random),
  }),
  audit_log: ({ random, index }) => ({
    _id: objectId(random),
    id: publicId(random),
    action: random.pick(['login', 'create', 'update', 'delete', 'export']) ?? '',
    st: new Int32(index),
    created_at: moment(random),
  }),
};

/** All kinds among the first forty, so that small databases have them too; later every 97th. */
function odd(random: Random, index: number): Document {
  if (index < 40) return index % 4 === 1 ? oddity(random, Math.floor(index / 4)) : {};
  return index % 97 === 13 ? oddity(random, Math.floor(index / 97)) : {};
}

function remembered(ids: string[], random: Random): string {
  const id = publicId(random);
  ids.push(id);
  return id;
}
