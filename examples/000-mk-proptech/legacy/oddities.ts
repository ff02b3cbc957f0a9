import { Binary, Decimal128, Double, Long, MaxKey, MinKey, Timestamp, type Document } from 'mongodb';
import type { Random } from '../../shared/random';
import { moment, uuid } from './values';

/**
 * What a few documents of an old database are like, and what must come through a migration unchanged to the last bit.
 * Added to some of `documents`, one kind after the other.
 */
export function oddity(random: Random, index: number): Document {
  const kinds: readonly (() => Document)[] = [
    () => ({ opomba: null, velikost: null }),
    () => ({ meritve: [new Double(-0), new Double(NaN), new Double(Infinity), new Double(-Infinity)] }),
    () => ({ znesek: Decimal128.fromString('1.500E+3'), nic: Decimal128.fromString('-0E-7') }),
    () => ({ oznaka: new Timestamp({ t: 1_700_000_000 + index, i: 7 }), velikost: Long.MAX_VALUE }),
    () => ({ meta: { 'a.b': 1, 'pot.do.datoteke': { $ref_ni: true }, '': 'brez imena' } }),
    () => ({ meta: { $cena: 12, $set: { tenant_id: 'not-a-command' } } }),
    () => ({ prstni_odtis: uuid(random), blok: new Binary(Buffer.alloc(64, index % 256), 0x80) }),
    () => ({ nagnjenost: /nepremičnin(a|e)/i, meje: [new MinKey(), new MaxKey()] }),
    () => ({ nekoc: new Date(-62_135_596_800_000), globoko: nested(12, moment(random)) }),
    () => ({ imena: ['Črt', 'Živa', '\u0000nič', '😀'], prazno: {}, seznam: [] }),
  ];
  return kinds[index % kinds.length]?.() ?? {};
}

/** A tenant key that some earlier attempt left behind: there, but naming nobody (trap T0.2). */
export function leftoverKey(index: number): Document {
  return { tenant_id: index % 2 === 0 ? null : '' };
}

function nested(depth: number, leaf: Date): Document {
  return depth === 0 ? { datum: leaf } : { n: nested(depth - 1, leaf) };
}
