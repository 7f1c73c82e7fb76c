import { strict as assert } from 'node:assert';
import { setUpFlows, until } from '../support/flows';
import { asking, type Loose, sendNode, withTemplate } from './sending';

const conversationId = 'conv_ana';
const closed = {
  status: 422,
  method: 'POST',
  path: `/conversations/${conversationId}/messages`,
  body: { error: { code: 'OUTSIDE_MESSAGE_WINDOW', message: 'The customer was last here two days ago.' } },
};

describe('linktor-send: when the channel takes only templates any more', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  const ask = asking(setup);

  /** Sends one message that is refused so many times. */
  async function refused(count: number, fields: Loose, msg: Loose = { payload: 'Your order left' }): Promise<Loose> {
    const { node, probe, caught, completed } = await play(sendNode(fields));
    await control('fail', { ...closed, count });
    node('node').receive({ conversationId, ...msg });
    const out = await Promise.race([probe('out').first(), caught.first()]);
    if (!out.error) await completed.take(1);
    const { data } = await ask('GET', `/conversations/${conversationId}/messages?sortOrder=asc`);
    const sends = (await state()).requests.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('/messages'),
    );
    return {
      ...out,
      stored: data.filter((one: Loose) => one.direction === 'outbound').slice(-1)[0],
      keys: sends.map(({ idempotencyKey }) => idempotencyKey),
    };
  }

  it('is an error that says why, by default', async () => {
    const { error } = await refused(1, {});
    assert.deepEqual([error.code, error.cause.serverCode], ['validation', 'OUTSIDE_MESSAGE_WINDOW']);
    assert.equal(error.cause.ambiguous, false);
    assert.match(error.cause.hint, /24 hours.*"If the 24-hour window has closed"/);
  });

  it('shows what it is, and not a bad input', async () => {
    const { node, statuses } = await play(sendNode({}));
    await control('fail', { ...closed, count: 1 });
    node('node').receive({ conversationId, payload: 'Your order left' });
    await until(
      async () => statuses.all.at(-1)?.status as Loose | undefined,
      (status) => status?.text === 'linktor.status.window_closed' && status.fill === 'red',
    );
  });

  it('sends the template instead, once, with a key of its own', async () => {
    const out = await refused(1, {
      ...withTemplate,
      idempotency: 'key',
      idempotencyKey: 'k1',
      idempotencyKeyType: 'str',
    });
    const { sent, stored } = out;
    assert.deepEqual([sent.parts, sent.adapted, sent.messageId], [1, ['template'], stored.id]);
    assert.equal(stored.template?.name ?? stored.content?.template?.name, 'order_update');
    assert.deepEqual(out.keys, ['k1', 'k1:template']);
    assert.equal(out.payload, 'Your order left');
  });

  it('sends the template once for a text in many parts', async () => {
    const { sent, keys } = await refused(1, withTemplate, {
      payload: 'A sentence. '.repeat(2000),
      channelId: 'ch_whatsapp',
    });
    assert.deepEqual([sent.parts, sent.adapted], [1, ['template']]);
    assert.equal(keys.length, 2);
  });

  it('takes the template from the message', async () => {
    const given = { name: 'order_update', language: 'en' };
    const { stored } = await refused(1, { ifWindowClosed: 'template' }, { payload: 'x', template: given });
    assert.equal(stored.template?.language ?? stored.content?.template?.language, 'en');
  });

  it('tells the refusal of the template as it is', async () => {
    const { error, keys } = await refused(2, withTemplate);
    assert.equal(error.cause.serverCode, 'OUTSIDE_MESSAGE_WINDOW');
    assert.equal(keys.length, 2);
  });

  it('refuses a template that is none before anything leaves', async () => {
    const { error, keys } = await refused(1, { ifWindowClosed: 'template' });
    assert.equal(error.code, 'validation');
    assert.match(error.message, /template/);
    assert.equal(keys.length, 0);
  });

  it('skips it when told to, and says so', async () => {
    const { sent, stored, keys } = await refused(1, { ifWindowClosed: 'skip' });
    const { status, messageId, messageIds, parts } = sent;
    assert.deepEqual([status, messageId, messageIds, parts], ['skipped', '', [], 0]);
    assert.notEqual(stored?.text, 'Your order left');
    assert.equal(keys.length, 1);
  });

  it('sends what is taken as it is', async () => {
    const { sent, stored } = await refused(0, withTemplate);
    assert.deepEqual([sent.adapted, stored.id], [undefined, sent.messageId]);
  });

  it('keeps the order of a conversation', async () => {
    const { node, probe } = await play(sendNode(withTemplate));
    await control('fail', { ...closed, count: 1 });
    for (const payload of ['one', 'two', 'three']) node('node').receive({ conversationId, payload });
    const out = (await probe('out').take(3)) as Loose[];
    assert.deepEqual(
      out.map(({ payload, sent }) => [payload, sent.adapted]),
      [
        ['one', ['template']],
        ['two', undefined],
        ['three', undefined],
      ],
    );
    const { sends } = await state();
    assert.deepEqual(
      sends.map(({ messageId }) => messageId),
      out.map(({ sent }) => sent.messageId),
    );
  });
});
