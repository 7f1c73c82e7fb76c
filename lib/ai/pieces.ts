import { type AlternativeAnswer, isObject, type ToolCall } from '../model';

/**
 * Merge the tool calls in one piece of a stream into the calls received so far: later pieces continue the arguments of
 * a call with the same index.
 * @param calls the calls so far; modified
 */
export function addToolCalls(calls: ToolCall[], pieces: readonly ToolCall[]): void {
  for (const piece of pieces) {
    const before = piece.index === undefined ? undefined : calls.find(({ index }) => index === piece.index);
    if (!before) {
      calls.push({ ...piece });
      continue;
    }
    const [held, more] = [before.function, piece.function];
    const { function: _function, ...rest } = piece;
    Object.assign(
      before,
      Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined && value !== null)),
    );
    if (!isObject(more)) continue;
    const known = isObject(held) ? held : {};
    const joined = [known.arguments, more.arguments].filter((one) => typeof one === 'string').join('');
    before.function = { ...known, ...more, name: known.name ?? more.name, arguments: joined };
  }
}

/**
 * Merge the pieces of the answers after the first into what was received of them so far.
 * @param answers the answers so far; modified
 */
export function addAlternatives(answers: AlternativeAnswer[], pieces: readonly AlternativeAnswer[]): void {
  for (const { text, toolCalls = [], refusal, ...facts } of pieces) {
    let before = answers.find(({ index }) => index === facts.index);
    if (!before) {
      before = { text: '' };
      answers.push(before);
    }
    Object.assign(before, facts);
    before.text += text;
    if (refusal !== undefined) before.refusal = (before.refusal ?? '') + refusal;
    if (toolCalls.length === 0) continue;
    before.toolCalls ??= [];
    addToolCalls(before.toolCalls, toolCalls);
  }
}

const MAX_SOURCES = 1000;

/**
 * Add sources to those received so far: some servers repeat all of them with each piece.
 * @param sources the sources so far; modified
 */
export function addSources(sources: unknown[], pieces: readonly unknown[]): void {
  const known = new Set(sources.map((one) => JSON.stringify(one)));
  for (const piece of pieces) {
    if (sources.length >= MAX_SOURCES) return;
    const text = JSON.stringify(piece);
    if (known.has(text)) continue;
    known.add(text);
    sources.push(piece);
  }
}
