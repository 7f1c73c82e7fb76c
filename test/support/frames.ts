/** WebSocket frames of a server, as bytes (RFC 6455, 5.2). */

export const text = 1;
export const rest = 0;
const binary = 2;

/** Frames that no server should send, and that a client must survive. */
export const garbage: [opcode: number, payload: Buffer | string][] = [
  [text, ''],
  [text, 'hello'],
  [text, '{"type":"message","conversationId":"conv_ana","message":{"id":"m'],
  [text, 'null'],
  [text, '[]'],
  [text, '17'],
  [text, '{}'],
  [text, '{"type":"message"}'],
  [text, '{"type":"message","conversationId":"conv_ana","message":null}'],
  [text, '{"type":"message","conversationId":"conv_ana","message":{"text":"no id"}}'],
  [text, '{"type":"message","conversationId":{"id":1},"message":{"id":7}}'],
  [text, '{"type":"message_status","conversationId":"conv_ana","messageId":null,"status":["read"]}'],
  [text, '{"type":"unheard_of","conversationId":"conv_ana"}'],
  [text, '{"type":{"toString":1},"__proto__":{"polluted":true}}'],
  [text, '['.repeat(50_000)],
  [binary, Buffer.of(0, 255, 254, 1)],
];

/** Encode one unmasked frame, as sent by a server. */
export function frame(opcode: number, payload: Buffer | string, { final = true, reserved = false } = {}): Buffer {
  const body = Buffer.from(payload);
  const first = (final ? 0x80 : 0) | (reserved ? 0x40 : 0) | opcode;
  if (body.length < 126) return Buffer.concat([Buffer.of(first, body.length), body]);
  if (body.length < 65_536) {
    return Buffer.concat([Buffer.of(first, 126, body.length >> 8, body.length & 255), body]);
  }
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

/** @returns the frame at the start of these bytes, or undefined when it is incomplete */
export function parsed(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 127;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + length) return undefined;
  return { opcode: (bytes[0] ?? 0) & 15, payload: bytes.subarray(start, start + length), size: start + length };
}
