// npm run soak -- [minutes] [seed]: the chaos test for as long as you like. Exits with 1 when anything was lost, told
// twice or out of order, or when the memory grows.
import { node } from './run.mjs';

process.exitCode = await node(['--expose-gc', '--import', 'tsx', 'test/support/soak.ts', ...process.argv.slice(2)]);
