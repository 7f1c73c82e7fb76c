import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { LinktorError } from '../errors';

/** The signed data (contract 3.1). `body`: raw bytes. `timestamp`: `timestamp.body`. `auto`: by the header's form. */
export type Scheme = 'auto' | 'body' | 'timestamp';

export type Refusal =
  | 'missing_signature'
  | 'malformed_signature'
  | 'bad_signature'
  | 'missing_timestamp'
  | 'malformed_timestamp'
  | 'too_old'
  | 'in_future';

/** The result, without secrets and without the expected signature. */
export type Verdict =
  | { valid: true; scheme: 'body' | 'timestamp'; secretIndex: number }
  | { valid: false; reason: Refusal /** seconds that the sender's clock is off */; skew?: number };

export interface VerifyInput {
  /** the received bytes; a parsed and re-encoded body would differ */
  body: Buffer;
  /** every value of `X-Linktor-Signature` */
  signature: readonly string[];
  /** every value of `X-Linktor-Timestamp` */
  timestamp?: readonly string[];
  /** all are tried: while a secret is being rotated, two are valid */
  secrets: readonly string[];
  scheme?: Scheme;
  /** seconds, in both directions, default 300; 0 ignores the time */
  tolerance?: number;
  /** require a timestamp also in the scheme `body`, which does not sign it */
  requireTimestamp?: boolean;
  /** milliseconds of the clock */
  now?: number;
}

const bare = /^[0-9a-fA-F]{64}$/;
const prefixed = /^sha256=([0-9a-fA-F]{64})$/;

/**
 * Check that a delivery comes from a sender that knows the secret (contract 3.1).
 * The two schemes are never mixed: a bare signature is over the body, one with `sha256=` over `timestamp.body`.
 * @throws LinktorError `webhook_verification` when there is no secret to verify with
 */
export function verify(input: VerifyInput): Verdict {
  const { body, signature, timestamp = [], scheme = 'auto', tolerance = 300, requireTimestamp = false } = input;
  const secrets = input.secrets.filter((secret) => secret !== '');
  if (secrets.length === 0) throw new LinktorError('webhook_verification', 'There is no secret to verify with.');

  const [given, ...more] = signature;
  if (given === undefined || given === '') return { valid: false, reason: 'missing_signature' };
  const timed = prefixed.exec(given)?.[1];
  const plain = bare.test(given) ? given : undefined;
  const found = timed !== undefined ? 'timestamp' : 'body';
  // A repeated header is ambiguous, and refused.
  if (more.length > 0 || (timed ?? plain) === undefined || (scheme !== 'auto' && scheme !== found)) {
    return { valid: false, reason: 'malformed_signature' };
  }

  const [time, ...moreTimes] = timestamp;
  if (time === undefined && (found === 'timestamp' || requireTimestamp))
    return { valid: false, reason: 'missing_timestamp' };
  if (time !== undefined && (moreTimes.length > 0 || !/^\d{10}$/.test(time))) {
    return { valid: false, reason: 'malformed_timestamp' };
  }

  const signed = found === 'timestamp' ? Buffer.concat([Buffer.from(`${time}.`), body]) : body;
  const secretIndex = matchingSecret(signed, Buffer.from(timed ?? given, 'hex'), secrets);
  if (secretIndex < 0) return { valid: false, reason: 'bad_signature' };

  const skew = time === undefined ? 0 : Number(time) - Math.floor((input.now ?? Date.now()) / 1000);
  if (tolerance > 0 && skew < -tolerance) return { valid: false, reason: 'too_old', skew };
  if (tolerance > 0 && skew > tolerance) return { valid: false, reason: 'in_future', skew };
  return { valid: true, scheme: found, secretIndex };
}

/** Try every secret, even after a match, so that the duration reveals nothing. */
function matchingSecret(signed: Buffer, given: Buffer, secrets: readonly string[]): number {
  let index = -1;
  secrets.forEach((secret, position) => {
    const expected = createHmac('sha256', secret).update(signed).digest();
    if (timingSafeEqual(expected, given) && index < 0) index = position;
  });
  return index;
}

/** @returns an id for a delivery whose signed body has none: the same for the same bytes */
export function digestOf(body: Buffer): string {
  return `sha256 ${createHash('sha256').update(body).digest('base64')}`;
}
