import { strict as assert } from 'node:assert';
import type { Action } from '../../nodes/kit/define';
import { checks, choice, flag, number, text, typed } from '../../nodes/kit/fields';
import { type FlowNode, setUpFlows } from '../support/flows';
import { trial, trialNode } from '../support/trial';

const variable = (name: string) => ['$', `{${name}}`].join('');

const fields = {
  words: text(''),
  mode: choice(['plain', 'regex', 'other']),
  pattern: text('', { regexWhen: { mode: ['regex'] } }),
  code: text('', { isCode: true }),
  figure: number(3, { min: 1, max: 50 }),
  where: typed('where'),
  on: flag(true),
  signs: checks(['plain', 'other'], ['plain'], { noneMeansNone: true }),
};

describe('environment variables in fields', () => {
  const { play } = setUpFlows();
  const echo: Action['run'] = async ({ values }) => ({ result: values });
  const set = { LINKTOR_TEST_TOWN: 'Recife', LINKTOR_TEST_COUNT: '7', LINKTOR_TEST_MODE: 'other' };

  beforeEach(() => void Object.assign(process.env, set));
  afterEach(() => {
    for (const name of Object.keys(set)) delete process.env[name];
  });

  /** Plays a node of this version with the settings. @returns the values, or the error */
  async function read(more: Record<string, unknown>) {
    const nodes: FlowNode[] = trialNode({ version: 2, ...more });
    const { node, probe, caught } = await play(nodes, { load: trial(echo, { fields }) });
    node('node').receive({});
    const { payload, error } = await Promise.race([probe('out').first(), caught.first()]);
    return { values: payload as Record<string, unknown>, error };
  }
  const [town, count, mode, nowhere] = ['TOWN', 'COUNT', 'MODE', 'NOWHERE'].map((name) =>
    variable(`LINKTOR_TEST_${name}`),
  );

  it('are filled in inside of texts, and as figures and choices', async () => {
    const { values } = await read({ words: `from ${town} to ${town}`, figure: count, mode });
    assert.deepEqual([values.words, values.figure, values.mode], ['from Recife to Recife', 7, 'other']);
  });

  for (const [given, on] of [
    ['true', true],
    [' FALSE ', false],
  ] as const) {
    it(`are a yes or a no: ${given}`, async () => {
      process.env.LINKTOR_TEST_TOWN = given;
      assert.equal((await read({ on: town })).values.on, on);
    });
  }

  it('are several choices', async () => {
    process.env.LINKTOR_TEST_TOWN = 'plain, other';
    assert.deepEqual((await read({ signs: town })).values.signs, ['plain', 'other']);
  });

  it('are some of several choices', async () => {
    process.env.LINKTOR_TEST_TOWN = 'other, third';
    assert.deepEqual((await read({ signs: ['plain', town] })).values.signs, ['plain', 'other', 'third']);
  });

  it('are left alone in patterns and in code', async () => {
    const { values } = await read({ pattern: `^${town}a`, code: `$x${town}y` });
    assert.deepEqual([values.pattern, values.code], [`^${town}a`, `$x${town}y`]);
  });

  it('are left alone in texts that 0.1.0 stored', async () => {
    const { values } = await read({ version: undefined, words: `from ${town}` });
    assert.equal(values.words, `from ${town}`);
  });

  for (const [where, value] of [
    [`https://${town}.example/x`, 'https://Recife.example/x'],
    ['LINKTOR_TEST_TOWN', 'Recife'],
  ]) {
    it(`are filled in inside of what comes from the environment: ${where}`, async () => {
      assert.equal((await read({ where, whereType: 'env' })).values.where, value);
    });
  }

  for (const [what, settings] of [
    ['words', { words: `from ${town} to ${nowhere}` }],
    ['figure', { figure: nowhere }],
    ['mode', { mode: nowhere }],
    ['signs', { signs: nowhere }],
    ['signs', { signs: ['plain', nowhere] }],
    ['where', { where: `https://${nowhere}/x`, whereType: 'env' }],
    ['where', { where: 'LINKTOR_TEST_NOWHERE', whereType: 'env' }],
  ] as const) {
    it(`are named where they are not set: ${JSON.stringify(settings)}`, async () => {
      const { error } = await read(settings);
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', new RegExp(`"LINKTOR_TEST_NOWHERE".*"${what}" is not set`));
    });
  }

  it('may be in the name of a node, which is for its author', async () => {
    const { values, error } = await read({ name: `costs in ${nowhere}`, words: 'fine' });
    assert.equal(error, undefined);
    assert.equal(values.words, 'fine');
  });

  for (const [settings, message] of [
    [{ figure: town }, /"figure" must be a number/],
    [{ mode: town }, /"mode" has no choice/],
    [{ on: town }, /"on" must be true or false, not "Recife"/],
    [{ signs: town }, /"signs" has no choice "Recife"/],
  ] as const) {
    it(`are an error where they do not fit: ${JSON.stringify(settings)}`, async () => {
      assert.match((await read(settings)).error?.message ?? '', message);
    });
  }
});
