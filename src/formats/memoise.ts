/** A function that makes the answer for each key once and keeps it, undefined too. */
export function memoise<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined || made.has(key)) return known as V;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/** The same for objects that never change, by which object it is; an answer is kept as long as its object. */
export function memoiseObject<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
}

/** A function that makes its answer when first asked for it, and keeps it. */
export function once<V>(make: () => V): () => V {
  const made = memoise((_: undefined) => make());
  return () => made(undefined);
}
