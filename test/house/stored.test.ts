// What a flow stored with 0.1.0 means never changes.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { palette } from '../../nodes';
import { ABSENT_SOURCE, type Field } from '../../nodes/kit/fields';
import { migrated, STORED_VERSION } from '../../nodes/kit/migrations';
import { root } from '../support/imports';

/** A field as 0.1.0 had it. */
interface Old {
  kind: Field<unknown>['kind'];
  /** what it meant that it was not stored */
  absent: unknown;
  /** where a typed field took its value from when the node did not say, and from which property when it was empty */
  source?: string;
  property?: string;
  options?: string[];
  required?: boolean;
}

const old: Record<string, Record<string, Old>> = JSON.parse(
  readFileSync(path.join(root, 'test', 'fixtures', 'fields-0.1.0.json'), 'utf8'),
);

describe('what 0.1.0 stored', () => {
  it('is of every node that there was', () => {
    const types = palette.map(({ type }) => type);
    assert.equal(Object.keys(old).length, 20);
    assert.deepEqual(
      Object.keys(old).filter((type) => !types.includes(type)),
      [],
    );
  });

  for (const [type, fields] of Object.entries(old)) {
    describe(type, () => {
      const now = palette.find((one) => one.type === type)?.fields ?? {};

      for (const [name, before] of Object.entries(fields)) {
        it(`${name}: absent means what it meant, and what was stored can still be chosen`, () => {
          const field = now[name];
          assert.ok(field, 'it is gone: a migration has to say what became of it');
          assert.deepEqual(field.initial, before.absent);
          if (before.source !== undefined) assert.equal(ABSENT_SOURCE, before.source);
          if (before.source !== undefined) assert.equal(field.property, before.property);
          const lost = (before.options ?? []).filter((option) => !field.options?.includes(option));
          assert.deepEqual(lost, []);
          if (!before.required) assert.notEqual(field.required, true, 'it had not to be filled in');
        });
      }

      it('stays absent in a node of 0.1.0, and a node of this version is left alone', () => {
        assert.deepEqual(migrated(type, {}), {});
        const full = Object.fromEntries(Object.keys(now).map((name) => [name, `${name}!`]));
        assert.deepEqual(migrated(type, full), full);
        const newest = { version: STORED_VERSION, status: 'open', changed: ['status'] };
        assert.deepEqual(migrated(type, newest), newest);
      });
    });
  }
});
