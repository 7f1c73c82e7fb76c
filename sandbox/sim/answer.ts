import { type Passage, Ranking } from './ranking';
import { sentences } from './words';

export interface Source {
  /** Heading of the text, if it has one. */
  title: string;
  text: string;
}

const MARK = '(sandbox answer)';
const UNKNOWN = `I am sorry, I do not know the answer to that. ${MARK}`;
/** Share of the question that a sentence has to cover to count as an answer. */
const ENOUGH = 0.3;
/** A sentence this close to the best one is part of the answer. */
const CLOSE = 0.75;
const MOST_SENTENCES = 3;

/** Answers a question with sentences taken from `sources`, marked as coming from a sandbox. */
export function answer(question: string, sources: Source[]): string {
  const passages = unique(sources.flatMap(({ title, text }) => statements(text).map((line) => ({ title, line })))).map(
    ({ title, line }, index): Passage => ({ id: String(index), title, text: line }),
  );
  const hits = new Ranking(passages).search(question);
  const best = hits[0];
  if (!best || best.coverage < ENOUGH) return UNKNOWN;
  const place = Number(best.id);
  const others = hits
    .filter((hit) => hit !== best && hit.score >= CLOSE * best.score)
    .map(({ id }) => Number(id))
    .sort((a, b) => a - b)
    .slice(0, MOST_SENTENCES - 1);
  const chosen = [place, ...others].sort((a, b) => a - b).map((index) => passages[index]?.text);
  return `${chosen.join(' ')} ${MARK}`;
}

/** The paragraphs of a text; a short first line without a full stop is the heading of the others. */
export function paragraphs(text: string): Source[] {
  return text.split(/\n\s*\n/).map((paragraph) => {
    const [first = '', ...rest] = paragraph.trim().split('\n');
    const heading = rest.length > 0 && first.length <= 80 && !/[.!?]$/.test(first.trim());
    return heading ? { title: unmarked(first), text: rest.join('\n') } : { title: '', text: paragraph };
  });
}

/** Sentences that state something, without list marks; a question answers nothing. */
function statements(text: string): string[] {
  return sentences(text)
    .map(unmarked)
    .filter((line) => line !== '' && !line.endsWith('?'));
}

function unmarked(line: string): string {
  return line
    .replace(/^\s*(?:[-*•#>]+|\[\d+\]|\(?\d{1,2}[.):](?!\d))\s*/, '')
    .replace(MARK, '')
    .trim();
}

function unique<T extends { line: string }>(items: T[]): T[] {
  return [...new Map(items.map((item) => [item.line, item])).values()];
}
