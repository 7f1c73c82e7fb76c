import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const templateId = 'status_pedido';
const data = { numero_pedido: 'XS1', status_atual: 'transporte' };
const conversationId = 'conv_ana';
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

describe('linktor-template', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-template');

  it('makes a picture of what the message says', async () => {
    const { payload, template } = await run({ operation: 'render' }, { templateId, payload: data });
    assert.ok(Buffer.isBuffer(payload));
    assert.deepEqual(payload.subarray(0, 4), png);
    const { width, format, caption } = template as Record<string, unknown>;
    assert.deepEqual({ width, format, captioned: typeof caption }, { width: 800, format: 'png', captioned: 'string' });
  });

  it('takes what it shows from the table', async () => {
    const rows = [
      { placeholder: 'numero_pedido', value: 'order', valueType: 'msg' },
      { placeholder: 'status_atual', value: 'transporte', valueType: 'str' },
      { placeholder: 'mensagem', value: '', valueType: 'str' },
    ];
    const fields = { operation: 'render', data: JSON.stringify(rows), dataType: 'json' };
    const { payload } = await run(fields, { templateId, order: 'XS1' });
    assert.ok(Buffer.isBuffer(payload));
  });

  it('misses what the table has no value for', async () => {
    const rows = [{ placeholder: 'status_atual', value: 'transporte', valueType: 'str' }];
    const { error } = await run({ operation: 'render', data: JSON.stringify(rows), dataType: 'json' }, { templateId });
    assert.match(String(error?.message), /numero_pedido/);
  });

  it('makes it as wide as it is told to', async () => {
    const { template } = await run(
      { operation: 'render', width: '400', widthType: 'num' },
      { templateId, payload: data },
    );
    assert.equal((template as { width: number }).width, 400);
  });

  it('asks only once whose templates they are', async () => {
    const { node, probe } = await set.play([
      { id: 'node', type: 'linktor-template', config: 'account', operation: 'list', wires: [['out']] },
      { id: 'out', type: 'probe' },
    ]);
    node('node').receive({});
    await probe('out').first();
    node('node').receive({});
    await probe('out').take(2);
    const { requests } = await set.state();
    assert.equal(requests.filter(({ path }) => path === '/auth/tenant').length, 1);
  });

  it('sends a picture into the conversation, and leaves the payload alone', async () => {
    const fields = { caption: 'Hello {{contact.name}}', captionType: 'str' };
    const contact = { name: 'Ana' };
    const msg = await run(
      { operation: 'renderAndSend', ...fields },
      { templateId, conversationId, payload: data, contact },
    );
    assert.deepEqual(msg.payload, data);
    const { messageId, conversationId: where } = msg.sent as Record<string, string>;
    assert.equal(where, conversationId);
    const { sends } = await set.state();
    assert.ok(sends.some((sent) => sent.messageId === messageId));
  });

  it('lists the templates with what they want', async () => {
    const [first] = (await run({ operation: 'list' })).payload as { id: string; schema: object }[];
    assert.equal(typeof first?.schema, 'object');
  });

  it('shows an example of one', async () => {
    const { payload } = await run({ operation: 'preview' }, { templateId, payload: 'anything' });
    assert.ok(Buffer.isBuffer(payload));
  });

  it('refuses data that is none, before anything leaves', async () => {
    const { error } = await run({ operation: 'renderAndSend' }, { templateId, conversationId, payload: 'text' });
    assert.equal(error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  const msg = { templateId, conversationId, payload: data };
  failsWell(set, 'linktor-template', {
    render: { msg, kind: 'read' },
    renderAndSend: { msg, kind: 'write' },
    list: { msg, kind: 'read' },
    preview: { msg, kind: 'read' },
  });
});
