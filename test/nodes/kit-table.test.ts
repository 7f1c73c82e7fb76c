import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LinktorError } from '../../lib/errors';
import { table, typed } from '../../nodes/kit/fields';

describe('a table of the dialog', () => {
  const { convert, initial } = table(['title', { name: 'kind', kind: 'choice', options: ['text', 'number'] }]);

  it('is empty in a new node', () => {
    assert.deepEqual(convert(initial, 'rows'), []);
  });

  it('gives its lines, from JSON text and from a list', () => {
    const rows = [{ title: 'Yes', kind: 'text' }, { title: 'No' }];
    assert.deepEqual(convert(JSON.stringify(rows), 'rows'), rows);
    assert.deepEqual(convert(rows, 'rows'), rows);
  });

  it('gives a list of objects or an error that names the field, whatever is stored', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.json(),
      fc.array(fc.anything()).map((all) => JSON.stringify(all)),
    );
    fc.assert(
      fc.property(anything, (stored) => {
        try {
          const rows = convert(stored, 'rows');
          assert.ok(Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null));
        } catch (error) {
          assert.ok(error instanceof LinktorError, String(error));
          assert.equal(error.code, 'validation');
          assert.match(error.message, /"rows"/);
        }
      }),
    );
  });
});

describe('a new node begins', () => {
  it('with what people type in, and an older one with the message', () => {
    assert.equal(typed('payload').start, 'str');
    assert.equal(typed('topK', { types: ['msg', 'num'] }).start, 'num');
    assert.equal(typed('buttons', { types: ['msg', 'json'] }).start, 'json');
    assert.equal(typed('base', { pick: 'knowledgeBases' }).start, 'str');
    assert.equal(typed('payload').types?.[0], 'msg');
  });

  it('with the message where a conversation or a person is meant, or where the node says so', () => {
    assert.equal(typed('conversationId', { pick: 'conversations' }).start, 'msg');
    assert.equal(typed('contactId', { pick: 'contacts' }).start, 'msg');
    assert.equal(typed('payload', { start: 'msg' }).start, 'msg');
  });
});
