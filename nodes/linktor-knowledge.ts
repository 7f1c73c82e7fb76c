import type { Chunk } from '../lib/model';
import { action } from './kit/define';
import { as, choice, dynNumber, typed } from './kit/fields';

type Returns = 'chunks' | 'text' | 'best';

/** Ask a knowledge base. With nothing found the second output goes on, with the question as it was. */
export default action({
  type: 'linktor-knowledge',
  outputs: ['found', 'none'],
  result: 'payload',
  busy: 'asking',
  fields: {
    base: typed('base', { required: true, convert: as.string, pick: 'knowledgeBases', icon: 'book' }),
    question: typed('payload', { required: true, convert: as.string, icon: 'question' }),
    topK: typed('topK', { types: dynNumber, convert: as.number(1, 100), icon: 'list-ol' }),
    minScore: typed('minScore', { types: dynNumber, convert: as.number(), icon: 'filter' }),
    returns: choice(['chunks', 'text', 'best'], { icon: 'reply' }),
  },
  async run({ client, values: { base, question, topK = 5, minScore, returns } }) {
    const began = Date.now();
    const { chunks, model } = await client.knowledgeBases.query({ base, query: question, topK, minScore });
    const best = chunks[0];
    const knowledge = { query: question, chunks, best, model, base, took: Date.now() - began };
    if (!best) return { result: undefined, keep: true, port: 1, also: { knowledge } };
    return { result: answer(returns as Returns, chunks, best), also: { knowledge } };
  },
});

function answer(returns: Returns, chunks: readonly Chunk[], best: Chunk): unknown {
  if (returns === 'best') return best.content;
  if (returns === 'text') return chunks.map((chunk) => withSource(chunk)).join('\n\n');
  return chunks.map(({ content, score, documentId, title, metadata }) => ({
    content,
    score,
    documentId,
    title,
    metadata,
  }));
}

function withSource({ content, title }: Chunk): string {
  return title === undefined ? content : `${content}\n(${title})`;
}
