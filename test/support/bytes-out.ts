import net from 'node:net';

type WriteGeneric = (this: net.Socket, writev: boolean, data: unknown, ...rest: unknown[]) => void;
interface Writing {
  _writeGeneric: WriteGeneric;
}

/**
 * Call the listener with all data that this process sends, at the moment of sending: data written while a connection is
 * being established is reported once it is sent.
 * @returns a function that removes the listener
 */
export function onBytesOut(listener: (text: string) => void): () => void {
  const sockets = net.Socket.prototype as unknown as Writing;
  const original = sockets._writeGeneric;
  sockets._writeGeneric = function (writev, data, ...rest) {
    // Data written to a socket that was destroyed meanwhile is never sent.
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
