// Finds a nats-server for the tests, or downloads Debian's package into .cache.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { findServer } from './server.mjs';

/** @param {Parameters<typeof findServer>[1]} [options] @returns {Promise<string | undefined>} */
export function natsServer(options) {
  const server = { name: 'nats', programs: ['nats-server'], variable: 'NATS_SERVER_PATH', packages: ['nats-server'] };
  return findServer(server, options);
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const file = await natsServer({ log: console.error });
  if (file) console.log(file);
  else process.exitCode = 1;
}
