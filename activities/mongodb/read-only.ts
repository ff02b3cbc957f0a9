import type { CommandStartedEvent, Document, MongoClient } from 'mongodb';

const WRITES: ReadonlySet<string> = new Set([
  ...['insert', 'update', 'delete', 'findAndModify', 'bulkWrite', 'mapReduce'],
  ...['create', 'createIndexes', 'drop', 'dropIndexes', 'dropDatabase', 'renameCollection'],
  ...['createUser', 'updateUser', 'dropUser', 'grantRolesToUser', 'revokeRolesFromUser'],
  ...['createRole', 'updateRole', 'dropRole', 'killOp'],
]);

/**
 * MongoDB has no read-only session. What the driver is about to send is looked at first, and a write throws before it
 * reaches the wire: the driver tells of a command right before it writes it, in the same call.
 */
export function refuseWrites(client: MongoClient): void {
  client.on('commandStarted', (event: CommandStartedEvent) => {
    if (isWrite(event.commandName, event.command))
      throw new Error(`A read-only client of the tool was about to send ${event.commandName}.`);
  });
}

/** Also an aggregation that ends in a collection. */
export function isWrite(name: string, command: Document): boolean {
  if (WRITES.has(name)) return true;
  if (name !== 'aggregate' || !Array.isArray(command['pipeline'])) return false;
  return command['pipeline'].some((stage: Document) => '$out' in stage || '$merge' in stage);
}
