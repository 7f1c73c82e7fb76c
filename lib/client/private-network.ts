import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const privateNetworks = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  privateNetworks.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  privateNetworks.addSubnet(net, prefix, 'ipv6');
}

/** Link-local addresses, and those under which clouds give the secrets of a machine to its programs. */
const metadataServices = new BlockList();
metadataServices.addSubnet('169.254.0.0', 16, 'ipv4');
metadataServices.addAddress('100.100.100.200', 'ipv4');
metadataServices.addSubnet('fe80::', 10, 'ipv6');
metadataServices.addAddress('fd00:ec2::254', 'ipv6');

/** @returns true for an address of this machine or of a private network, one that the public internet does not route */
export function isPrivateAddress(address: string): boolean {
  return isIn(privateNetworks, address);
}

/** @returns true for an address that never holds files, not even beside a server in a private network */
export function isMetadataAddress(address: string): boolean {
  return isIn(metadataServices, address);
}

function isIn(networks: BlockList, address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '');
  const mapped = /^::ffff:([\d.]+)$/i.exec(plain)?.[1] ?? plain;
  const kind = isIP(mapped);
  return kind !== 0 && networks.check(mapped, kind === 4 ? 'ipv4' : 'ipv6');
}

/** @returns true when the host is such an address, or its name resolves to one */
export function resolvesTo(isSuch: (address: string) => boolean, hostname: string): Promise<boolean> {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return Promise.resolve(isSuch(hostname));
  return new Promise((resolve) => {
    lookup(hostname, { all: true }, (error, found) => resolve(!error && found.some(({ address }) => isSuch(address))));
  });
}

/**
 * A `lookup` for connections to foreign servers. It checks the same addresses that the connection uses, so that a name
 * cannot change between the check and the connection. A forbidden address fails with the system code EINSIDE.
 */
export function lookupExcept(isForbidden: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...(options as LookupOptions), all: true }, (error, found: LookupAddress[]) => {
      const refused = !error && found.some(({ address }) => isForbidden(address));
      const problem = refused ? Object.assign(new Error('leads inside'), { code: 'EINSIDE' }) : error;
      if (problem) return callback(problem, '', 0);
      const [first] = found;
      if (options.all) callback(null, found as never, 0);
      else callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}
