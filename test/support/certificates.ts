import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, generated for each run, so that no stored certificate expires. */
export interface Identity {
  cert: string;
  key: string;
}

export class Authority {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #name: string;
  readonly ca: string;

  constructor(name = 'Test authority') {
    this.#name = name;
    this.ca = this.#certificate(name, this.#keys.publicKey.export({ type: 'spki', format: 'der' }), [
      extension([0x55, 0x1d, 0x13], sequence(der(0x01, Buffer.of(0xff)))),
    ]);
  }

  /** @param hosts names, or IPv4 addresses */
  issue(name: string, hosts: readonly string[] = []): Identity {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = hosts.map((host) =>
      /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
    );
    const extensions = names.length > 0 ? [extension([0x55, 0x1d, 0x11], sequence(...names))] : [];
    return {
      cert: this.#certificate(name, publicKey.export({ type: 'spki', format: 'der' }), extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #certificate(subject: string, publicKey: Buffer, extensions: Buffer[]): string {
    const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
    const serial = Buffer.concat([Buffer.of(0x01), randomBytes(8)]);
    const inner = sequence(
      der(0xa0, der(0x02, Buffer.of(2))),
      der(0x02, serial),
      ecdsaWithSha256,
      nameOf(this.#name),
      sequence(time(-3_600_000), time(3_600_000)),
      nameOf(subject),
      publicKey,
      ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
    );
    const signature = sign('sha256', inner, this.#keys.privateKey);
    const whole = sequence(inner, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.of(0), signature])));
    const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(text)))));
}

function extension(id: number[], value: Buffer): Buffer {
  return sequence(oid(...id), der(0x04, value));
}

function time(fromNow: number): Buffer {
  const digits = new Date(Date.now() + fromNow).toISOString().replace(/\D/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}
