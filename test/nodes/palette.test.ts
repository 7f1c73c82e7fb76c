import { strict as assert } from 'node:assert';
import { palette } from '../../nodes';
import { outputsOf } from '../../nodes/kit/outputs';
import { type FlowNode, setUpFlows, shownBy, until } from '../support/flows';

/** A message that each action can do something with, having nothing but its config set. */
const good: Record<string, Record<string, unknown>> = {
  'linktor-send': { payload: 'hello', conversationId: 'conv_ana' },
  'linktor-typing': { conversationId: 'conv_ana', duration: 0 },
  'linktor-knowledge': { payload: 'When do you open on Saturday?', base: 'kb_shop' },
  'linktor-ai': { payload: 'When do you open on Saturday?', bases: ['kb_shop'] },
  'linktor-embeddings': { payload: 'a text' },
  'linktor-template': { payload: { numero_pedido: 'XS1', status_atual: 'transporte' }, templateId: 'status_pedido' },
  'linktor-api': { path: '/contacts' },
  'linktor-conversation': { conversationId: 'conv_ana' },
  'linktor-router': { payload: 'hello', conversationId: 'conv_ana' },
  'linktor-context': { contactId: 'ct_ana' },
  'linktor-guard': { conversationId: 'conv_ana' },
};

/** What they work with is here and not on the server. */
const local = new Set(['linktor-guard']);

/** Settings without which a node has nothing to do. */
const settings: Record<string, Record<string, unknown>> = {
  // Of its operations the one that asks the server.
  'linktor-context': { operation: 'forget', confirm: true },
  'linktor-router': { rules: '[{"rule":"status","value":"open","name":"all"}]' },
};

/** What must be missing for them to refuse; those that are not here need nothing. */
const required: Record<string, string> = {
  'linktor-send': 'conversationId',
  'linktor-typing': 'conversationId',
  'linktor-knowledge': 'base',
  'linktor-ai': 'payload',
  'linktor-embeddings': 'payload',
  'linktor-template': 'templateId',
  'linktor-api': 'path',
  'linktor-conversation': 'conversationId',
  'linktor-context': 'contactId',
};

const actions = palette.flatMap((one) => (one.role === 'action' ? [one] : []));
/** Those that live on the connection; the others show how their own way is. */
const triggers = palette.flatMap((one) => (one.role === 'trigger' && !one.ownStatus ? [one] : []));

describe('every action of the palette', () => {
  const { play, control, state } = setUpFlows();

  for (const { type, outputs, rowOutputs, outputWhen, busy, fields } of actions) {
    const rules = { outputWhen, ...(rowOutputs && { rowOutputs }) };
    describe(type, () => {
      /** Who gives no result has asked the server nothing. */
      const asks = fields.result !== undefined;
      const shown = outputsOf({ outputs, ...rules }, (name) => settings[type]?.[name] ?? fields[name]?.initial);
      const node = (more: Record<string, unknown> = {}): FlowNode[] => [
        {
          id: 'node',
          type,
          config: 'account',
          wires: [...outputs, 'error'].map((_, port) => [`out${port}`]),
          ...settings[type],
          ...more,
        },
        ...[...outputs, 'error'].map((_, port) => ({ id: `out${port}`, type: 'probe' })),
      ];

      it('works from the message alone, keeps its other properties, and completes exactly once', async () => {
        const { node: get, probe, completed, caught, statuses } = await play(node());
        const out = probe('out0');
        get('node').receive({ ...good[type], topic: 'kept', nested: { deep: [1] } });
        const msg = await out.first();
        assert.equal(msg.topic, 'kept');
        assert.deepEqual(msg.nested, { deep: [1] });
        if (asks) assert.match(String((msg.linktor as { requestId: string }).requestId), /.+/);
        await completed.take();
        get('node').receive({ ...good[type] });
        await completed.take(2);
        assert.equal(completed.all.length, 2);
        assert.equal(caught.all.length, 0);
        const texts = (await statuses.take(1)).map(({ status }) => (status as { text?: string }).text);
        assert.equal(texts[0], `linktor.status.${busy}`);
      });

      it('clears its status after the last success, or says when it was', async () => {
        const { node: get, statuses } = await play(node());
        get('node').receive({ ...good[type] });
        const [, last] = await statuses.take(2);
        const { text = '' } = (last?.status ?? {}) as { text?: string };
        assert.match(text, type === 'linktor-send' ? /^linktor\.status\.sent_at\?at=\d{13}$/ : /^$/);
      });

      const needed = required[type];
      if (needed)
        it('refuses what is missing, naming it, and never completes', async () => {
          const { node: get, caught, completed, statuses } = await play(node());
          const { [needed]: _missing, ...rest } = good[type] as Record<string, unknown>;
          get('node').receive(rest);
          const { error } = await caught.first();
          assert.equal(error?.code, 'validation');
          assert.equal(typeof error?.cause.hint, 'string');
          await until(
            async () => statuses.all.at(-1)?.status as { text?: string; fill?: string } | undefined,
            (status) => status?.text === 'linktor.status.validation' && status.fill === 'red',
          );
          assert.equal(completed.all.length, 0);
          assert.equal((await state()).requests.length, 0);
        });

      if (asks)
        it('gives a server failure to Catch with code and cause, and never completes', async () => {
          const { node: get, caught, completed } = await play(node(), { account: { maxRetries: 0 } });
          const failing = { count: 1, status: 500, body: { code: 'BROKEN', message: 'It broke.' } };
          await control('fail', failing);
          get('node').receive({ ...good[type] });
          const { error } = await caught.first();
          assert.equal(error?.message, 'It broke.');
          assert.equal(error?.code, 'server');
          assert.equal(error?.source.id, 'node');
          const { status, serverCode, requestId, retryable, ambiguous } = error?.cause ?? {};
          assert.equal(status, 500);
          assert.equal(serverCode, 'BROKEN');
          assert.equal(typeof requestId, 'string');
          assert.equal(retryable !== ambiguous, true, 'it is either safe to repeat or unclear');
          assert.equal(completed.all.length, 0);
        });

      if (!local.has(type))
        it('says that it is not signed in', async () => {
          const { node: get, caught } = await play(node(), { apiKey: 'another-key-canary' });
          get('node').receive({ ...good[type] });
          const msg = await caught.first();
          assert.equal(msg.error?.code, 'authentication');
          assert.equal(JSON.stringify(msg).includes('canary'), false);
        });

      it('sends errors to their own output when asked, and not to Catch', async () => {
        const { node: get, probe, caught } = await play(node({ errorOutput: true }));
        const out = probe(`out${shown.length}`);
        await control('fail', { count: 1, status: 422 });
        get('node').receive({ topic: 'kept' });
        const msg = await out.first();
        assert.equal(msg.topic, 'kept');
        assert.equal(msg.error?.code, 'validation');
        assert.equal(msg.error?.source.id, 'node');
        assert.equal(caught.all.length, 0);
      });

      it('says what to do without an account', async () => {
        const { node: get, caught } = await play(node({ config: 'nowhere' }));
        get('node').receive({ ...good[type] });
        const { error } = await caught.first();
        assert.equal(error?.code, 'validation');
        assert.match(error?.message ?? '', /Linktor account/);
      });

      if (asks)
        it('puts its result where it is told to', async () => {
          const { node: get, probe } = await play(node({ result: 'my.own', resultType: 'msg' }));
          const out = probe('out0');
          get('node').receive({ ...good[type] });
          const msg = await out.first();
          assert.notEqual((msg.my as { own: unknown }).own, undefined);
          assert.equal(msg.payload, good[type]?.payload);
        });

      if (asks)
        it('ends what is in flight when it closes', async () => {
          const { node: get, deploy, flow, completed } = await play(node());
          await control('latency', { ms: 8000 });
          const began = Date.now();
          get('node').receive({ ...good[type] });
          await until(
            async () => shownBy(get('node')).length,
            (count) => count > 0,
          );
          await deploy(flow.filter(({ id }) => id !== 'node'));
          assert.ok(Date.now() - began < 4000, 'the deploy waited for the server');
          assert.equal(completed.all.length, 0);
        });
    });
  }
});

describe('every trigger of the palette', () => {
  const { play, control, state } = setUpFlows();

  for (const { type } of triggers) {
    describe(type, () => {
      const node: FlowNode[] = [
        { id: 'node', type, config: 'account', wires: [['out']] },
        { id: 'out', type: 'probe' },
      ];

      it('shows its connection, and lets go of it when it is removed', async () => {
        const { flow, deploy, statuses } = await play(node);
        await until(
          async () => statuses.all.at(-1)?.status as { text?: string } | undefined,
          (status) => status?.text === 'linktor.status.connected',
        );
        assert.equal((await state()).sockets.open, 1);
        await deploy(flow.filter(({ id }) => id !== 'node' && id !== 'account'));
        await until(state, ({ sockets }) => sockets.open === 0);
      });

      it('keeps the one socket over a deploy that changes only itself', async () => {
        const { flow, deploy } = await play(node);
        // Who only watches the connection asks for no conversation.
        const asks = type !== 'linktor-connection';
        const listening = () => until(state, ({ sockets }) => sockets.open === 1 && sockets.subscriptions > 0 === asks);
        const before = (await listening()).sockets;
        const changed = flow.map((one) => (one.id === 'node' ? { ...one, name: 'renamed' } : one));
        await deploy(changed);
        await listening();
        const { open, total } = (await state()).sockets;
        assert.deepEqual([open, total], [1, before.total]);
      });

      it('stops at a refused sign-in and tells Catch', async () => {
        const { total } = (await state()).sockets;
        const { statuses, caught } = await play(node, { apiKey: 'wrong' });
        const { error } = await caught.first();
        assert.equal(error?.code, 'authentication');
        assert.equal((await state()).sockets.total, total);
        await until(
          async () => statuses.all.at(-1)?.status as { text?: string } | undefined,
          (status) => status?.text === 'linktor.status.authentication',
        );
      });

      it('reconnects after a loss', async () => {
        const { statuses } = await play(node, { account: { reconnectInterval: 1000 } });
        const before = (await until(state, ({ sockets }) => sockets.open === 1)).sockets.total;
        await control('sockets/drop', { code: 1012 });
        await until(state, ({ sockets }) => sockets.total === before + 1 && sockets.open === 1);
        const texts = statuses.all.map(({ status }) => (status as { text?: string }).text);
        assert.ok(texts.includes('linktor.status.reconnecting'));
      });

      it('says so when it has no config node', async () => {
        const { node: get, caught } = await play([{ ...(node[0] as FlowNode), config: '' }, node[1] as FlowNode]);
        assert.equal((await caught.first()).error?.code, 'validation');
        assert.equal(shownBy(get('node')).at(-1), 'linktor.status.no_config');
      });
    });
  }
});
