// npm run coverage: which lines and branches the tests of the rooms lib, nodes and sandbox run, from the sources. It fails
// below the floor in .c8rc.json. What only a browser or a built package runs is not counted.
import path from 'node:path';
import { install } from './install.mjs';
import { node, root } from './run.mjs';

await install();
const c8 = path.join(root, 'node_modules', 'c8', 'bin', 'c8.js');
const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
const options = ['--reporter', 'tools/reporter.cjs', '--timeout', '40000', '--exit=false'];
const given = process.argv.slice(2);
const files = given.length > 0 ? given : ['lib', 'nodes', 'sandbox'].map((room) => `test/${room}/**/*.test.ts`);
process.exitCode = await node([c8, process.execPath, '--import', 'tsx', '--expose-gc', mocha, ...options, ...files]);
