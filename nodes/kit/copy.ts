/** Values nested deeper are shared instead of copied; no server sends such data on purpose. */
const MAX_COPY_DEPTH = 64;

/**
 * Copy plain JSON-like data, so that flows which receive the same event cannot change one another's messages.
 * @param value objects and arrays are copied; a Date, a Buffer or another class instance is returned as it is
 */
export function copyOf<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth > MAX_COPY_DEPTH) return value;
  if (Array.isArray(value)) {
    const list = value.slice();
    for (let index = 0; index < list.length; index++) {
      const inner = list[index];
      if (typeof inner === 'object' && inner !== null) list[index] = copyOf(inner, depth + 1);
    }
    return list as T;
  }
  const prototype = Object.getPrototypeOf(value);
  // The objects of a function node are of a realm of its own, with another Object.prototype.
  const isPlain = prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isPlain) return value;
  const copy = { ...value };
  for (const key in copy) {
    const inner = copy[key];
    if (typeof inner === 'object' && inner !== null) copy[key] = copyOf(inner, depth + 1);
  }
  return copy;
}
