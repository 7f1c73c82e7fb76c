import { type Passage, Ranking } from './ranking';
import { sentences } from './words';

export interface Source {
  /** Heading of the text, if it has one. */
  title: string;
  text: string;
}

const SANDBOX_MARK = '(sandbox answer)';
const UNKNOWN_ANSWER = `I am sorry, I do not know the answer to that. ${SANDBOX_MARK}`;
/** Minimum coverage of the question for a sentence to count as an answer. */
const MIN_COVERAGE = 0.3;
/** Minimum score, relative to the best sentence, to become part of the answer. */
const MIN_RELATIVE_SCORE = 0.75;
const MAX_SENTENCES = 3;

/** Answers a question with sentences from `sources`, marked as a sandbox answer. */
export function answer(question: string, sources: Source[]): string {
  const passages = uniqueLines(
    sources.flatMap(({ title, text }) => statements(text).map((line) => ({ title, line }))),
  ).map(({ title, line }, index): Passage => ({ id: String(index), title, text: line }));
  const hits = new Ranking(passages).search(question);
  const best = hits[0];
  if (!best || best.coverage < MIN_COVERAGE) return UNKNOWN_ANSWER;
  const place = Number(best.id);
  const others = hits
    .filter((hit) => hit !== best && hit.score >= MIN_RELATIVE_SCORE * best.score)
    .map(({ id }) => Number(id))
    .sort((a, b) => a - b)
    .slice(0, MAX_SENTENCES - 1);
  const chosen = [place, ...others].sort((a, b) => a - b).map((index) => passages[index]?.text);
  return `${chosen.join(' ')} ${SANDBOX_MARK}`;
}

/** Splits a text into paragraphs; a short first line without a full stop is the heading. */
export function paragraphs(text: string): Source[] {
  return text.split(/\n\s*\n/).map((paragraph) => {
    const [first = '', ...rest] = paragraph.trim().split('\n');
    const heading = rest.length > 0 && first.length <= 80 && !/[.!?]$/.test(first.trim());
    return heading ? { title: stripMarkers(first), text: rest.join('\n') } : { title: '', text: paragraph };
  });
}

/** The statements of a text, without list markers and without questions. */
function statements(text: string): string[] {
  return sentences(text)
    .map(stripMarkers)
    .filter((line) => line !== '' && !line.endsWith('?'));
}

function stripMarkers(line: string): string {
  return line
    .replace(/^\s*(?:[-*•#>]+|\[\d+\]|\(?\d{1,2}[.):](?!\d))\s*/, '')
    .replace(SANDBOX_MARK, '')
    .trim();
}

function uniqueLines<T extends { line: string }>(items: T[]): T[] {
  return [...new Map(items.map((item) => [item.line, item])).values()];
}
