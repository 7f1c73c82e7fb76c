import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { Judged } from '../../../lib/dialogue/answer';
import {
  beginForm,
  CONFIRMING,
  confirmChoices,
  continueForm,
  type FormField,
  type FormRules,
  type FormState,
  type FormStep,
  missingOf,
} from '../../../lib/dialogue/form';

const field = (key: string, overrides: Partial<FormField> = {}): FormField => ({
  key,
  question: `${key}?`,
  kind: 'text',
  choices: [],
  required: true,
  ...overrides,
});

const fields = [field('name'), field('company', { required: false }), field('tax_number'), field('size')];

/** A form in which "bad" is refused everywhere, and private people have no tax number. */
function rulesFor(said: () => string, overrides: Partial<FormRules> = {}): FormRules {
  return {
    fields,
    language: 'en-US',
    confirm: false,
    backWords: ['back'],
    skipWords: ['skip'],
    whyWords: ['why'],
    choose: async () => undefined,
    skips: async ({ key }, values) => key === 'tax_number' && !('company' in values),
    judge: async (): Promise<Judged> =>
      said() === 'bad' ? { ok: false, say: { phrase: 'invalid' } } : { ok: true, value: said() },
    ...overrides,
  };
}

/** Answers one after the other. @returns the last step, and what was asked */
async function play(answers: string[], known: Record<string, unknown> = {}, overrides: Partial<FormRules> = {}) {
  let said = '';
  const rules = rulesFor(() => said, overrides);
  let step = await beginForm(rules, known);
  let state = 'state' in step ? step.state : undefined;
  const asked: string[] = [describeStep(step)];
  for (said of answers) {
    if (!state || step.kind === 'complete') break;
    step = await continueForm(rules, state, said);
    if ('state' in step) state = step.state;
    asked.push(describeStep(step));
  }
  return { step, state: state as FormState, asked: asked.join(' ') };
}

function describeStep(step: FormStep): string {
  return step.kind === 'ask' ? step.field.key : step.kind;
}

describe('a form', () => {
  it('asks one field after the other', async () => {
    const { asked, state } = await play(['Ana', 'ACME', '123', '7']);
    assert.equal(asked, 'name company tax_number size complete');
    assert.deepEqual(state.values, { name: 'Ana', company: 'ACME', tax_number: '123', size: '7' });
    assert.deepEqual(state.asked, ['name', 'company', 'tax_number', 'size']);
  });

  it('does not ask what is known, and keeps what belongs to no field', async () => {
    const { asked, state } = await play(['ACME'], { name: 'Ana', tax_number: 1, size: 2, source: 'web', empty: '' });
    assert.equal(asked, 'company complete');
    assert.equal(state.values.source, 'web');
  });

  it('asks for what has the name of something that every object has', async () => {
    const named = { fields: [field('constructor'), field('toString')] };
    const { asked, state } = await play(['a', 'b'], {}, named);
    assert.equal(asked, 'constructor toString complete');
    assert.deepEqual({ ...state.values }, { constructor: 'a', toString: 'b' });
  });

  it('is complete at once when all is known', async () => {
    assert.equal((await play([], { name: 'A', company: 'B', tax_number: 'C', size: 'D' })).asked, 'complete');
  });

  it('asks again for what does not fit', async () => {
    assert.equal((await play(['bad', 'Ana'])).asked, 'name again company');
  });

  it('lets a person skip what is not required, and what depends on it', async () => {
    const { asked, state } = await play(['skip', 'Ana', 'SKIP.', '7']);
    assert.equal(asked, 'name again company size complete');
    assert.deepEqual([state.skipped, state.values], [['company'], { name: 'Ana', size: '7' }]);
    assert.deepEqual(missingOf(fields, state), ['tax_number']);
  });

  it('goes back, keeps the rest, and notes what has changed', async () => {
    const { asked, state } = await play(['Ana', 'ACME', 'back', 'Umbrella', '123', '7']);
    assert.equal(asked, 'name company tax_number company tax_number size complete');
    assert.equal(state.values.company, 'Umbrella');
    assert.deepEqual(state.changed, ['company']);
    assert.equal((await play(['back', 'Ana'])).asked, 'name name company');
    // Before the first one there is none, whatever has been answered.
    assert.equal((await play(['Ana', 'back', 'back', 'Eva'])).asked, 'name company name name company');
  });

  it('asks whether all is right, and changes one field', async () => {
    const confirm = { confirm: true };
    const { asked, state } = await play(['Ana', 'skip', '7', 'hm', 'change name', 'Eva', 'yes'], {}, confirm);
    assert.equal(asked, 'name company size confirm again name confirm complete');
    assert.deepEqual([state.values.name, state.changed, state.at], ['Eva', ['name'], CONFIRMING]);
  });

  it('says why on demand, which is no attempt', async () => {
    const why = rulesFor(() => '', {
      fields: [field('name', { why: 'We write to you.' }), field('size', { required: false })],
    });
    const begun = (await beginForm(why, {})) as Extract<FormStep, { kind: 'ask' }>;
    const first = await continueForm(why, begun.state, 'Why?');
    assert.deepEqual(first, { kind: 'again', say: { text: 'We write to you.' }, isAttempt: false });
    const second = await continueForm(why, { ...begun.state, at: 'size' }, 'why');
    assert.match(JSON.stringify(second), /You can also skip it/);
  });

  it('offers yes, each answer to be changed, and the end of it', async () => {
    const { state } = await play(['Ana', 'skip', '7'], {}, { confirm: true });
    const rules = rulesFor(() => '', { confirm: true });
    assert.deepEqual(
      confirmChoices(rules, state).map(({ id }) => id),
      ['yes', 'change:name', 'change:company', 'change:size', 'cancel'],
    );
    const picks = (id: string) => continueForm({ ...rules, choose: async () => id }, state, 'pressed');
    assert.equal((await picks('yes')).kind, 'complete');
    assert.equal((await picks('cancel')).kind, 'cancel');
    assert.equal(describeStep(await picks('change:size')), 'size');
  });

  it('goes on after a deploy that took the field away', async () => {
    const { state } = await play(['Ana']);
    const rules = rulesFor(() => 'x', { fields: [field('name'), field('colour')] });
    assert.equal(describeStep(await continueForm(rules, state, 'ACME')), 'colour');
  });

  it('always ends, with a value for every required field that was asked, whatever is answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('back', 'skip', 'bad', 'x', 'y')), async (answers) => {
        const { step, state } = await play([...answers, ...Array.from({ length: 5 }, () => 'end')]);
        assert.equal(step.kind, 'complete');
        for (const { key, required } of fields) {
          if (required && state.asked.includes(key)) assert.ok(key in state.values, key);
        }
      }),
    );
  });
});
