import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Program, root } from '../support/red';

/** What a user pays for having the package installed. */
const most = { milliseconds: 150, megabytes: 25 };
const runs = 5;

interface Cost {
  milliseconds: number;
  megabytes: number;
  heap: number;
  /** files of ours that were loaded */
  own: string[];
}

/** Runs in a process of its own, as Node-RED loads it: after all that Node-RED itself needs. */
const measure = `
  const from = require('node:module').createRequire(process.argv[1] + '/package.json');
  from('node-red');
  for (const part of ['runtime', 'registry', 'editor-api', 'util']) from('@node-red/' + part);
  const file = process.argv[1] + '/dist/nodes/linktor.js';
  const before = new Set(Object.keys(require.cache));
  gc(); gc();
  const { rss, heapUsed } = process.memoryUsage();
  const began = performance.now();
  require(file);
  const milliseconds = performance.now() - began;
  gc(); gc();
  const now = process.memoryUsage();
  const own = Object.keys(require.cache).filter((name) => !before.has(name) && !name.includes('node_modules'));
  const mega = 1024 * 1024;
  console.log(JSON.stringify({ milliseconds, megabytes: (now.rss - rss) / mega, heap: (now.heapUsed - heapUsed) / mega, own }));
`;

const median = (figures: number[]) => figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

describe('the cost of loading', function () {
  this.timeout(60_000);

  it('is one file, which Node-RED is told of', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    assert.deepEqual(Object.values(manifest['node-red'].nodes), ['dist/nodes/linktor.js']);
    const scripts = readdirSync(path.join(root, 'dist', 'nodes')).filter((name) => /\.[cm]?js$/.test(name));
    assert.deepEqual(scripts, ['linktor.js']);
  });

  it(`is less than ${most.milliseconds} ms and ${most.megabytes} MB beside a loaded Node-RED`, async () => {
    // A machine that is busy with something else gets another chance; a package that is slow does not use it.
    let cost = await measured();
    for (let again = 0; again < 2 && cost.milliseconds >= most.milliseconds; again++) cost = await measured();
    assert.ok(cost.milliseconds < most.milliseconds, `${cost.milliseconds} ms`);
    assert.ok(cost.megabytes < most.megabytes, `${cost.megabytes} MB`);
  });
});

async function measured(): Promise<{ milliseconds: number; megabytes: number }> {
  const costs: Cost[] = [];
  for (let run = 0; run < runs; run += 1) {
    const program = new Program(process.execPath, ['--expose-gc', '-e', measure, root]);
    assert.equal(await program.ended, 0, program.output);
    costs.push(JSON.parse(program.output));
  }
  for (const { own } of costs)
    assert.deepEqual(
      own.map((file) => path.basename(file)),
      ['linktor.js'],
    );
  const milliseconds = median(costs.map((cost) => cost.milliseconds));
  const megabytes = median(costs.map((cost) => cost.megabytes));
  const heap = median(costs.map((cost) => cost.heap));
  const figures = `${milliseconds.toFixed(0)} ms, ${megabytes.toFixed(1)} MB rss, ${heap.toFixed(1)} MB heap`;
  console.log(`      median of ${runs}: ${figures}`);
  return { milliseconds, megabytes };
}
