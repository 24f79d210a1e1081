/**
 * A function that remembers its latest argument, by identity, and what it answered. Header blocks that repeat on a connection are the same object each time
 * (see the HPACK decoder), and what was found out of one holds as long.
 */
export function rememberLast<K extends object, V>(make: (key: K) => V): (key: K) => V {
  let last: { readonly key: K; readonly value: V } | undefined;
  return (key) => {
    if (last?.key === key) return last.value;
    const value = make(key);
    last = { key, value };
    return value;
  };
}
