import { strict as assert } from 'node:assert';
import { type AnswerRules, type Judged, judge } from '../../../lib/dialogue/answer';
import { tagged } from '../../../lib/messages/choice-tag';
import type { Message } from '../../../lib/model';
import { Patterns } from '../../../lib/text';
import { says } from './support';

const base: AnswerRules = { kind: 'anything', choices: [], language: 'en-US', zone: 'UTC' };
const menu = [
  { id: 'sales', title: 'Sales' },
  { id: 'support', title: 'Technical support', also: ['help', 'problem'] },
  { id: 'billing', title: 'Invoices ✅' },
];

const answered = (text: string, rules: Partial<AnswerRules>, message: Partial<Message> = {}): Promise<Judged> =>
  judge([says(text, message).message], { ...base, ...rules });

async function read(text: string, rules: Partial<AnswerRules>, message: Partial<Message> = {}): Promise<unknown> {
  const judged = await answered(text, rules, message);
  assert.ok(judged.ok, JSON.stringify(judged));
  return judged.value;
}

async function refusal(text: string, rules: Partial<AnswerRules>, message: Partial<Message> = {}): Promise<unknown[]> {
  const judged = await answered(text, rules, message);
  assert.ok(!judged.ok, JSON.stringify(judged));
  return 'text' in judged.say ? [judged.say.text] : [judged.say.phrase, ...(judged.say.values ?? [])];
}

const photo = { contentType: 'image', media: { url: 'https://x/1.jpg', type: 'image', size: 3 * 1024 * 1024 } };

describe('an answer', () => {
  it('may be anything', async () => {
    assert.equal(await read(' hi ', {}), ' hi ');
    const [file] = (await read('', {}, { ...photo, text: undefined })) as { url: string }[];
    assert.equal(file?.url, 'https://x/1.jpg');
    const location = { latitude: 1, longitude: 2 };
    assert.deepEqual(await read('', {}, { location, text: undefined }), location);
  });

  it('is a text of some length', async () => {
    assert.equal(await read(' Ana ', { kind: 'text' }), 'Ana');
    assert.deepEqual(await refusal(' ', { kind: 'text' }), ['text']);
    assert.deepEqual(await refusal(' \u200b\u202e ', { kind: 'text' }), ['text']);
    assert.deepEqual(await refusal('A', { kind: 'text', least: 2 }), ['tooShort', 2]);
    assert.deepEqual(await refusal('👍👍👍', { kind: 'text', most: 2 }), ['tooLong', 2]);
  });

  it('is a choice, pressed or typed, and says how', async () => {
    const how = async (text: string, message: Partial<Message> = {}) => {
      const judged = await answered(text, { kind: 'choice', choices: menu }, message);
      return judged.ok ? [judged.value, judged.choice?.how, judged.choice?.index] : judged.say;
    };
    const press = (id: string) => ({ interactive: { type: 'button_reply', button_reply: { id, title: 'x' } } });
    assert.deepEqual(await how('', press('support')), ['support', 'pressed', 1]);
    assert.deepEqual(await how('', press(tagged('support', 'ab12'))), ['support', 'pressed', 1]);
    assert.deepEqual(await how('2'), ['support', 'number', 1]);
    assert.deepEqual(await how('３）'), ['billing', 'number', 2]);
    assert.deepEqual(await how('sales'), ['sales', 'word', 0]);
    assert.deepEqual(await how('INVOICES'), ['billing', 'title', 2]);
    assert.deepEqual(await how('help'), ['support', 'word', 1]);
    assert.deepEqual(await how('tech'), ['support', 'title', 1]);
    assert.deepEqual(await how('4'), { phrase: 'choice', values: [] });
    assert.deepEqual(await how('pizza'), { phrase: 'choice', values: [] });
  });

  it('that fits two choices names both', async () => {
    const choices = [
      { id: 'a', title: 'Blue shoes' },
      { id: 'b', title: 'Blue shirt' },
    ];
    assert.deepEqual(await refusal('blue', { kind: 'choice', choices }), ['several', 'Blue shoes', 'Blue shirt']);
  });

  it('is yes or no, in the words that were offered or in any language', async () => {
    const choices = [
      { id: 'approve', title: 'Approve' },
      { id: 'refuse', title: 'Refuse' },
    ];
    for (const [text, expected] of Object.entries({
      approve: true,
      Refuse: false,
      '1': true,
      '2': false,
      sim: true,
      nein: false,
    }))
      assert.equal(await read(text, { kind: 'yesNo', choices }), expected, text);
    assert.deepEqual(await refusal('hm', { kind: 'yesNo', choices }), ['yesNo']);
  });

  it('is a number within limits', async () => {
    assert.equal(await read('about 1.500,5 kg', { kind: 'number' }), 1500.5);
    assert.deepEqual(await refusal('many', { kind: 'number' }), ['number']);
    assert.deepEqual(await refusal('1', { kind: 'number', least: 2 }), ['tooSmall', 2]);
    assert.deepEqual(await refusal('9', { kind: 'number', most: 5 }), ['tooLarge', 5]);
    assert.equal(await read('0', { kind: 'number', least: 0, most: 0 }), 0);
  });

  it('is a day as seen from when it was written', async () => {
    const createdAt = '2026-05-13T12:00:00Z';
    assert.equal(await read('tomorrow', { kind: 'date' }, { createdAt }), '2026-05-14');
    assert.deepEqual(await refusal('soon', { kind: 'date' }, { createdAt }), ['date', '2026-05-14']);
  });

  it('is a day of our own calendar where the server writes at the end of all times', async () => {
    const day = /^2\d{3}-\d\d-\d\d$/;
    for (const createdAt of ['+275760-09-13T00:00:00.000Z', '+010000-01-01T00:00:00Z', 'never', '']) {
      assert.match(String(await read('tomorrow', { kind: 'date' }, { createdAt })), day, createdAt);
      assert.match(String((await refusal('soon', { kind: 'date' }, { createdAt }))[1]), day, createdAt);
    }
  });

  it('is a time, an address, a number to call', async () => {
    assert.equal(await read('3pm', { kind: 'time' }), '15:00');
    assert.equal(await read('it is Ana@Example.com, thanks', { kind: 'email' }), 'ana@example.com');
    assert.deepEqual(await refusal('ana at example', { kind: 'email' }), ['email']);
    assert.deepEqual(await refusal('a@b.co or c@d.co', { kind: 'email' }), ['email']);
    assert.equal(await read('<Ana@Example.com>.', { kind: 'email' }), 'ana@example.com');
    for (const text of [
      'Ana@Example.com!',
      'ana @ example.com',
      '*ana@example.com*',
      "'ana@example.com'?",
      'ana＠example．com',
    ])
      assert.equal(await read(text, { kind: 'email' }), 'ana@example.com', text);
    assert.equal(await read('[ana@b.co](mailto:ana@b.co)', { kind: 'email' }), 'ana@b.co');
    assert.equal(await read("o'brien@b.co", { kind: 'email' }), "o'brien@b.co");
    assert.deepEqual(await refusal('ana@example..com', { kind: 'email' }), ['email']);
    assert.deepEqual(await refusal('@ '.repeat(50_000), { kind: 'email' }), ['email']);
    // A hundred thousand letters are looked at once, and not from each of them.
    assert.deepEqual(await refusal('a'.repeat(100_000), { kind: 'email' }), ['email']);
    assert.deepEqual(await refusal(`a@${'b.'.repeat(50_000)}`, { kind: 'email' }), ['email']);
    assert.equal(await read('(11) 99999-0001', { kind: 'phone', country: 'BR' }), '+5511999990001');
    assert.deepEqual(await refusal('12', { kind: 'phone', country: 'BR' }), ['phone']);
    const contact = { name: 'Ana', phones: [{ number: '+5511999990001' }], emails: [] };
    assert.equal(await read('', { kind: 'phone' }, { contact }), '+5511999990001');
  });

  it('is a place, or files', async () => {
    const location = { latitude: -23.5, longitude: -46.6 };
    assert.deepEqual(await read('', { kind: 'location' }, { location }), location);
    assert.deepEqual(await refusal('here', { kind: 'location' }), ['location']);
    assert.deepEqual(await refusal('later', { kind: 'media' }), ['media']);
    assert.deepEqual(await refusal('', { kind: 'media', least: 2 }, photo), ['tooFew', 2]);
    assert.deepEqual(await refusal('', { kind: 'media', most: 2 }, photo), ['tooBig', 2]);
    const both = await judge([says('', photo).message, says('', photo).message], { ...base, kind: 'media', least: 2 });
    assert.equal(both.ok && (both.value as unknown[]).length, 2);
  });

  it('fits a pattern, or a test that says what is wrong', async () => {
    const pattern = new Patterns(['^(?<year>\\d{4})-(\\d+)$']);
    const judged = await answered('2026-17', { kind: 'regex', pattern });
    assert.ok(judged.ok);
    assert.deepEqual([judged.value, judged.captures?.named], ['2026-17', { year: '2026' }]);
    assert.deepEqual(await refusal('x', { kind: 'regex', pattern }), ['invalid']);
    const test = async (text: string) => (text === 'even' ? true : text === 'odd' ? 'Only even ones.' : false);
    assert.equal(await read('even', { kind: 'test', test }), 'even');
    assert.deepEqual(await refusal('odd', { kind: 'test', test }), ['Only even ones.']);
    assert.deepEqual(await refusal('x', { kind: 'test', test }), ['invalid']);
  });
});
