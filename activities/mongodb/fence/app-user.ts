import { MongoClient } from 'mongodb';
import type { MongoTarget } from '../../resources';
import type { AppUser } from './ground';

/** Who the application is, by the connection string that the worker probes as. Nothing is connected. */
export function appUserOf(target: MongoTarget): AppUser | undefined {
  if (!target.probeAs) return undefined;
  const credentials = new MongoClient(target.probeAs()).options.credentials;
  return credentials?.username ? { user: credentials.username, db: credentials.source } : undefined;
}
