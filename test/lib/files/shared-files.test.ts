import { strict as assert } from 'node:assert';
import sinon from 'sinon';
import { SharedFiles } from '../../../lib/files';

const MB = 1024 * 1024;
const file = (size: number) => ({ data: Buffer.alloc(size), mimeType: 'image/png', filename: 'a.png' });

describe('files: shared ones', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
  });
  afterEach(() => clock.restore());

  it('are held for ten minutes under an id that nobody guesses', () => {
    const files = new SharedFiles();
    const [one, other] = [files.add(file(1), 'a'), files.add(file(1), 'a')];
    assert.match(one, /^[0-9a-f]{32}$/);
    assert.notEqual(one, other);
    clock.tick(10 * 60_000 - 1);
    assert.ok(files.get(one));
    clock.tick(1);
    assert.equal(files.get(one), undefined);
  });

  it('are gone once they are fetched and the status of their message is known, in any order', () => {
    const files = new SharedFiles();
    const [early, late, other] = [files.add(file(1), 'a'), files.add(file(1), 'a'), files.add(file(1), 'a')];
    files.sent(early, 'm1');
    files.sent(late, 'm2');
    files.sent(other, 'm3');
    files.fetched(early);
    assert.ok(files.get(early));
    files.settled('m1');
    files.settled('m2');
    assert.equal(files.get(early), undefined);
    assert.ok(files.get(late));
    files.fetched(late);
    assert.equal(files.get(late), undefined);
    assert.ok(files.get(other));
  });

  it('are gone when the status came before the answer to the send', () => {
    const files = new SharedFiles();
    const id = files.add(file(1), 'a');
    files.settled('m1');
    files.fetched(id);
    assert.ok(files.get(id));
    files.sent(id, 'm1');
    assert.equal(files.get(id), undefined);
  });

  it('have a bound together, and room again when some are gone', () => {
    const files = new SharedFiles();
    const ids = [1, 2, 3, 4].map(() => files.add(file(25 * MB), 'a'));
    assert.throws(() => files.add(file(1), 'b'), { code: 'storage' });
    files.remove(ids[0] ?? '');
    files.remove(ids[0] ?? '');
    files.add(file(25 * MB), 'b');
    assert.throws(() => files.add(file(1), 'b'), { code: 'storage' });
    clock.tick(10 * 60_000);
    assert.ok(files.add(file(25 * MB), 'b'));
  });

  it('go with their account', () => {
    const files = new SharedFiles();
    const [mine, theirs] = [files.add(file(1), 'a'), files.add(file(1), 'b')];
    files.removeAll('a');
    assert.deepEqual([files.get(mine), files.get(theirs) !== undefined], [undefined, true]);
  });
});
