import { strict as assert } from 'node:assert';
import { contractUnderTest, type FlowNode, listening, setUpFlows, shownBy, until } from '../support/flows';
import { asking, detailsOf } from './sending';

const conversationId = 'conv_ana';
const isServer = contractUnderTest === 'server';
type Shown = { id: string; reactions?: { emoji: string }[] };

describe('linktor-conversation: messages', () => {
  const set = setUpFlows();
  const ask = asking(set);
  const node = (id: string, operation: string, more: Record<string, unknown> = {}): FlowNode => ({
    ...{ id, type: 'linktor-conversation', config: 'account', operation, wires: [['done']] },
    ...more,
  });
  const done: FlowNode = { id: 'done', type: 'probe' };

  describe('reactions', () => {
    const shown = async (id: string) => {
      const answer = await fetch(`${set.sandbox.url}/_sandbox/conversations/${conversationId}/messages`);
      const { data } = (await answer.json()) as { data: Shown[] };
      return data.find((one) => one.id === id)?.reactions ?? [];
    };

    for (const [what, fields, emoji] of [
      ['with 👍, where nothing is filled in', {}, '👍'],
      ['with the emoji of the field', { emoji: '👩‍💻', emojiType: 'str' }, '👩‍💻'],
      ['with the emoji of the message', { emoji: 'payload', emojiType: 'msg' }, '❤️'],
    ] as const) {
      it(`reacts to what a customer writes, wired to message in, ${what}`, async () => {
        const { probe, caught } = await set.play([
          { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['react']] },
          node('react', 'react', fields),
          done,
        ]);
        await listening(set);
        const { id } = await set.control('messages', { conversationId, text: '❤️' });
        if (!isServer) {
          const { error } = await caught.first();
          assert.equal(error?.code, 'not_supported');
          assert.match(String(error?.cause.hint), /Answer it with a message/);
          return;
        }
        const msg = await probe('done').first();
        assert.deepEqual([msg.payload, msg.messageId], ['❤️', id]);
        assert.deepEqual(
          (await shown(String(id))).map((reaction) => reaction.emoji),
          [emoji],
        );
      });
    }

    it('takes a reaction back', async function () {
      if (!isServer) this.skip();
      const played = await set.play([node('react', 'react', { wires: [['back']] }), node('back', 'unreact'), done]);
      played.node('react').receive({ conversationId, messageId: 'msg_ana_1' });
      await played.probe('done').first();
      assert.deepEqual(await shown('msg_ana_1'), []);
    });

    it('says that there is no such message', async function () {
      if (!isServer) this.skip();
      const played = await set.play([node('react', 'react'), done]);
      played.node('react').receive({ conversationId, messageId: 'msg_bruno_1' });
      assert.equal((await played.caught.first()).error?.code, 'not_found');
    });

    for (const emoji of ['thumbsup', ':+1:', '1', 'nice 👍', '👍👍']) {
      it(`refuses what is not one emoji: ${emoji}`, async () => {
        const played = await set.play([node('react', 'react', { emoji, emojiType: 'str' }), done]);
        played.node('react').receive({ conversationId, messageId: 'msg_ana_1' });
        const { error } = await played.caught.first();
        assert.equal(error?.code, 'validation');
        assert.match(String(error?.cause.hint), /👍/);
        assert.equal((await set.state()).requests.length, 0);
      });
    }

    it('asks for the message, and nobody else', async () => {
      const played = await set.play([node('react', 'react'), done]);
      played.node('react').receive({ conversationId });
      const { error } = await played.caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(`${error?.message} ${error?.cause.hint}`, /messageId/);
      assert.equal((await set.state()).requests.length, 0);
    });
  });

  describe('deletes', () => {
    const thread = async () => {
      const { data } = await ask('GET', `/conversations/${conversationId}/messages`);
      return (data as { content: { text?: string } }[]).map(({ content }) => content.text);
    };
    const sends = (more: Record<string, unknown> = {}): FlowNode[] => [
      { id: 'send', type: 'linktor-send', config: 'account', wires: [['delete']], ...more },
      node('delete', 'deleteMessages', { confirm: true }),
      done,
    ];

    it('what a send node has sent, wired behind it, in all its parts', async () => {
      const before = await thread();
      const { node: get, probe } = await set.play(sends());
      get('send').receive({ conversationId, payload: 'word '.repeat(1500), topic: 'kept' });
      const msg = await probe('done').first();
      const { sent } = msg as unknown as { sent: { messageIds: string[] } };
      assert.ok(sent.messageIds.length > 1, 'the text was not split');
      assert.deepEqual([msg.topic, await thread()], ['kept', before]);
      const deletes = (await set.state()).requests.filter(({ method }) => method === 'DELETE');
      assert.equal(deletes.length, sent.messageIds.length);
      assert.deepEqual(msg.deleted, { messageIds: sent.messageIds, missing: [] });
    });

    for (const [what, fields, query] of [
      ['for the customer as well, with nothing set', {}, 'forEveryone=true'],
      ['here only, where that is wanted', { forEveryone: false }, 'forEveryone=false'],
    ] as const) {
      it(what, async () => {
        const { node: get, probe } = await set.play([
          node('delete', 'deleteMessages', { confirm: true, ...fields }),
          done,
        ]);
        const { id } = await ask('POST', `/conversations/${conversationId}/messages`, { text: 'Wrong window' });
        get('delete').receive({ sent: { messageIds: [id] } });
        await probe('done').first();
        const asked = (await set.state()).requests.find(({ method }) => method === 'DELETE');
        assert.deepEqual([asked?.path, String(asked?.query).replace('?', '')], [`/messages/${id}`, query]);
      });
    }

    it('one once: what is gone is what was wanted, and is named', async () => {
      const played = await set.play([
        node('first', 'deleteMessages', { confirm: true, wires: [['again']] }),
        node('again', 'deleteMessages', { confirm: true }),
        done,
      ]);
      const { id } = await ask('POST', `/conversations/${conversationId}/messages`, { text: 'Wrong window' });
      played.node('first').receive({ sent: { messageIds: id } });
      assert.deepEqual((await played.probe('done').first()).deleted, { messageIds: [], missing: [id] });
      const shown = async () => shownBy(played.node('again'));
      await until(shown, (words) => words.includes('linktor.status.skipped'));
      assert.ok(!shownBy(played.node('first')).includes('linktor.status.skipped'));
    });

    it('nothing without the tick', async () => {
      const { node: get, caught } = await set.play([node('delete', 'deleteMessages'), done]);
      get('delete').receive({ sent: { messageIds: ['msg_ana_2'] } });
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /"confirm"/);
      assert.equal((await set.state()).requests.length, 0);
    });

    describe('several, of which one cannot be deleted', () => {
      const fault = { method: 'DELETE', path: '*/messages/*' };
      const text = ['One', 'Two', 'Three'];
      const trial = async () => {
        const sent: string[] = [];
        for (const one of text)
          sent.push((await ask('POST', `/conversations/${conversationId}/messages`, { text: one })).id);
        const {
          node: get,
          caught,
          probe,
        } = await set.play([node('delete', 'deleteMessages', { confirm: true }), done], { account: { maxRetries: 0 } });
        const remove = () => get('delete').receive({ sent: { messageIds: sent }, topic: 'kept' });
        const left = async () => (await thread()).filter((one) => text.includes(String(one))).sort();
        return { sent, remove, caught, probe, left };
      };

      it('says which are gone, and deletes the rest when it is told again', async () => {
        const { sent, remove, caught, probe, left } = await trial();
        await ask('DELETE', `/messages/${sent[0]}`);
        await set.control('fail', { ...fault, path: `/messages/${sent[1]}`, count: 1, status: 503 });
        remove();
        const { error } = await caught.first();
        assert.equal(error?.code, 'server');
        assert.match(error?.message ?? '', /1 of 3 messages are gone/);
        assert.match(String(error?.cause.hint), /only those that are left/);
        const { deleted, failed, left: rest } = detailsOf(error);
        assert.deepEqual([deleted, rest], [[sent[0]], sent.slice(1)]);
        assert.deepEqual(
          (failed as { messageId: string; code: string }[]).map(({ messageId, code }) => [messageId, code]),
          [[sent[1], 'server']],
        );
        remove();
        assert.equal((await probe('done').first()).topic, 'kept');
        assert.deepEqual(await left(), []);
      });

      it('goes on with the others where it is too late for one', async () => {
        const { sent, remove, caught, left } = await trial();
        const body = { code: 'DELETE_WINDOW_EXPIRED', message: 'Too late.' };
        await set.control('fail', { ...fault, path: `/messages/${sent[0]}`, count: 1, status: 400, body });
        remove();
        const { error } = await caught.first();
        assert.match(error?.message ?? '', /2 of 3 messages are gone/);
        assert.deepEqual(detailsOf(error).left, [sent[0]]);
        assert.deepEqual(await left(), ['One']);
      });

      it('does not take a server without the route for one without the message', async () => {
        const { remove, caught } = await trial();
        await set.control('fail', { ...fault, count: 1, status: 404, body: { code: 'NOT_FOUND', message: 'No.' } });
        remove();
        const { error } = await caught.first();
        assert.equal(error?.code, 'not_found');
        assert.match(error?.message ?? '', /0 of 3 messages are gone/);
      });
    });

    for (const [what, answer, code, hint] of [
      ['that the channel cannot', [400, 'DELETE_NOT_SUPPORTED'], 'not_supported', /another one/],
      ['that it is too late', [400, 'DELETE_WINDOW_EXPIRED'], 'validation', /another one/],
      ['that the server may lack the route', [404, 'NOT_FOUND'], 'not_found', /cannot delete messages/],
      ['that the server lacks the verb', [405, 'METHOD_NOT_ALLOWED'], 'not_supported', /another one/],
    ] as const) {
      it(`nothing, and says ${what}`, async () => {
        const { node: get, caught } = await set.play([node('delete', 'deleteMessages', { confirm: true }), done]);
        const [status, serverCode] = answer;
        const body = { code: serverCode, message: 'No.' };
        await set.control('fail', { count: 1, method: 'DELETE', path: '*/messages/*', status, body });
        get('delete').receive({ sent: { messageIds: ['msg_ana_2'] } });
        const { error } = await caught.first();
        assert.deepEqual([error?.code, error?.cause.serverCode], [code, serverCode]);
        assert.match(String(error?.cause.hint), hint);
      });
    }
  });

  it('are not deleted by a server that cannot, which names another way', async function () {
    if (!isServer) this.skip();
    const { node: get, caught } = await set.play([node('delete', 'deleteMessages', { confirm: true }), done]);
    get('delete').receive({ sent: { messageIds: ['msg_ana_2'] } });
    const { error } = await caught.first();
    assert.equal(error?.code, 'not_supported');
    assert.match(String(error?.cause.hint), /another one/);
    await until(set.state, ({ requests }) => requests.every(({ method }) => method !== 'DELETE'));
  });
});
