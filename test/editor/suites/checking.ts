import { strict as assert } from 'node:assert';
import { palette } from '../../../nodes';
import type { Fields } from '../../../nodes/kit/fields';
import { Dialog, nodeOf, setProperties, type Values } from '../dialog';
import type { EditorSetup } from '../editor-setup';

/** What is typed into which field, and what is said about it. */
const wrong: [type: string, typed: Record<string, [value: string, words: RegExp]>][] = [
  [
    'linktor-config',
    {
      baseUrl: ['nonsense', /^Server URL: .*web address/m],
      timeout: ['601', /^Timeout: .*between 1 and 600 seconds/m],
      reconnectInterval: ['99', /between 100 and 60000 milliseconds/],
      wsUrl: ['mailto:x', /WebSocket or web address/],
    },
  ],
  ['linktor-config', { baseUrl: ['', /filled in/], maxRetries: ['-1', /Retries: .*between 0 and 10$/m] }],
  ['linktor-config', { baseUrl: ['https://linktor.example/?key=1', /web address/] }],
  ['linktor-config', { baseUrl: ['https://user:word@linktor.example', /web address/] }],
  ['linktor-config', { baseUrl: ['wss://linktor.example', /web address/] }],
  ['linktor-message-in', { textRule: ['regex', /^$/], textValue: ['(', /regular expression/] }],
  ['linktor-message-in', { textRule: ['regex', /^$/], textValue: ['^(?!stop)', /look-around/] }],
  ['linktor-message-in', { textRule: ['contains', /^$/], textValue: ['', /filled in/] }],
  ['linktor-message-in', { conversations: ['these', /^$/], conversationIds: ['', /filled in/] }],
  ['linktor-ai', { timeout: ['0', /between 1 and 600/] }],
];

/** Typed fields: where the value comes from, the value, and what is said about it. */
const wrongTyped: [type: string, field: string, source: string, value: string, words: RegExp][] = [
  ['linktor-ai', 'temperature', 'num', '3', /Temperature: .*between 0 and 2/],
  ['linktor-ai', 'maxTokens', 'num', '0', /at least 1/],
  ['linktor-ai', 'model', 'jsonata', '$uppercase(', /^Model: /],
  ['linktor-ai', 'model', 'msg', 'a..b', /^Model: /],
  ['linktor-send', 'metadata', 'json', '{"a":', /^Metadata: .*JSON/],
];

/** Whatever is wrong is said at once, and at the node. */
export function checking(setup: EditorSetup): void {
  const fieldsOf = (type: string): Fields => palette.find((one) => one.type === type)?.fields ?? {};
  const idOf = (type: string) => (type === 'linktor-config' ? 'account' : `first-${type}`);

  describe('says what is wrong', () => {
    for (const [type, typed] of wrong) {
      const about = Object.entries(typed).map(([field, [value]]) => `${field} "${value}"`);
      it(`${type}: ${about.join(', ')}`, async () => {
        const { page } = setup;
        const [id, fields] = [idOf(type), fieldsOf(type)];
        const right: Values = {};
        const checked = Object.entries(typed).filter(([, [, words]]) => !words.test(''));
        const dialog = await Dialog.open(page, type, id);
        for (const [field, [value]] of Object.entries(typed)) {
          right[field] = await dialog.input(field).inputValue();
          await dialog.fill(dialog.sourced(field, value, fields), fields);
        }
        // At once, also where another row has just decided what is right.
        for (const [field] of checked) assert.equal(await dialog.isWrong(field), true, `${field} at once`);
        await dialog.save();
        const { valid, problems } = await nodeOf(page, id);
        assert.equal(valid, false);
        assert.equal(problems.length, checked.length, problems.join('\n'));
        for (const [, [, words]] of checked) assert.match(problems.join('\n'), words);

        const again = await Dialog.open(page, type, id);
        for (const [field] of checked) assert.equal(await again.isWrong(field), true, `${field} when it is opened`);
        for (const [field, value] of Object.entries(right)) {
          await again.fill(again.sourced(field, String(value), fields), fields);
        }
        for (const [field] of checked) assert.equal(await again.isWrong(field), false, `${field} once it is mended`);
        await again.save();
        const mended = await nodeOf(page, id);
        assert.deepEqual([mended.valid, mended.problems], [true, []]);
      });
    }

    for (const [type, field, source, value, words] of wrongTyped) {
      it(`${type}: ${field} from ${source} "${value}"`, async () => {
        const { page } = setup;
        const [id, fields] = [idOf(type), fieldsOf(type)];
        const dialog = await Dialog.open(page, type, id);
        await dialog.fill({ [field]: value, [`${field}Type`]: source }, fields);
        assert.equal(await dialog.isWrong(field), true);
        await dialog.save();
        assert.match((await nodeOf(page, id)).problems.join('\n'), words);
        const again = await Dialog.open(page, type, id);
        await again.fill({ [field]: '', [`${field}Type`]: String(fields[field]?.types?.[0]) }, fields);
        await again.save();
        assert.deepEqual((await nodeOf(page, id)).problems, []);
      });
    }

    it('a path of a new webhook outside of our own, which may be a route of somebody else', async () => {
      const { page } = setup;
      const [type, id] = ['linktor-webhook-in', 'first-linktor-webhook-in'];
      await setProperties(page, id, { path: '/stored/long/ago' });
      const dialog = await Dialog.open(page, type, id);
      assert.equal(await dialog.isWrong('path'), false, 'what is stored keeps its path');
      for (const [path, isWrong] of [
        ['/flows', true],
        ['/auth/token', true],
        ['/', true],
        ['/linktor/', true],
        ['/linktors/x', true],
        ['/linktor/orders', false],
        ['linktor/orders', false],
        ['', false],
        ['/stored/long/ago', false],
      ] as const) {
        await dialog.fill({ path }, fieldsOf(type));
        assert.equal(await dialog.isWrong('path'), isWrong, path);
      }
      await dialog.cancel();
      await setProperties(page, id, { path: '' });
    });

    it('a config node that is not there', async () => {
      const { page } = setup;
      const id = 'first-linktor-send';
      for (const config of ['', 'nowhere']) {
        await setProperties(page, id, { config });
        const dialog = await Dialog.open(page, 'linktor-send', id);
        await dialog.save();
        assert.equal((await nodeOf(page, id)).valid, false);
      }
      await setProperties(page, id, { config: 'account' });
      const dialog = await Dialog.open(page, 'linktor-send', id);
      await dialog.save();
      assert.equal((await nodeOf(page, id)).valid, true);
    });

    for (const { type, fields } of palette) {
      const tick = Object.entries(fields).find(([, { kind, required }]) => kind === 'flag' && required);
      if (!tick) continue;
      const [name, { row }] = tick;
      it(`${type}: "${name}" is not ticked where it has to be`, async () => {
        const { page } = setup;
        const id = idOf(type);
        const dialog = await Dialog.open(page, type, id);
        for (const [choice, options] of Object.entries(row.when ?? {})) {
          await dialog.fill({ [choice]: options[0] }, fields);
        }
        assert.equal(await dialog.isWrong(name), true);
        await dialog.input(name).check();
        assert.equal(await dialog.isWrong(name), false);
        await dialog.input(name).uncheck();
        for (const choice of Object.keys(row.when ?? {})) {
          await dialog.fill({ [choice]: fields[choice]?.initial }, fields);
        }
        assert.equal(await dialog.isWrong(name), false, 'nobody has to tick what is not shown');
        await dialog.cancel();
      });
    }
  });
}
