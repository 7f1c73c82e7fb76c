import type { Contract, StreamCall } from '../contract';
import { LinktorError } from '../errors';
import { type Core, endOf, orAborted } from './core';
import type { Peer } from './detect';
import type { CallOptions } from './index';
import { type Failed, isAmbiguous } from './retry';
import { StreamFault, type WireStream } from './transport';
import { factsOf, failure, final, wireOf, withBadge } from './wire';

/** One call whose answer arrives piece by piece; it waits for nobody's turn. */
export async function* stream<T>(
  core: Core,
  make: (contract: Contract) => StreamCall<T>,
  options: CallOptions,
): AsyncGenerator<T> {
  const { signal, release } = core.signals.join(options.signal);
  try {
    const peer = await orAborted(core.detection.peer(), signal);
    yield* pieces(core, peer, make(peer.contract), options, signal);
  } finally {
    release();
  }
}

async function* pieces<T>(
  core: Core,
  peer: Peer,
  call: StreamCall<T>,
  options: CallOptions,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const broken = (failed: Failed) => final(failed, isAmbiguous(call.kind, failed));
  const answer = await begin(core, peer, call, options, signal);
  if (!('lines' in answer)) throw broken(answer);
  options.onAnswer?.(factsOf(answer));
  const said = answer.headers['content-type'] ?? '';
  if (said.includes('json')) {
    await answer.lines.return(undefined);
    throw new LinktorError('serialization', 'The server does not stream: it gave one whole answer.', {
      ambiguous: true,
    });
  }
  try {
    for await (const line of answer.lines) {
      if (call.isLast(line)) return;
      const piece = call.piece(line);
      if (piece !== undefined) yield piece;
    }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    // Given up on purpose, it has simply ended.
    if (!signal.aborted) throw broken(failure(core, error.fault));
  }
}

/** A stream up to the moment when it begins; only who was not let in knocks again, with another badge. */
async function begin(
  core: Core,
  peer: Peer,
  call: StreamCall<unknown>,
  options: CallOptions,
  signal: AbortSignal,
): Promise<WireStream | Failed> {
  const request = wireOf(peer, call, options);
  const timeout = (options.timeout ?? core.settings.timeout) * 1000;
  const end = endOf(core, options);
  for (let renewed = false; ; renewed = true) {
    const badge = await orAborted(core.credentials.current(), signal);
    const admitted = core.rate.admit(end, signal);
    if (admitted !== undefined) await admitted;
    const answer = await core.transport.stream(withBadge(peer.contract, request, badge), timeout, signal);
    const failed = 'lines' in answer ? undefined : failure(core, answer);
    const facts = 'fault' in answer ? {} : factsOf(answer);
    const status = 'fault' in answer ? undefined : answer.status;
    core.rate.done(status, facts, failed?.error.cause.retryAfter);
    if ('lines' in answer) return answer;
    const again = status === 401 && !renewed && (await orAborted(core.credentials.renew(badge), signal));
    if (!again) return failed ?? failure(core, answer);
  }
}
