import { Binary, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb';
import type { Random } from '../../shared/random';

/** Within the year 2025, whatever the day of the run. */
export function moment(random: Random): Date {
  return new Date(Date.UTC(2025, 0, 1) + random.below(365 * 86_400) * 1_000 + random.below(1_000));
}

export function money(random: Random): Decimal128 {
  return Decimal128.fromString(`${random.below(2_000)}.${String(random.below(100)).padStart(2, '0')}`);
}

/** What the application knows a document by. */
export function publicId(random: Random): string {
  return uuid(random).toString();
}

export function uuid(random: Random): UUID {
  const bytes = randomBytes(random, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return new UUID(bytes);
}

/** A legacy database has seen several importers: most `_id` are ObjectIds, every tenth is not. */
export function mixedId(random: Random, index: number): unknown {
  if (index % 10 !== 0) return objectId(random);
  switch ((index / 10) % 8) {
    case 0:
      return `uvoz-${String(index).padStart(8, '0')}`;
    case 1:
      return new Int32(index);
    case 2:
      return Long.fromNumber(4_000_000_000 + index);
    case 3:
      return new Double(index + 0.5);
    case 4:
      return Decimal128.fromString(`${index}.25`);
    case 5:
      return uuid(random);
    case 6:
      return new Binary(randomBytes(random, 12), Binary.SUBTYPE_DEFAULT);
    default:
      return { vir: 'sap', st: new Int32(index) };
  }
}

export function objectId(random: Random): ObjectId {
  return new ObjectId(randomBytes(random, 12));
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}
