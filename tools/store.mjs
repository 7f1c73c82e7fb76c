// Finds a valkey-server or a redis-server for the tests, or downloads Debian's package into .cache.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { findServer } from './server.mjs';

/** @param {Parameters<typeof findServer>[1]} [options] @returns {Promise<string | undefined>} */
export function storeServer(options) {
  const packages = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1'];
  const programs = ['valkey-server', 'redis-server'];
  return findServer({ name: 'store', programs, variable: 'STORE_SERVER_PATH', packages }, options);
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const file = await storeServer({ log: console.error });
  if (file) console.log(file);
  else process.exitCode = 1;
}
