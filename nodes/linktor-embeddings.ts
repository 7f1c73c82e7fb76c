import { cosine } from '../lib/ai/vectors';
import { invalid, LinktorError, toLinktorError } from '../lib/errors';
import type { Embeddings, Usage } from '../lib/model';
import { describe } from '../lib/text';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, choice, dynJson, number, typed, type Values } from './kit/fields';

const embed = { operation: ['embed'] };
const similarity = { operation: ['similarity'] };
/** concurrent requests */
const MAX_PARALLEL_REQUESTS = 2;

const fields = {
  operation: choice(['embed', 'similarity'], { icon: 'tasks' }),
  input: typed('payload', {
    types: ['msg', 'str', 'json', 'flow', 'global', 'env', 'jsonata'],
    required: true,
    icon: 'font',
    when: embed,
  }),
  model: typed('model', { convert: as.id, icon: 'microchip', when: embed }),
  batch: number(50, { min: 1, max: 1000, icon: 'cubes', advanced: true, when: embed }),
  first: typed('payload[0]', {
    types: dynJson,
    required: true,
    convert: vector,
    icon: 'long-arrow-right',
    when: similarity,
  }),
  second: typed('payload[1]', {
    types: dynJson,
    required: true,
    convert: vector,
    icon: 'long-arrow-up',
    when: similarity,
  }),
};

/** Convert texts into vectors, and compare two texts. */
export default action({
  type: 'linktor-embeddings',
  outputs: ['done'],
  result: 'payload',
  busy: 'asking',
  fields,
  async run(context): Promise<Outcome> {
    const { operation, first, second, input } = context.values;
    if (operation === 'similarity') return { result: cosine(first, second) };
    if (!Array.isArray(input)) return vectors(context, [textIn(input, 'input')], ([only]) => only);
    const texts = input.map((text, index) => textIn(text, `input[${index}]`));
    return vectors(context, texts, (all) => all);
  },
});

/** Embed texts in batches, two at a time; the vectors are in the order of the texts. */
async function vectors(
  { client, values, progress }: ActionContext<Values<typeof fields>>,
  texts: readonly string[],
  shown: (vectors: number[][]) => unknown,
): Promise<Outcome> {
  const { batch, model } = values;
  const portions = Array.from({ length: Math.ceil(texts.length / batch) }, (_, at) =>
    texts.slice(at * batch, (at + 1) * batch),
  );
  const answers: Embeddings[] = [];
  let next = 0;
  let done = 0;
  let failed: { error: unknown; first: number } | undefined;
  const work = async () => {
    for (let at = next++; at < portions.length; at = next++) {
      try {
        const portion = portions[at] as string[];
        answers[at] = await client.ai.embedAll(portion, model);
        done += portion.length;
        if (portions.length > 1) progress(done, texts.length);
        const dimension = answers.find((one) => one)?.dimension;
        if (answers[at]?.dimension !== dimension) throw unequal(dimension, answers[at]?.dimension);
      } catch (error) {
        // Further batches would be wasted.
        next = portions.length;
        failed ??= { error, first: at * batch };
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL_REQUESTS }, work));
  if (failed) throw partly(failed.error, failed.first, portions.length > 1 ? answers : [], batch);
  const all = answers.flatMap((answer) => answer.vectors);
  const embeddings = { model: answers[0]?.model ?? model, dimension: all[0]?.length ?? 0, usage: sum(answers) };
  return { result: shown(all), properties: { embeddings } };
}

/** Add the index in the user's list and the completed results. @param first index of the first text of the request */
function partly(
  error: unknown,
  first: number,
  answers: readonly (Embeddings | undefined)[],
  batch: number,
): LinktorError {
  const { code, message, cause } = toLinktorError(error);
  const own = message.replace(/input\[(\d+)\]/g, (_whole, index: string) => `input[${first + Number(index)}]`);
  const vectors = answers.flatMap((answer, at) =>
    (answer?.vectors ?? []).map((vector, index) => ({ index: at * batch + index, vector })),
  );
  const kept = answers.flatMap((answer) => answer ?? []);
  const reason = cause.details === undefined ? {} : { reason: cause.details };
  if (kept.length === 0) return new LinktorError(code, own, { ...cause, details: { ...reason, first } });
  return new LinktorError(code, `${own} (${vectors.length} texts are done: see cause.details.vectors)`, {
    ...cause,
    details: { ...reason, first, vectors, usage: sum(kept) },
  });
}

function unequal(one: number | undefined, other: number | undefined): LinktorError {
  return new LinktorError('serialization', `The vectors differ in length: ${one} and ${other}.`, {
    hint: 'The server has answered with vectors of two models: name the model.',
  });
}

function sum(answers: readonly Embeddings[]): Usage {
  const usage: Usage = {};
  for (const { usage: used = {} } of answers) {
    for (const [key, count] of Object.entries(used) as [keyof Usage, number][]) usage[key] = (usage[key] ?? 0) + count;
  }
  return usage;
}

function textIn(text: unknown, name: string): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw invalid(
    `"${name}" must be a text, not ${describe(text)}.`,
    'Give a text, or a list of texts none of which is empty.',
  );
}

function vector(value: unknown, name: string): number[] {
  if (Array.isArray(value) && value.length > 0 && value.every(Number.isFinite)) return value;
  throw invalid(
    `The field "${name}" must be a vector: a list of numbers.`,
    'Give two vectors, such as the embedding node makes them, as a list in msg.payload.',
  );
}
