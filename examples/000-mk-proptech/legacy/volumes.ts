/** Documents per collection of the legacy database. The sum is what was asked for. */
export interface Volumes {
  readonly users: number;
  readonly properties: number;
  readonly units: number;
  readonly leases: number;
  readonly documents: number;
  readonly maintenance_requests: number;
  readonly contacts: number;
  readonly messages: number;
  readonly audit_log: number;
  readonly payments: number;
}

/**
 * Spreads `documents` over the ten collections that a legacy database has; `notes` and `inspections` do not exist before
 * their first document. Throws below 200, where a collection would come out empty.
 */
export function spread(documents: number): Volumes {
  if (!Number.isSafeInteger(documents) || documents < 200) {
    throw new Error(
      `The number of documents must be a whole number of at least 200, but was ${documents}; use for example 100000.`,
    );
  }
  const share = (perMille: number): number => Math.max(8, Math.floor((documents * perMille) / 1000));
  const small = {
    users: share(5),
    properties: share(20),
    units: share(120),
    leases: share(100),
    documents: share(80),
    maintenance_requests: share(70),
    contacts: share(50),
    messages: share(100),
    audit_log: share(100),
  };
  const others = Object.values(small).reduce((sum, count) => sum + count, 0);
  return { ...small, payments: documents - others };
}
