import { strict as assert } from 'node:assert';
import { type FlowNode, listening, setUpFlows, until } from '../support/flows';
import { person } from '../support/person';

const conversationId = 'conv_ana';

describe('linktor-guard', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;

  async function guarding(settings: Record<string, unknown> = {}, account = {}, more: FlowNode[] = []) {
    const ports = settings.exits === 'byReason' ? 7 : 2;
    const outs = Array.from({ length: ports }, (_, port) => `out${port}`);
    const played = await play(
      [
        { id: 'guard', type: 'linktor-guard', config: 'account', ...settings, wires: outs.map((id) => [id]) },
        ...outs.map((id) => ({ id, type: 'probe' })),
        ...more,
      ],
      { account: { takeover: 'on', ...account } },
    );
    return {
      ...played,
      out: (port: number) => played.probe(`out${port}`),
      put: async (msg: Record<string, unknown> = {}) => {
        const before = played.completed.all.length + played.caught.all.length;
        played.node('guard').receive({ conversationId, payload: 'Hello', ...msg });
        await Promise.race([played.completed.take(before + 1), played.caught.take(before + 1)]);
      },
    };
  }

  it('lets a message through as it is', async () => {
    const { put, out } = await guarding();
    await put({ topic: 'kept', reason: 'of an earlier guard' });
    const msg = await out(0).first();
    assert.deepEqual([msg.payload, msg.topic, msg.reason, msg.guard], ['Hello', 'kept', undefined, undefined]);
  });

  it('stops while a person is in charge, and tells once what was said', async () => {
    const message = { id: 'in', type: 'linktor-message-in', config: 'account', conversations: 'all', wires: [[]] };
    const { put, out, node } = await guarding({}, {}, [message]);
    await listening(setup);
    await person(setup).writes(conversationId, 'I am Carl, how can I help?');
    await until(
      async () => {
        node('guard').receive({ conversationId, action: 'status' });
        return out(0).all.at(-1)?.guard as { inCharge?: string } | undefined;
      },
      (guard) => guard?.inCharge === 'person',
    );
    await put();
    assert.equal((await out(1).first()).reason, 'person');
    await put({ action: 'resume' });
    await put();
    const handbacks = (): Record<string, unknown>[] =>
      out(0).all.flatMap(({ guard }) => {
        const { handback } = (guard ?? {}) as { handback?: Record<string, unknown> };
        return handback ? [handback] : [];
      });
    const [{ messages, reason, from, to } = {}] = await until(
      async () => handbacks(),
      (all) => all.length > 0,
    );
    assert.deepEqual(
      (messages as { text: string }[]).map(({ text }) => text),
      ['I am Carl, how can I help?'],
    );
    assert.equal(reason, 'message');
    assert.ok(Date.parse(String(from)) <= Date.parse(String(to)));
    await put();
    assert.equal(handbacks().length, 1);
  });

  it('takes a conversation over and gives it back, and says who has which', async () => {
    const { put, out } = await guarding({}, { takeover: 'off' });
    await put({ action: 'pause', minutes: 5 });
    const guard = (await out(0).take(1))[0]?.guard as Record<string, unknown>;
    assert.deepEqual([guard.inCharge, guard.reason, guard.conversationId], ['person', 'flow', conversationId]);
    assert.equal(Date.parse(String(guard.until)) - Date.parse(String(guard.since)), 5 * 60_000);
    await put({ action: 'list' });
    const list = (await out(0).take(2))[1]?.payload as { conversationId: string }[];
    assert.deepEqual(
      list.map((one) => one.conversationId),
      [conversationId],
    );
    await put();
    assert.equal((await out(1).first()).reason, 'person');
    await put({ action: 'resume' });
    const [, , resumed] = await out(0).take(3);
    assert.deepEqual(resumed?.guard, { inCharge: 'flow', conversationId });
  });

  it('keeps for ever what is paused without an end, over a deploy', async () => {
    const { put, out, deploy, flow } = await guarding();
    await put({ action: 'pause', minutes: 0 });
    await out(0).first();
    await deploy(flow, 'full');
    await put();
    assert.equal((await out(1).first()).reason, 'person');
  });

  it('stops two bots that face each other', async () => {
    const { put, out } = await guarding({ most: 3, within: 60 });
    for (let count = 0; count < 6; count++) await put({ payload: `answer ${count}` });
    assert.equal(out(0).all.length, 3);
    assert.deepEqual(
      out(1).all.map(({ reason }) => reason),
      ['too_many', 'too_many', 'too_many'],
    );
    await put({ conversationId: 'conv_bruno' });
    assert.equal(out(0).all.length, 4);
  });

  it('stops the same text of the same person', async () => {
    const { put, out } = await guarding({ once: 60 });
    await put({ payload: 'Hello', contactId: 'a' });
    await put({ payload: ' HELLO ', contactId: 'a' });
    await put({ payload: 'Hello', contactId: 'b' });
    await put({ payload: 'Something else', contactId: 'a' });
    assert.equal(out(0).all.length, 3);
    assert.equal(out(1).all[0]?.reason, 'repeated');
  });

  it('stops the same text of any length, and none with another end', async () => {
    const long = 'Buy now! '.repeat(10_000);
    const { put, out } = await guarding({ once: 60 });
    await put({ payload: `${long} today`, contactId: 'a' });
    await put({ payload: `${long} today`, contactId: 'a' });
    await put({ payload: `${long} never`, contactId: 'a' });
    assert.equal(out(0).all.length, 2);
    assert.equal(out(1).all[0]?.reason, 'repeated');
  });

  it('has an output for each reason', async () => {
    const hours = { id: 'hours', type: 'linktor-hours', week: '[]' };
    const { put, out } = await guarding({ exits: 'byReason', hours: 'hours' }, {}, [hours]);
    await put({ contact: { blocked: true } });
    assert.equal((await out(4).first()).reason, 'blocked');
    await put({ contact: { tags: ['vip'] } });
    assert.equal((await out(2).first()).reason, 'closed');
  });

  it('says when it opens', async () => {
    const hours = {
      id: 'hours',
      type: 'linktor-hours',
      zone: 'UTC',
      extra: '[{"date":"2099-01-01","from":"00:00","to":"24:00"}]',
    };
    const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    hours.extra = JSON.stringify([{ date: day, from: '09:00', to: '10:00' }]);
    const { put, out } = await guarding({ hours: 'hours' }, {}, [hours]);
    await put();
    assert.equal((await out(1).first()).opensAt, `${day}T09:00:00.000Z`);
  });

  it('lets only those through who are named', async () => {
    const { put, out } = await guarding({ allow: '["+55 11 98765-4321"]', allowType: 'json' });
    await put({ contact: { phone: '+5511987654321' } });
    await put({ contact: { phone: '+5511900000000' } });
    assert.equal(out(0).all.length, 1);
    assert.equal(out(1).all[0]?.reason, 'blocked');
  });

  it('stops who has opted out', async () => {
    const message = { id: 'in', type: 'linktor-message-in', config: 'account', conversations: 'all', wires: [[]] };
    const { put, out } = await guarding({}, { optOut: 'on' }, [message]);
    await listening(setup);
    await control('messages', { conversationId, text: 'STOP' });
    await until(state, ({ sends }) => sends.length === 1);
    await put();
    assert.equal((await out(1).first()).reason, 'optout');
  });

  it('says what it cannot do', async () => {
    const { put, caught } = await guarding();
    await put({ action: 'stop' });
    assert.match(String((await caught.first()).error?.message), /msg\.action/);
    await put({ conversationId: undefined });
    assert.match(String((await caught.take(2))[1]?.error?.message), /conversationId/);
  });
});
