import type { Message } from './flows';

interface Red {
  nodes: { createNode(node: object, config: object): void; registerType: Register };
}
type Register = (type: string, make: (this: MutatingNode, config: object) => void) => void;
interface MutatingNode {
  on(event: 'input', listener: (msg: Message) => void): void;
  send(msg: Message): void;
}

/** Registers the node `mutate`, which changes every message: each object in it counts how often it came by. */
export function mutatingNode(red: Red): void {
  red.nodes.registerType('mutate', function (config) {
    red.nodes.createNode(this, config);
    this.on('input', (msg) => {
      for (const part of partsOf(msg)) part.mutations = Number(part.mutations ?? 0) + 1;
      this.send(msg);
    });
  });
}

/** @returns how often each object of a message was changed: once, unless it is also part of another message */
export function mutations(msg: Message): number[] {
  return partsOf(msg).map((part) => Number(part.mutations ?? 0));
}

function partsOf(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(partsOf);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}
