import { strict as assert } from 'node:assert';
import { askNode, Chat } from '../support/chat';
import { type FlowNode, type Message, setUpFlows, shownBy, until } from '../support/flows';

const menu = JSON.stringify([
  { title: 'Sales', id: 'sales' },
  { title: 'Technical support', id: 'support', also: 'help, problem' },
]);
const asMenu = { kind: 'choice', choices: menu, choicesType: 'json', question: 'What is it about?' };

describe('linktor-ask', () => {
  const setup = setUpFlows();

  async function play(more: Record<string, unknown> = {}, nodes: FlowNode[] = []) {
    const played = await setup.play([...askNode(more), ...nodes]);
    return { ...played, chat: new Chat(setup, played) };
  }

  it('asks, waits, and goes on with the answer', async () => {
    const { chat, completed, probe } = await play({ kind: 'number' });
    chat.begin({ topic: 'order 7', payload: 'kept', messageId: 'm-before' });
    assert.equal(await chat.botSays(), 'How many?');
    // Complete means that the question stands.
    await completed.first();
    assert.equal(probe('answer').all.length, 0);
    await chat.customerSays('about 3 kg');
    const msg = await chat.answer();
    assert.equal(msg.payload, 3);
    assert.deepEqual([msg.topic, msg.conversationId, msg.messageId], ['order 7', 'conv_ana', 'm-before']);
    const answer = msg.answer as Record<string, unknown>;
    assert.deepEqual([answer.text, answer.value, answer.attempts, answer.restarted], ['about 3 kg', 3, 1, false]);
    assert.equal(answer.conversationId, 'conv_ana');
    assert.equal((answer.by as { type: string }).type, 'contact');
  });

  it('says what is wrong, and asks again', async () => {
    const { chat } = await play({ kind: 'number' });
    chat.begin();
    await chat.botSays();
    await chat.customerSays('a few');
    assert.equal(await chat.botSays(), 'Please enter a number.');
    await chat.customerSays('4');
    const { answer } = await chat.answer();
    assert.equal((answer as { attempts: number }).attempts, 2);
  });

  it('says it in the words of the author, and gives up after so many tries', async () => {
    const { chat } = await play({ kind: 'number', tries: 1, invalidText: 'Hm: {{reason}}', invalidTextType: 'str' });
    chat.begin();
    await chat.botSays();
    await chat.customerSays('a few');
    assert.equal(await chat.botSays(), 'Hm: Please enter a number.');
    await chat.customerSays('some');
    assert.equal((await chat.ended()).reason, 'invalid');
  });

  it('asks again where the test of the author fails on an answer, and Catch hears of it', async () => {
    const test = '$number(payload) % 6 = 0 ? true : "By the half dozen."';
    const { chat, caught } = await play({ kind: 'test', test, testType: 'jsonata' });
    chat.begin();
    await chat.botSays();
    await chat.customerSays('5');
    assert.equal(await chat.botSays(), 'By the half dozen.');
    await chat.customerSays('a dozen');
    assert.equal(await chat.botSays(), 'Sorry, that does not fit. Please try again.');
    assert.match(String((await caught.first()).error?.message), /The field "test" cannot be evaluated/);
    await chat.customerSays('12');
    assert.equal((await chat.answer()).payload, '12');
  });

  it('ends with a word, and lets commands through', async () => {
    const messages = {
      id: 'in',
      type: 'linktor-message-in',
      config: 'account',
      outputs: '2',
      wires: [['in1'], ['in2']],
    };
    const { chat, probe } = await play({}, [messages, { id: 'in1', type: 'probe' }, { id: 'in2', type: 'probe' }]);
    chat.begin();
    await chat.botSays();
    await chat.customerSays('/help');
    const through = await probe('in1').first();
    assert.equal(through.payload, '/help');
    assert.equal(through.asked, 'ask');
    await chat.customerSays('Cancel!');
    assert.equal((await chat.ended()).reason, 'cancelled');
    // The answer is left alone by the trigger, which says why.
    const alone = await until(
      async () => probe('in2').all.find(({ payload }) => payload === 'Cancel!'),
      (found) => found !== undefined,
    );
    assert.equal(alone?.reason, 'asked');
  });

  it('offers choices, pressed or typed', async () => {
    const { chat } = await play(asMenu);
    chat.begin();
    assert.match(await chat.botSays(), /What is it about\?/);
    await chat.customerPresses('support', 'Technical support');
    const pressed = await chat.answer();
    assert.equal(pressed.payload, 'support');
    const { choice } = pressed.answer as { choice: Record<string, unknown> };
    assert.deepEqual([choice.id, choice.how, choice.index], ['support', 'pressed', 1]);
    chat.begin();
    await chat.botSays();
    await chat.customerSays('1');
    assert.equal((await chat.answer(2)).payload, 'sales');
  });

  it('takes a word that would end it for the choice that it stands for', async () => {
    const choices = JSON.stringify([{ title: 'No more news', id: 'none', also: 'stop' }, 'Go on']);
    const { chat } = await play({ ...asMenu, choices });
    chat.begin();
    await chat.botSays();
    await chat.customerSays('Stop!');
    assert.equal((await chat.answer()).payload, 'none');
  });

  it('takes yes and no, in the language of the person', async () => {
    const { chat } = await play({ kind: 'yesNo' });
    chat.begin({ contact: { language: 'pt-BR' } });
    await chat.botSays();
    await chat.customerSays('talvez');
    assert.equal(await chat.botSays(), 'Por favor, responda sim ou não.');
    await chat.customerSays('claro');
    assert.equal((await chat.answer()).payload, true);
  });

  it('goes on by its second output when nobody answers', async () => {
    const { chat, probe } = await play();
    chat.begin({ timeout: 1, payload: 'kept' });
    await chat.botSays();
    const msg = await probe('nobody').first();
    assert.deepEqual([msg.reason, msg.payload], ['timeout', 'kept']);
    assert.equal((msg.answer as { attempts: number }).attempts, 0);
  });

  it('reminds', async () => {
    const { chat } = await play({ reminders: JSON.stringify([{ after: 0.01, text: 'Still there?' }]) });
    chat.begin();
    await chat.botSays();
    assert.equal(await chat.botSays(), 'Still there?');
    await chat.customerSays('yes');
    await chat.answer();
  });

  it('replaces the question before, or refuses to', async () => {
    const { chat, caught } = await play({ kind: 'number' });
    chat.begin({ topic: 'first' });
    await chat.botSays();
    chat.begin({ topic: 'second' });
    await chat.botSays();
    const ended = await chat.ended();
    assert.deepEqual([ended.topic, ended.reason], ['first', 'replaced']);
    await chat.customerSays('2');
    assert.equal((await chat.answer()).topic, 'second');
    assert.equal(caught.all.length, 0);
  });

  it('asks one thing after the other, without a node in between', async () => {
    const second = { ...askNode({ question: 'And your name?' })[0], id: 'ask2', wires: [['answer'], [], []] };
    const { chat } = await play({ wires: [['ask2'], [], []], kind: 'number' }, [second as never]);
    chat.begin();
    await chat.botSays();
    await chat.customerSays('3');
    assert.equal(await chat.botSays(), 'And your name?');
    await chat.customerSays('Ana');
    assert.equal((await chat.answer()).payload, 'Ana');
  });

  it('is steered by msg.action, and by nothing else', async () => {
    const { chat, caught } = await play({ kind: 'number' });
    chat.begin({ answer: { text: 'of an earlier node' }, form: {} });
    await chat.botSays();
    chat.begin({ action: 'answer', text: '5' });
    assert.equal((await chat.answer()).payload, 5);
    chat.begin();
    await chat.botSays();
    chat.begin({ action: 'end' });
    assert.equal((await chat.ended()).reason, 'closed');
    chat.begin({ action: 'end' });
    assert.equal((await caught.first()).error?.code, 'validation');
  });

  it('shows how many wait', async () => {
    const { chat, node } = await play();
    chat.begin();
    await chat.botSays();
    await until(
      async () => shownBy(node('ask')).at(-1),
      // In memory: a restart would lose it.
      (text) => text === 'linktor.status.not_lasting',
    );
    await chat.customerSays('x');
    await chat.answer();
    await until(
      async () => shownBy(node('ask')).at(-1),
      (text) => text === undefined,
    );
  });

  it('survives a deploy, and judges by the node as it is then', async () => {
    const { chat, flow, deploy } = await play({ kind: 'text' });
    chat.begin();
    await chat.botSays();
    await deploy(
      flow.map((one) => (one.id === 'ask' ? { ...one, kind: 'number' } : one)),
      'full',
    );
    await chat.customerSays('a few');
    assert.equal(await chat.botSays(), 'Please enter a number.');
    await chat.customerSays('8');
    assert.equal((await chat.answer()).payload, 8);
  });

  it('that cannot be sent is an error', async () => {
    const { chat, caught, probe } = await play();
    chat.begin({ conversationId: 'conv_nobody' });
    assert.equal((await caught.first()).error?.code, 'not_found');
    assert.equal(probe('ended').all.length, 0);
  });

  const invalid: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ['no question', { question: '', questionType: 'msg' }, {}],
    ['nothing to choose', { kind: 'choice', choices: '', choicesType: 'msg' }, {}],
    ['two choices with one id', { kind: 'choice', choices: '["a","a"]', choicesType: 'json' }, {}],
    ['a pattern that is none', { kind: 'regex', pattern: '(' }, {}],
    ['a time-out of a year', {}, { timeout: 365 * 86_400 }],
  ];
  for (const [name, node, msg] of invalid) {
    it(`refuses ${name}, before anybody is asked`, async () => {
      const { chat, caught } = await play(node);
      chat.begin(msg);
      assert.equal(((await caught.first()) as Message).error?.code, 'validation');
      assert.deepEqual((await setup.state()).sends, []);
    });
  }
});
