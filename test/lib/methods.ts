import type { LinktorClient } from '../../lib/client';

/** `conversations.send` and so on: every method of every resource, whatever class of theirs has it. */
export function methodsOf(client: LinktorClient): string[] {
  const found = new Set<string>();
  const walk = (of: object, at: string) => {
    for (const key of Object.keys(of)) {
      const part = (of as Record<string, unknown>)[key];
      if (key === 'agents' && typeof part === 'object' && part) walk(part, `${at}${key}.`);
    }
    for (let proto = Object.getPrototypeOf(of); proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
      for (const [key, { value, get }] of Object.entries(
        Object.getOwnPropertyDescriptors(proto) as PropertyDescriptorMap,
      )) {
        if (key === 'constructor' || key === 'call') continue;
        const part = get && key !== 'realtime' ? (of as Record<string, unknown>)[key] : undefined;
        if (typeof part === 'object' && part !== null) walk(part, `${at}${key}.`);
        else if (typeof value === 'function') found.add(at + key);
      }
    }
  };
  walk(client, '');
  return [...found].sort();
}

/** The same client, which notes the methods that are called. */
export function watched<T extends object>(of: T, called: Set<string>, at = ''): T {
  return new Proxy(of, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value === 'function') {
        return (...given: unknown[]) => {
          called.add(at + String(key));
          return (value as (...given: unknown[]) => unknown).apply(target, given);
        };
      }
      return typeof value === 'object' && value !== null ? watched(value, called, `${at}${String(key)}.`) : value;
    },
  });
}
