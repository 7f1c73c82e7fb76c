import { strict as assert } from 'node:assert';
import { contractUnderTest, type FlowNode, listening, setUpFlows, until } from '../support/flows';
import { detailsOf } from './sending';

const conversationId = 'conv_ana';
const isServer = contractUnderTest === 'server';

describe('handing a conversation over', () => {
  const setup = setUpFlows();
  const { play, state, sandbox, control } = {
    play: setup.play,
    state: setup.state,
    control: setup.control,
    sandbox: () => setup.sandbox,
  };

  async function handing(settings: Record<string, unknown> = {}, account: Record<string, unknown> = {}) {
    const nodes: FlowNode[] = [
      {
        ...{ id: 'over', type: 'linktor-conversation', config: 'account', operation: 'escalate', wires: [['done']] },
        ...settings,
      },
      { id: 'done', type: 'probe' },
      {
        id: 'in',
        type: 'linktor-message-in',
        config: 'account',
        conversations: 'all',
        outputs: '2',
        wires: [[], ['kept']],
      },
      { id: 'kept', type: 'probe' },
    ];
    return play(nodes, { account: { takeover: 'on', ...account } });
  }

  const conversation = async () => {
    const { data } = await (await fetch(`${sandbox().url}/_sandbox/conversations`)).json();
    return data.find(({ id }: { id: string }) => id === conversationId);
  };

  it('tells the customer first, then the team, with the story', async () => {
    const { node, probe, caught } = await handing({
      ...{ tell: 'A colleague will answer you, {{contact.name}}.', tellType: 'str' },
      ...{
        summaryBy: 'text',
        summary: 'Wants a refund for {{payload}}.',
        summaryType: 'str',
        priority: 'high',
        priorityType: 'str',
      },
    });
    await listening(setup);
    node('over').receive({ conversationId, payload: 'XS1', reason: 'asked for a person', contact: { name: 'Ana' } });
    const done = await probe('done').first();
    const story = done.handover as Record<string, string>;
    assert.deepEqual(
      [story.reason, story.summary, story.by],
      ['asked for a person', 'Wants a refund for XS1.', 'node-red'],
    );
    assert.match(story.transcript ?? '', /Ana Souza: /);
    const { conversationId: id, status } = done.payload as { conversationId: string; status: string };
    assert.deepEqual([id, status], [conversationId, isServer ? 'assigned' : 'queued']);
    assert.deepEqual(
      (await state()).sends.map(({ text }) => text),
      ['A colleague will answer you, Ana.'],
    );
    const now = await conversation();
    assert.equal(now.priority, 'high');
    if (!isServer) {
      assert.equal(now.status, 'pending');
      assert.deepEqual([now.metadata.handover.summary, now.metadata.escalated], [story.summary, true]);
    }
    await control('messages', { conversationId, text: 'Thank you' });
    // What the flow has said itself is left out as well.
    const kept = async () => probe('kept').all.map(({ reason }) => reason);
    await until(kept, (reasons) => reasons.includes('person_in_charge'));
    assert.equal(caught.all.length, 0);
  });

  it('lets a model sum it up, and goes on without where that fails', async () => {
    const { node, probe } = await handing({ summaryBy: 'ai', model: 'openai/sandbox-model', modelType: 'str' });
    node('over').receive({ conversationId });
    const { handover } = await probe('done').first();
    assert.match((handover as { summary: string }).summary, /sandbox answer/);
    await control('fail', { count: 5, status: 400, method: 'POST', path: isServer ? '/ai' : '/completions' });
    node('over').receive({ conversationId });
    const summaries = (await probe('done').take(2)).map((msg) => 'summary' in (msg.handover as object));
    assert.deepEqual(summaries, [true, false]);
  });

  it('gives it to somebody', async function () {
    // There the call itself assigns it, to whoever is active.
    if (isServer) this.skip();
    const { node, probe } = await handing({ assignee: 'user_demo', assigneeType: 'str' });
    node('over').receive({ conversationId });
    const { payload } = await probe('done').first();
    assert.equal((payload as { assignedTo: string }).assignedTo, 'user_demo');
    await until(conversation, ({ assignedTo }) => assignedTo === 'user_demo');
  });

  it('says that the customer has been told, where the team has not', async () => {
    const { node, caught } = await handing(
      { tell: 'A colleague will answer you.', tellType: 'str' },
      { maxRetries: 0 },
    );
    const step = isServer
      ? { method: 'POST', path: '/escalate' }
      : { method: 'PATCH', path: '/conversations/conv_ana' };
    await control('fail', { ...step, count: 1, status: 503 });
    node('over').receive({ conversationId });
    const { error } = await caught.first();
    assert.equal(error?.code, 'server');
    assert.match(error?.message ?? '', /the customer has been told/);
    const [sent] = (await state()).sends;
    assert.equal(detailsOf(error).told, sent?.messageId);
    assert.match(String(error?.cause.hint), /Leave out the text/);
  });

  it('says that it has been handed over to nobody, and keeps silent', async () => {
    const who = { assignee: 'user_nobody', assigneeType: 'str' };
    const { node, caught, probe } = await handing({ ...who, tell: 'Somebody comes.', tellType: 'str' });
    await listening(setup);
    node('over').receive({ conversationId });
    const { error } = await caught.first();
    assert.match(error?.message ?? '', /handed over, to nobody.*the customer has been told/);
    await control('messages', { conversationId, text: 'Thank you' });
    const kept = async () => probe('kept').all.map(({ reason }) => reason);
    await until(kept, (reasons) => reasons.includes('person_in_charge'));
  });

  it('says what is wrong where it cannot', async () => {
    const { node, caught } = await handing();
    node('over').receive({ conversationId: 'conv_nobody' });
    assert.equal((await caught.first()).error?.code, 'not_found');
    assert.deepEqual((await state()).sends, []);
  });
});
