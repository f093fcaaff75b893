/** Does the work for each item, `limit` at a time, taking items as room comes; the first error ends it after those in flight. */
export async function inParallel<T>(
  limit: number,
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const flying = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const item of items) {
      if (failure) break;
      const flight: Promise<void> = work(item)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => flying.delete(flight));
      flying.add(flight);
      if (flying.size >= limit) await Promise.race(flying);
    }
  } finally {
    // Also where the items themselves end in an error: nothing is in flight once this has ended.
    await Promise.all(flying);
  }
  if (failure) throw failure.error;
}
