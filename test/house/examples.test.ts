import { strict as assert } from 'node:assert';
import { palette } from '../../nodes';
import { coreNodes, examples } from '../support/examples';

const definitions = new Map(palette.map((definition) => [definition.type, definition]));
/** What Node-RED itself stores with a node. */
const usual = new Set([
  'version',
  'id',
  'type',
  'z',
  'g',
  'x',
  'y',
  'wires',
  'name',
  'config',
  'outputs',
  'credentials',
]);
const secret = /^(sandbox-(key|secret)|\$\{\w+\})$/;

/** pixels; what a canvas shows between palette and sidebar on a screen of 1440 */
const MAX_WIDTH = 900;

/** Pixels that the editor needs for a node, roughly: it goes by the label. */
function width(label: string): number {
  return Math.max(100, 20 * Math.ceil((label.length * 6 + 50) / 20));
}

describe('the examples', () => {
  for (const { file, title: name, nodes } of examples) {
    it(`${name}: whole, without code and without secrets`, () => {
      const ids = new Set(nodes.map(({ id }) => id));
      for (const { id, type, z, wires = [], config, credentials = {} } of nodes) {
        assert.ok(['tab', 'group'].includes(type) || type in coreNodes || definitions.has(type), `${id}: ${type}`);
        if (z !== undefined) assert.ok(ids.has(String(z)), `${id} is on no tab`);
        for (const target of wires.flat()) assert.ok(ids.has(target), `${id} leads nowhere`);
        if (typeof config === 'string') assert.ok(ids.has(config), `${id} has no config node`);
        for (const value of Object.values(credentials)) assert.match(value, secret, id);
      }
    });

    it(`${name}: says what it does and how to try it, and what goes wrong`, () => {
      const tab = nodes.find(({ type }) => type === 'tab');
      assert.ok(String(tab?.info).length > 20, 'the tab says what it is about');
      const notes = nodes.filter(({ type }) => type === 'comment');
      assert.ok(
        notes.some(({ name: steps, info }) => /linktor-sandbox/.test(String(steps)) && String(info).length > 20),
      );
      assert.ok(nodes.some(({ type }) => type === 'catch'));
    });

    it(`${name}: stores nothing that a node does not know`, () => {
      for (const node of nodes) {
        const fields = definitions.get(node.type)?.fields;
        if (!fields) continue;
        const known = Object.entries(fields).flatMap(([field, { kind }]) =>
          kind === 'typed' || kind === 'out' ? [field, `${field}Type`] : [field],
        );
        const unknown = Object.keys(node).filter((key) => !usual.has(key) && !known.includes(key));
        assert.deepEqual(unknown, [], node.id);
      }
    });

    it(`${name}: lies in a folder, in groups that fit on a screen and begin at one line`, () => {
      assert.match(file, /^\d - [\w ]+\/\d+ - [^/]+\.json$/);
      const groups = nodes.filter(({ type }) => type === 'group');
      assert.ok(groups.length > 0);
      assert.equal(new Set(groups.map(({ x }) => x)).size, 1);
      for (const group of groups) {
        assert.ok(String(group.name).length > 2 && Number(group.w) <= MAX_WIDTH, `${group.name}: ${group.w} pixels`);
        const members = nodes.filter(({ g }) => g === group.id);
        assert.deepEqual(
          group.nodes,
          members.map(({ id }) => id),
        );
        for (const { id, x, y } of members) {
          const inside = Number(x) > Number(group.x) && Number(x) < Number(group.x) + Number(group.w);
          const within = Number(y) > Number(group.y) && Number(y) < Number(group.y) + Number(group.h);
          assert.ok(inside && within, `${id} is outside of its group`);
        }
      }
      const alone = nodes.filter(({ x, type, g }) => x !== undefined && !['comment', 'group'].includes(type) && !g);
      assert.deepEqual(alone, []);
    });

    it(`${name}: no node lies upon another`, () => {
      const boxes = nodes
        .filter(({ x, type }) => x !== undefined && type !== 'comment' && type !== 'group')
        .map(({ id, x, y, name: label, type }) => ({
          id,
          x: Number(x),
          y: Number(y),
          half: width(String(label || type.replace('linktor-', ''))) / 2,
        }));
      for (const one of boxes) {
        for (const other of boxes) {
          const apart = Math.abs(one.y - other.y) >= 40 || Math.abs(one.x - other.x) >= one.half + other.half;
          assert.ok(one === other || apart, `${one.id} and ${other.id}`);
        }
      }
    });
  }

  it('share one account', () => {
    const accounts = examples.flatMap(({ nodes }) => nodes.filter(({ type }) => type === 'linktor-config'));
    for (const account of accounts) assert.deepEqual(account, accounts[0]);
  });

  it('can be imported side by side', () => {
    const ids = examples.flatMap(({ nodes }) =>
      nodes.filter(({ type }) => type !== 'linktor-config').map(({ id }) => id),
    );
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
  });

  it('show every node of the palette', () => {
    const shown = new Set(examples.flatMap(({ nodes }) => nodes.map(({ type }) => type)));
    assert.deepEqual(
      palette.map(({ type }) => type).filter((type) => !shown.has(type)),
      [],
      'each needs a place in a flow of examples/',
    );
  });
});
