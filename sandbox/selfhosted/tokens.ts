import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { User } from '../state/entities';

export interface Claims {
  tenant_id: string;
  user_id: string;
  email: string;
  role: string;
  /** Seconds since 1970, with a fraction. */
  exp: number;
}

const ACCESS_LIFETIME_S = 15 * 60;
const REFRESH_LIFETIME_S = 7 * 24 * 3600;
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

/** Issues and verifies JWTs. Tokens are not stored, so each stays valid until it expires. */
export class Tokens {
  /** Lifetime of new access tokens, in seconds. */
  accessSeconds = ACCESS_LIFETIME_S;
  refreshSeconds = REFRESH_LIFETIME_S;
  #secret = randomBytes(32);

  /** Issues a pair of tokens that differ in their lifetime only. */
  issue(user: User): { access_token: string; refresh_token: string; expires_in: number } {
    return {
      access_token: this.#sign(user, this.accessSeconds),
      refresh_token: this.#sign(user, this.refreshSeconds),
      expires_in: this.accessSeconds,
    };
  }

  /** The claims of a token, or undefined when it is forged, malformed or expired. */
  read(token: string): Claims | undefined {
    const [header, payload, signature] = token.split('.');
    if (header !== HEADER || payload === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const wanted = this.#mac(payload);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    return claims.exp > Date.now() / 1000 ? claims : undefined;
  }

  /** Invalidates every token issued so far. */
  renewSecret(): void {
    this.#secret = randomBytes(32);
  }

  reset(): void {
    this.accessSeconds = ACCESS_LIFETIME_S;
    this.refreshSeconds = REFRESH_LIFETIME_S;
  }

  #sign({ id, tenantId, email, role }: User, seconds: number): string {
    const iat = Date.now() / 1000;
    const own = { tenant_id: tenantId, user_id: id, email, role, iss: 'linktor', sub: id };
    // The id makes two tokens of the same instant different.
    const payload = encode({ ...own, iat, exp: iat + seconds, jti: randomUUID() });
    return `${HEADER}.${payload}.${this.#mac(payload).toString('base64url')}`;
  }

  #mac(payload: string): Buffer {
    return createHmac('sha256', this.#secret).update(`${HEADER}.${payload}`).digest();
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
