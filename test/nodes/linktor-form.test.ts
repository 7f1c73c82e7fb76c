import { strict as assert } from 'node:assert';
import { Chat, formNode } from '../support/chat';
import { type Message, setUpFlows } from '../support/flows';

const lead = [
  { key: 'name', question: 'What is your name?', kind: 'text', required: true },
  { key: 'company', question: 'Which company, {{form.values.name}}?', kind: 'text' },
  {
    key: 'size',
    question: 'How many people?',
    kind: 'number',
    required: true,
    rule: 'payload < 100 ? true : "Too many."',
  },
];

describe('linktor-form', () => {
  const setup = setUpFlows();

  async function play(questions: readonly object[] = lead, more: Record<string, unknown> = {}) {
    const played = await setup.play(formNode(questions, more));
    return { ...played, chat: new Chat(setup, played) };
  }

  /** Says each answer once its question is there. @returns what the bot said last */
  async function answer(chat: Chat, ...answers: string[]): Promise<void> {
    for (const words of answers) {
      await chat.botSays();
      await chat.customerSays(words);
    }
  }

  it('asks one question after the other, and goes on with all answers', async () => {
    const { chat, completed, probe } = await play();
    chat.begin({ topic: 'lead 7', messageId: 'm-before' });
    assert.equal(await chat.botSays(), 'What is your name?');
    await completed.first();
    await chat.customerSays('Ana');
    assert.equal(await chat.botSays(), 'Which company, Ana?');
    await chat.customerSays('ACME');
    assert.equal(await chat.botSays(), 'How many people?');
    assert.equal(probe('answer').all.length, 0);
    await chat.customerSays('about 12');
    const msg = await chat.answer();
    assert.deepEqual(msg.payload, { name: 'Ana', company: 'ACME', size: 12 });
    assert.deepEqual([msg.topic, msg.messageId, msg.reason], ['lead 7', 'm-before', undefined]);
    const { values, asked, skipped, changed, missing, restarted } = msg.form as Record<string, unknown>;
    assert.deepEqual(values, msg.payload);
    assert.deepEqual([asked, skipped, changed, missing], [['name', 'company', 'size'], [], [], []]);
    assert.equal(restarted, false);
  });

  it('says what is wrong by the kind and by the rule, and gives up after so many tries', async () => {
    const { chat } = await play(lead.slice(2), { tries: 2 });
    chat.begin();
    await answer(chat, 'some', '500');
    assert.equal(await chat.botSays(), 'Too many.');
    await chat.customerSays('none');
    const msg = await chat.ended();
    assert.deepEqual([msg.reason, msg.payload], ['invalid', {}]);
    assert.deepEqual((msg.form as { missing: string[] }).missing, ['size']);
  });

  it('asks again where a rule fails on an answer, and asks what a condition that fails does not exclude', async () => {
    const rule = '$number(payload) > 3';
    const { chat, caught } = await play([
      { key: 'size', question: 'How large?', kind: 'text', rule },
      { key: 'more', question: 'What else?', kind: 'number', skipIf: '$number(form.values.size & "x") > 1' },
    ]);
    chat.begin();
    await answer(chat, 'large', '5', '1');
    const { payload, form } = await chat.answer();
    assert.deepEqual(payload, { size: '5', more: 1 });
    assert.deepEqual((form as { asked: string[] }).asked, ['size', 'more']);
    assert.equal((await caught.take(2)).length, 2);
  });

  it('counts the tries of each question by itself, and says why on demand', async () => {
    const questions = [
      { ...lead[2], why: 'We book a room.' },
      { key: 'day', question: 'Which day?', kind: 'date' },
    ];
    const { chat } = await play(questions, { tries: 1 });
    chat.begin();
    await chat.botSays();
    await chat.customerSays('why?');
    assert.equal(await chat.botSays(), 'We book a room.');
    await chat.customerSays('some');
    assert.equal(await chat.botSays(), 'Please enter a number.');
    await chat.customerSays('3');
    assert.equal(await chat.botSays(), 'Which day?');
    await chat.customerSays('whenever');
    assert.match(await chat.botSays(), /^Please enter a date/);
    await chat.customerSays('24/12/2099');
    assert.deepEqual((await chat.answer()).payload, { size: 3, day: '2099-12-24' });
  });

  it('goes back, leaves out what is not required, and what its condition excludes', async () => {
    const questions = [
      ...lead,
      { key: 'tax', question: 'Tax number?', kind: 'text', skipIf: '$not($exists(form.values.company))' },
    ];
    const { chat } = await play(questions);
    chat.begin();
    await answer(chat, 'Ana', 'back', 'Eva', 'skip', '7');
    const msg = await chat.answer();
    assert.deepEqual(msg.payload, { name: 'Eva', size: 7 });
    const { skipped, changed } = msg.form as Record<string, unknown>;
    assert.deepEqual([skipped, changed], [['company'], ['name']]);
  });

  it('does not ask what is known, and needs nobody when all is known', async () => {
    const { chat, probe } = await play();
    chat.begin({ form: { values: { name: 'Ana', company: 'ACME', size: 3 } }, topic: 'kept' });
    const [msg] = await probe('answer').take();
    assert.deepEqual([msg?.payload, msg?.topic], [{ name: 'Ana', company: 'ACME', size: 3 }, 'kept']);
    assert.deepEqual((await setup.state()).sends, []);
    chat.begin({ form: { values: { name: 'Ana', company: 'ACME' } } });
    assert.equal(await chat.botSays(), 'How many people?');
  });

  it('asks whether all is right, and changes one answer', async () => {
    const questions = [lead[0] as object, { key: 'sure', question: 'Sure?', kind: 'yesNo' }];
    const { chat } = await play(questions, { review: 'summary' });
    chat.begin();
    await answer(chat, 'Ana', 'yes');
    const summary = await chat.botSays();
    assert.match(summary, /^Is this right\?\nname: Ana\nsure: Yes/);
    await chat.customerPressesSent('Change name');
    assert.equal(await chat.botSays(), 'What is your name?');
    await chat.customerSays('Eva');
    assert.match(await chat.botSays(), /name: Eva/);
    await chat.customerPressesSent('Yes');
    assert.deepEqual((await chat.answer()).payload, { name: 'Eva', sure: true });
  });

  it('is cancelled by a word and by the button, and keeps what there is', async () => {
    const { chat } = await play(lead, { review: 'summary' });
    chat.begin();
    await answer(chat, 'Ana', 'cancel');
    const msg = await chat.ended();
    assert.deepEqual([msg.reason, msg.payload], ['cancelled', { name: 'Ana' }]);
    assert.deepEqual((msg.form as { missing: string[] }).missing, ['size']);
  });

  it('goes on by its second output with what there is when nobody answers', async () => {
    const { chat, probe } = await play();
    // Where messages are asked for, the answer itself takes its time.
    chat.begin({ timeout: 5 });
    await answer(chat, 'Ana');
    await chat.botSays();
    const msg = await probe('nobody').first();
    assert.deepEqual([msg.reason, msg.payload], ['timeout', { name: 'Ana' }]);
  });

  it('takes a press on a button of an earlier question for none of its answers', async () => {
    const questions = [
      { key: 'first', question: 'First?', kind: 'yesNo', required: true },
      { key: 'second', question: 'Second?', kind: 'yesNo', required: true },
    ];
    const { chat } = await play(questions, { late: 'tell' });
    chat.begin();
    await chat.botSays();
    await chat.customerPressesSent('Yes');
    assert.match(await chat.botSays(), /^Second/);
    await chat.customerPressesSent('Yes', 0);
    assert.equal(await chat.botSays(), 'This question is closed.');
    await chat.customerPressesSent('No', 1);
    assert.deepEqual((await chat.answer()).payload, { first: true, second: false });
  });

  it('survives a deploy, and goes on with the questions as they are then', async () => {
    const { chat, flow, deploy } = await play(lead.slice(0, 2));
    chat.begin();
    await answer(chat, 'Ana');
    await chat.botSays();
    const colour = { key: 'colour', question: 'Which colour?', kind: 'choice', choices: 'Red, Blue' };
    const fields = JSON.stringify([lead[0], lead[1], colour]);
    await deploy(
      flow.map((one) => (one.id === 'ask' ? { ...one, fields } : one)),
      'full',
    );
    await chat.customerSays('ACME');
    await chat.botSays();
    await chat.customerSays('2');
    assert.deepEqual((await chat.answer()).payload, { name: 'Ana', company: 'ACME', colour: 'Blue' });
  });

  it('writes the answers to the contact too, beside what it has', async () => {
    const read = { id: 'read', type: 'linktor-contact', config: 'account', operation: 'get', wires: [['known']] };
    const node = formNode(lead.slice(0, 1), { saveTo: 'contact', wires: [['read'], [], []] });
    const played = await setup.play([...node, read, { id: 'known', type: 'probe' }]);
    const chat = new Chat(setup, played);
    chat.begin({ contactId: 'ct_ana' });
    await answer(chat, 'Ana Maria');
    const { payload } = await played.probe('known').first();
    assert.equal((payload as { customFields: Record<string, unknown> }).customFields.name, 'Ana Maria');
  });

  it('goes on when the answers cannot be written, and Catch hears of it', async () => {
    const { chat, caught } = await play(lead.slice(0, 1), { saveTo: 'contact' });
    chat.begin({ contactId: 'ct_ana' });
    await chat.botSays();
    await setup.control('fail', { method: 'GET', path: '/contacts/ct_ana', status: 500, count: 20 });
    await chat.customerSays('Ana');
    assert.deepEqual((await chat.answer()).payload, { name: 'Ana' });
    assert.equal((await caught.first()).error?.code, 'server');
  });

  it('is steered by msg.action, and takes msg.answer and msg.form of others for nothing', async () => {
    const { chat } = await play(lead.slice(0, 1));
    chat.begin({ answer: { text: 'of an ask' }, form: { values: {} } });
    await chat.botSays();
    chat.begin({ action: 'answer', text: 'Eva' });
    assert.deepEqual((await chat.answer()).payload, { name: 'Eva' });
  });

  const refused: [string, readonly object[], Record<string, unknown>, Record<string, unknown>][] = [
    ['no questions', [], {}, {}],
    ['a question without a key', [{ question: 'What?' }], {}, {}],
    ['two questions with one key', [lead[0] as object, lead[0] as object], {}, {}],
    ['nothing to choose', [{ key: 'a', question: 'What?', kind: 'choice' }], {}, {}],
    ['a condition that is none', [{ key: 'a', question: 'What?', skipIf: '((' }], {}, {}],
    ['a name in a question that is not there', [{ key: 'a', question: '{{nobody}}' }], {}, {}],
    ['more hours than the account keeps', lead, { within: 24 * 31 }, {}],
    ['a time-out of a year', lead, {}, { timeout: 365 * 86_400 }],
  ];
  for (const [name, questions, node, msg] of refused) {
    it(`refuses ${name}, before anybody is asked`, async () => {
      const { chat, caught } = await play(questions, node);
      chat.begin(msg);
      assert.equal(((await caught.first()) as Message).error?.code, 'validation');
      assert.deepEqual((await setup.state()).sends, []);
    });
  }
});
