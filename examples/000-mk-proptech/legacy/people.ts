import { createHash, pbkdf2Sync } from 'node:crypto';
import type { Document } from 'mongodb';
import type { Random } from '../../shared/random';
import { moment, objectId, publicId } from './values';

/** The one administrator of the generated database; a password for development, as it stands in no other place. */
export const ADMIN = { email: 'skrbnik@mk-proptech.example', password: 'skrbnik-za-razvoj' } as const;

/** A user without any administrative role. */
export const MEMBER = { email: 'clan@mk-proptech.example', password: 'clan-za-razvoj' } as const;

/** The admin first, the member second, then owners, managers and members without a password. */
export function user(random: Random, index: number): Document {
  const role = index === 0 ? 'admin' : index === 1 ? 'member' : roleOf(random);
  const known = index === 0 ? ADMIN : index === 1 ? MEMBER : undefined;
  return {
    _id: objectId(random),
    id: publicId(random),
    email: known?.email ?? `uporabnik${index}@mk-proptech.example`,
    ime: `Uporabnik ${index}`,
    role,
    active: known !== undefined || index % 25 !== 0,
    created_at: moment(random),
    ...(known === undefined ? {} : { password_hash: passwordHash(known.password) }),
  };
}

function roleOf(random: Random): string {
  const roll = random.below(100);
  return roll < 2 ? 'owner' : roll < 15 ? 'manager' : 'member';
}

/** As backend/security.py stores it; the salt is made of the password, so that the same seed gives the same bytes. */
function passwordHash(password: string): string {
  const salt = createHash('sha256').update(password).digest('hex').slice(0, 16);
  const digest = pbkdf2Sync(password, salt, 20_000, 32, 'sha256').toString('hex');
  return `pbkdf2_sha256$20000$${salt}$${digest}`;
}
