// npm run check: format, lint, types and the rules of test/house. Nothing is changed; `npx biome check --write` applies the safe fixes.
import path from 'node:path';
import { install } from './install.mjs';
import { node, root } from './run.mjs';

await install();
const bin = (/** @type {string[]} */ ...parts) => path.join(root, 'node_modules', ...parts);
const steps = [
  ['format and lint', [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '.']],
  ['types', [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']],
  ['types of the browser side', [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.browser.json']],
  ['types of the tools', [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.tools.json']],
  ['the rules of test/house', ['tools/room.mjs', 'house', '--reporter', 'dot']],
];
let failed = 0;
for (const [name, args] of /** @type {[string, string[]][]} */ (steps)) {
  console.log(`checking ${name} ...`);
  if ((await node(args)) !== 0) failed++;
}
console.log(failed === 0 ? 'all checks passed' : `${failed} of ${steps.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
