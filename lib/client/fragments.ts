import type http from 'node:http';

/** A body in more chunks must average `MIN_PIECE_BYTES` per chunk. */
const MAX_SMALL_PIECES = 20_000;
const MIN_PIECE_BYTES = 32;

/**
 * Destroy a response that arrives in countless tiny chunks: until it is whole each chunk costs time and memory, however
 * small, so a limit of bytes alone would not bound them.
 */
export function refuseFragments(response: http.IncomingMessage): void {
  const push = response.push.bind(response);
  let [pieces, bytes] = [0, 0];
  response.push = (piece: Buffer | null, encoding) => {
    pieces++;
    bytes += piece?.length ?? 0;
    if (pieces > MAX_SMALL_PIECES && bytes < pieces * MIN_PIECE_BYTES && !response.destroyed) {
      response.destroy(Object.assign(new Error('too many small chunks'), { code: 'EFRAGMENTED' }));
    }
    return response.destroyed || push(piece, encoding);
  };
}
