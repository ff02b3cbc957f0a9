/**
 * Runs all to their end and then throws what the first of them threw: a test that gave up while another scenario is
 * still under way would leave its processes behind.
 */
export async function sideBySide<T extends readonly unknown[]>(work: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return (await Promise.all(work)) as unknown as T;
}
