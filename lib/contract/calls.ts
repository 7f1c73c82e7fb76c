import { unsupported } from '../errors';
import type { Decode } from './envelope';
import type { Call, Kind } from './index';

/** A call that only reads. */
export function read<T>(path: readonly string[], decode: Decode<T>, query?: Call<T>['query']): Call<T> {
  return { kind: 'read', method: 'GET', path, query, decode };
}

/** A call that changes something. */
export function write<T>(
  method: Call<T>['method'],
  path: readonly string[],
  decode: Decode<T>,
  body?: unknown,
  kind: Kind = 'write',
): Call<T> {
  return { kind, method, path, body, decode };
}

/** @returns the call, with a way to obtain the entity when the answer only confirms the write */
export function orRead<T>(call: Call<T>, reading: Call<T>, minimal: T): Call<T> {
  return Object.assign({}, call, { acknowledged: { read: reading, minimal } });
}

/** Decoder of an answer that is not used. */
export function ignoreAnswer(): void {}

/** Two calls as one operation: the second is built from the answer of the first. */
export function chain<A, T>(first: Call<A>, next: (answer: A) => Call<T>): Call<T> {
  const { after, ...call } = first;
  const follow = after ? (answer: unknown) => chain(after(answer), next) : (answer: unknown) => next(answer as A);
  // Only the last part's answer leaves the client; `decode` of this one feeds the next.
  return { ...(call as Omit<Call<unknown>, 'after'>), after: follow } as Call<T>;
}

/** @returns the call in the lane of one entity: calls of one lane are sent one after the other */
export function inLane<T>(id: string, call: Call<T>): Call<T> {
  // Not a spread with a further key, which would give each call its own hidden class.
  return Object.assign({}, call, { lane: id });
}

/**
 * Define an operation for which servers of this contract have no route.
 * @param hint the alternative for the user
 * @returns a function that throws `not_supported` before any request
 */
export function unsupportedCall(what: string, hint: string): () => never {
  return () => {
    throw unsupported(what, hint);
  };
}
