// npm run soak -- [minutes] [seed] [rate, 1000 a second]: the chaos test. Exits with 1 when an event was lost, delivered
// twice or out of order, or when the memory grows. `npm run soak -- server [minutes]` does so with the self-hosted
// server, where messages are asked for: 500 conversations, 5,000 messages, at the usual pace.
import { node } from './run.mjs';

const [first, ...rest] = process.argv.slice(2);
const [file, args] = first === 'server' ? ['soak-server.ts', rest] : ['soak.ts', process.argv.slice(2)];
process.exitCode = await node(['--expose-gc', '--import', 'tsx', `test/support/${file}`, ...args]);
