import type { Message } from './flows';

interface Red {
  nodes: { createNode(node: object, config: object): void; registerType: Register };
}
type Register = (type: string, make: (this: Spoiling, config: object) => void) => void;
interface Spoiling {
  on(event: 'input', listener: (msg: Message) => void): void;
  send(msg: Message): void;
}

/** A node `spoil` that changes what it gets: it counts in every object of the message how often it has had it. */
export function spoiler(red: Red): void {
  red.nodes.registerType('spoil', function (config) {
    red.nodes.createNode(this, config);
    this.on('input', (msg) => {
      for (const part of partsOf(msg)) part.spoilt = Number(part.spoilt ?? 0) + 1;
      this.send(msg);
    });
  });
}

/** @returns how often each object of a message has been spoilt: once, unless it is another message's as well */
export function spoilt(msg: Message): number[] {
  return partsOf(msg).map((part) => Number(part.spoilt ?? 0));
}

function partsOf(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(partsOf);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}
