import { strict as assert } from 'node:assert';
import { palette } from '../../nodes';

/** What Node-RED itself stores with every node, and what its editor keeps on the same object. */
const taken = [
  ...['id', 'type', 'x', 'y', 'z', 'g', 'd', 'l', 'wires', 'info', 'icon', 'users', 'credentials', 'inputLabels'],
  ...['status', 'changed', 'dirty', 'valid', 'validationErrors', 'selected', 'highlighted', 'moved', 'resize', 'ports'],
  ...['h', 'w', 'n', 'i', 'error', 'links', 'hasCredentials', 'dirtyStatus', 'infoEditor', 'disabled', 'env'],
];

describe('the fields', () => {
  for (const { type, fields } of palette) {
    const names = Object.keys(fields);

    it(`${type}: none has a name that Node-RED stores something else under`, () => {
      assert.deepEqual(
        names.filter((name) => taken.includes(name)),
        [],
      );
    });

    it(`${type}: what a row is shown for is a choice that there is`, () => {
      for (const [name, { row }] of Object.entries(fields)) {
        for (const [decisive, values] of Object.entries(row.when ?? {})) {
          const { options, kind } = fields[decisive] ?? {};
          const known = kind === 'flag' ? ['true', 'false'] : (options ?? []);
          assert.deepEqual(
            values.filter((value) => !known.includes(value)),
            [],
            `${name}: ${decisive}`,
          );
        }
      }
    });
  }
});
