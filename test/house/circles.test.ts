import { strict as assert } from 'node:assert';
import { type Arrow, arrowsOf, circlesIn } from '../support/imports';

const rooms = ['nodes', 'lib', 'sandbox', 'bench', 'tools'];

describe('no file imports itself by way of others', () => {
  it('in nodes, lib, sandbox, bench and tools, type-only imports included', () => {
    const circles = circlesIn(rooms.flatMap(arrowsOf)).map((circle) => circle.join(' > '));
    assert.deepEqual(circles, []);
  });

  it('finds a circle, and each knot of files once', () => {
    const arrows: Arrow[] = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
      ['d', 'c'],
      ['e', 'e'],
      ['f', 'a'],
    ];
    assert.deepEqual(circlesIn(arrows), [
      ['a', 'b', 'c', 'a'],
      ['e', 'e'],
    ]);
  });
});
