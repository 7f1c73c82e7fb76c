import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const inner = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['240.0.0.0', 4],
] as const) {
  inner.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
] as const) {
  inner.addSubnet(net, prefix, 'ipv6');
}

/** @returns true for an address that means another machine in every network, or this one: it is not the internet's */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '');
  const mapped = /^::ffff:([\d.]+)$/i.exec(plain)?.[1] ?? plain;
  const kind = isIP(mapped);
  return kind !== 0 && inner.check(mapped, kind === 4 ? 'ipv4' : 'ipv6');
}

/** @returns true when this host, or one of the addresses of this name, is not the internet's */
export function resolvesToPrivate(hostname: string): Promise<boolean> {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return Promise.resolve(isPrivateAddress(hostname));
  return new Promise((resolve) => {
    lookup(hostname, { all: true }, (error, found) =>
      resolve(!error && found.some(({ address }) => isPrivateAddress(address))),
    );
  });
}

/**
 * What a name stands for is looked at when the connection is made, so that nobody can change it in between.
 * A name of the internet that leads inside is refused with the error code EINSIDE.
 */
export const publicOnlyLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...(options as LookupOptions), all: true }, (error, found: LookupAddress[]) => {
    const refused = !error && found.some(({ address }) => isPrivateAddress(address));
    const problem = refused ? Object.assign(new Error('leads inside'), { code: 'EINSIDE' }) : error;
    if (problem) return callback(problem, '', 0);
    const [first] = found;
    if (options.all) callback(null, found as never, 0);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
