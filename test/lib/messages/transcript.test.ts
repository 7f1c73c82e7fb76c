import { strict as assert } from 'node:assert';
import { transcriptOf } from '../../../lib/messages/transcript';
import type { Message } from '../../../lib/model';

const said = (createdAt: unknown): Message => ({
  ...{ id: 'm', conversationId: 'c', direction: 'inbound', contentType: 'text', text: 'Hello' },
  createdAt: createdAt as string,
});

describe('a transcript', () => {
  it('leaves out the times that no calendar has', () => {
    for (const zone of ['UTC', 'Asia/Tokyo', 'America/Los_Angeles']) {
      for (const time of ['+275760-09-13T00:00:00.000Z', '-271821-04-20T00:00:00.000Z', 1e308, 'never', '', null, {}]) {
        assert.equal(transcriptOf([said(time)], 'text', {}, zone), 'customer: Hello', `${time} in ${zone}`);
      }
    }
    assert.equal(
      transcriptOf([said('2026-05-01T12:00:00Z')], 'text', {}, 'Asia/Tokyo'),
      '2026-05-01 21:00 customer: Hello',
    );
  });
});
