import net from 'node:net';

type WriteGeneric = (this: net.Socket, writev: boolean, data: unknown, ...rest: unknown[]) => void;
interface Writing {
  _writeGeneric: WriteGeneric;
}

/**
 * Hear of everything that this process puts on the wire, in the moment when it does: while a connection is being made,
 * what is written waits, and is heard of later.
 * @returns the function that ends it
 */
export function onBytesOut(listener: (text: string) => void): () => void {
  const sockets = net.Socket.prototype as unknown as Writing;
  const original = sockets._writeGeneric;
  sockets._writeGeneric = function (writev, data, ...rest) {
    // What was written to a socket that has been destroyed since goes nowhere.
    if (!this.connecting && !this.destroyed) listener(textOf(data));
    return original.call(this, writev, data, ...rest);
  };
  return () => {
    sockets._writeGeneric = original;
  };
}

function textOf(data: unknown): string {
  if (Array.isArray(data)) return data.map(({ chunk }: { chunk: unknown }) => textOf(chunk)).join('');
  return Buffer.isBuffer(data) || data instanceof Uint8Array ? Buffer.from(data).toString('latin1') : String(data);
}
