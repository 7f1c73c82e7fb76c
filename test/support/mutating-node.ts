import type { Message } from './flows';

interface Red {
  nodes: { createNode(node: object, config: object): void; registerType: Register };
}
type Register = (type: string, make: (this: MutatingNode, config: object) => void) => void;
interface MutatingNode {
  on(event: 'input', listener: (msg: Message) => void): void;
  send(msg: Message): void;
}

/** Register the node `mutate`, which increments a counter in every object of a message. */
export function mutatingNode(red: Red): void {
  red.nodes.registerType('mutate', function (config) {
    red.nodes.createNode(this, config);
    this.on('input', (msg) => {
      for (const part of partsOf(msg)) part.mutations = Number(part.mutations ?? 0) + 1;
      this.send(msg);
    });
  });
}

/** @returns the counter of each object of a message: 1, unless another message shares the object */
export function mutations(msg: Message): number[] {
  return partsOf(msg).map((part) => Number(part.mutations ?? 0));
}

function partsOf(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(partsOf);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}
