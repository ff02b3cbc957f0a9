/** What the application's TENANT_SCOPED_COLLECTIONS says; held against its own word in the test. */
export const SCOPED: ReadonlySet<string> = new Set([
  'properties',
  'units',
  'leases',
  'payments',
  'documents',
  'inspections',
  'maintenance_requests',
  'contacts',
  'notes',
  'messages',
  'audit_log',
]);

/** What tenancy adds, and a rollback archives whole. */
export const REGISTRY = ['tenants', 'tenant_memberships'] as const;
