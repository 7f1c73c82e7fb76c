import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { palette } from '../../nodes';

const folder = path.join(import.meta.dirname ?? __dirname, '..', '..', 'examples');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

interface Node {
  id: string;
  type: string;
  z?: string;
  wires?: string[][];
  credentials?: Record<string, string>;
  [field: string]: unknown;
}

const flows = new Map<string, Node[]>(
  files.map((file) => [file, JSON.parse(readFileSync(path.join(folder, file), 'utf8'))]),
);
const core = new Set([
  'tab',
  'comment',
  'inject',
  'debug',
  'catch',
  'status',
  'complete',
  'switch',
  'change',
  'group',
  'http request',
]);

describe('the examples', () => {
  for (const [file, nodes] of flows) {
    it(`${file}: whole, explained, without code and without secrets`, () => {
      const ids = new Set(nodes.map(({ id }) => id));
      assert.equal(ids.size, nodes.length, 'ids are unique');
      for (const { id, type, z, wires = [], config, credentials = {} } of nodes) {
        assert.ok(core.has(type) || palette.some((one) => one.type === type), `${id}: ${type}`);
        if (z !== undefined) assert.ok(ids.has(z), `${id} is on no tab`);
        for (const target of wires.flat()) assert.ok(ids.has(target), `${id} leads nowhere`);
        if (typeof config === 'string') assert.ok(ids.has(config), `${id} has no config node`);
        for (const value of Object.values(credentials)) assert.match(value, /^(sandbox-(key|secret)|\$\{\w+\})$/, id);
      }
      assert.ok(
        nodes.some(({ type, info }) => type === 'comment' && String(info).length > 20),
        'a comment explains it',
      );
    });
  }

  it('show every node of the palette', () => {
    const shown = new Set([...flows.values()].flat().map(({ type }) => type));
    assert.deepEqual(
      palette.map(({ type }) => type).filter((type) => !shown.has(type)),
      [],
    );
  });
});
