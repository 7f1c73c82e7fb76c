// npm run test:lib, test:nodes, test:sandbox, test:house: the tests of one room, from the sources, without a build or a
// browser. Words select the files whose path contains one of them (`npm run test:lib -- queue`); options go to mocha
// (`npm run test:lib -- queue --grep order`).
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { install } from './install.mjs';
import { mocha, root } from './run.mjs';

const [room = '', ...args] = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith('-'));
const words = firstOption < 0 ? args : args.slice(0, firstOption);
const options = firstOption < 0 ? [] : args.slice(firstOption);

const folder = path.join('test', room);
const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => path.join(folder, file).split(path.sep).join('/'))
  .sort();

if (files.length === 0) {
  console.error(`No test file in ${folder} has ${words.join(' or ')} in its path.`);
  process.exit(1);
}
await install();
process.exitCode = await mocha([...files, ...options]);
