import { strict as assert } from 'node:assert';
import { EventReader } from '../../../lib/client/event-reader';

function read(text: string): string[] {
  const reader = new EventReader();
  return [...reader.push(Buffer.from(text)), ...reader.end()].map(({ data }) => data);
}

describe('client: the reader of streamed answers', () => {
  it('keeps all digits of long ids in a list', () =>
    assert.deepEqual(read('[{"id":9007199254740993},{"id":"a"}]'), ['{"id":"9007199254740993"}', '{"id":"a"}']));

  it('keeps a list that is nested too deeply as it was sent', () => {
    const deep = `${'['.repeat(20_000)}"\\u0061"${']'.repeat(20_000)}`;
    assert.deepEqual(read(deep), [deep]);
  });

  it('parses a long value that is never complete only now and then', () => {
    const before = process.cpuUsage();
    const unended = `{"a":[${'1,'.repeat(4_000_000)}1],\n${'},\n'.repeat(300)}`;
    assert.equal(read(unended).length, 1);
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    assert.ok(took < 3000, `${took} ms`);
  });
});
