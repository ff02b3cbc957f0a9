/**
 * Starts one after the other and accounts for them in the same order; the next is started before the last has ended only
 * where they may overlap, two at once at most. Nothing is under way any more when it returns or throws.
 */
export async function inTurn<T, P extends { readonly writing: Promise<unknown> }>(
  source: AsyncIterable<T>,
  start: (item: T) => P,
  account: (started: P) => Promise<void>,
  overlaps: () => boolean,
): Promise<void> {
  let open: P | undefined;
  try {
    for await (const item of source) {
      const next = start(item);
      // Its failure is thrown when it is accounted for; until then nobody else shall call it unhandled.
      next.writing.catch(() => undefined);
      const earlier = open;
      open = next;
      if (earlier) await account(earlier);
      if (overlaps()) continue;
      open = undefined;
      await account(next);
    }
    if (open) await account(open);
  } finally {
    await open?.writing.catch(() => undefined);
  }
}
