import { strict as assert } from 'node:assert';
import { migrated } from '../../nodes/kit/migrations';

describe('nodes of earlier versions', () => {
  it('find what somebody called by its shorter name, with where it comes from', () => {
    for (const type of ['bot', 'channel', 'conversation', 'flow', 'knowledge']) {
      assert.deepEqual(migrated(`linktor-${type}`, { status: 'wanted', statusType: 'flow', operation: 'list' }), {
        state: 'wanted',
        stateType: 'flow',
        operation: 'list',
      });
    }
    assert.deepEqual(migrated('linktor-event-in', { changed: ['tags'] }), { onlyChanged: ['tags'] });
  });

  it('keep what Node-RED calls the same, and what is there under its own name', () => {
    const shown = { fill: 'green', text: 'x' };
    assert.deepEqual(migrated('linktor-conversation', { status: shown }), { status: shown });
    assert.deepEqual(migrated('linktor-event-in', { changed: true }), { changed: true });
    const both = { status: 'open', state: 'resolved' };
    assert.deepEqual(migrated('linktor-conversation', both), both);
  });

  it('are never changed themselves', () => {
    const stored = Object.freeze({ status: 'open', statusType: 'str' });
    assert.deepEqual(migrated('linktor-conversation', stored), { state: 'open', stateType: 'str' });
    assert.deepEqual(stored, { status: 'open', statusType: 'str' });
  });

  it('are of version 1 where the version is none, and a later version is read as it is', () => {
    for (const version of [undefined, null, 0, -1, 1.5, 'two', 1]) {
      assert.equal(migrated('linktor-conversation', { version, status: 'open' }).state, 'open', String(version));
    }
    assert.equal(migrated('linktor-conversation', { version: 9, status: 'open' }).state, undefined);
  });

  it('are only those of this package', () => {
    for (const type of ['constructor', '__proto__', 'toString', 'inject']) {
      assert.deepEqual(migrated(type, { status: 'open' }), { status: 'open' });
    }
  });
});
