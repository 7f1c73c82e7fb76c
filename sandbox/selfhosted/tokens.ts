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

const ACCESS_SECONDS = 15 * 60;
const REFRESH_SECONDS = 7 * 24 * 3600;
const HEADER = encoded({ alg: 'HS256', typ: 'JWT' });

/** Issues and reads tokens. They are JWTs, so nothing is remembered of them: what was issued stays good until it expires. */
export class Tokens {
  /** How long an access token lives; new ones only. */
  accessSeconds = ACCESS_SECONDS;
  refreshSeconds = REFRESH_SECONDS;
  #secret = randomBytes(32);

  /** A pair of the same kind of token; only their lives differ. */
  issue(user: User): { access_token: string; refresh_token: string; expires_in: number } {
    return {
      access_token: this.#sign(user, this.accessSeconds),
      refresh_token: this.#sign(user, this.refreshSeconds),
      expires_in: this.accessSeconds,
    };
  }

  /** What a token says, or undefined when it is forged, broken or too old. */
  read(token: string): Claims | undefined {
    const [header, payload, signature] = token.split('.');
    if (header !== HEADER || payload === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const wanted = this.#mac(payload);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    return claims.exp > Date.now() / 1000 ? claims : undefined;
  }

  /** Makes everything issued so far worthless, as another secret would. */
  renewSecret(): void {
    this.#secret = randomBytes(32);
  }

  reset(): void {
    this.accessSeconds = ACCESS_SECONDS;
    this.refreshSeconds = REFRESH_SECONDS;
  }

  #sign({ id, tenantId, email, role }: User, seconds: number): string {
    const iat = Date.now() / 1000;
    const own = { tenant_id: tenantId, user_id: id, email, role, iss: 'linktor', sub: id };
    // The id makes two tokens of the same instant differ.
    const payload = encoded({ ...own, iat, exp: iat + seconds, jti: randomUUID() });
    return `${HEADER}.${payload}.${this.#mac(payload).toString('base64url')}`;
  }

  #mac(payload: string): Buffer {
    return createHmac('sha256', this.#secret).update(`${HEADER}.${payload}`).digest();
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
