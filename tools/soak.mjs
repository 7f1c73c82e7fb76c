// npm run soak -- [minutes] [seed] [rate, 1000 a second]: the chaos test. Exits with 1 when an event is lost, delivered
// twice or out of order, or when the memory grows. `npm run soak -- server [minutes]` tests the self-hosted server,
// which is polled for messages: 500 conversations, 5,000 messages, at the default polling interval.
import { nodeRed5 } from './node-red-5.mjs';
import { node } from './run.mjs';
import { storeServer } from './store.mjs';

const [first, ...rest] = process.argv.slice(2);
const others = { server: 'soak-server.ts', dialogue: 'soak-dialogue.ts', cluster: 'soak-cluster.ts' };
const other = others[/** @type {keyof typeof others} */ (first)];
const [file, args] = other ? [other, rest] : ['soak.ts', process.argv.slice(2)];
if (first === 'dialogue') {
  const brought = await nodeRed5();
  if (brought) process.env.NODE_RED_5 = JSON.stringify(brought);
}
if (first === 'cluster') await storeServer();
if (first === 'dialogue' || first === 'cluster') await node(['build.mjs', '--quick']);
process.exitCode = await node(['--expose-gc', '--import', 'tsx', `test/support/${file}`, ...args]);
