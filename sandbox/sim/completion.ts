import type { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { answer, paragraphs, type Source } from './answer';
import { words } from './words';
import type { World } from './world';

const ROLES = ['system', 'user', 'assistant', 'tool'] as const;
const MAX_CHUNKS_PER_BASE = 3;

export interface Turn {
  role: (typeof ROLES)[number];
  content: string;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
}

/** Reads the chat turns in `messages`; undefined when the body has none. */
export function readTurns(form: Form): Turn[] | undefined {
  const turns = form.forms('messages')?.map((turn) => {
    const role = turn.needChoice('role', ROLES);
    return { role, content: role === 'assistant' ? (turn.text('content') ?? '') : turn.needText('content') };
  });
  if (turns?.length === 0) throw invalid('messages', 'must have at least one message');
  return turns;
}

/**
 * Answers the last user turn from the other turns and the given knowledge bases.
 *
 * @throws a 400 Problem for an unknown base or without a user turn
 */
export function completeTurns(world: World, turns: Turn[], baseIds: string[]): { text: string; usage: Usage } {
  const at = turns.findLastIndex(({ role }) => role === 'user');
  const question = turns[at]?.content;
  if (question === undefined) throw invalid('messages', 'must have a message of the user');
  const context = turns.filter((_, index) => index !== at).flatMap(({ content }) => paragraphs(content));
  const known = world.state.facts.get(question.trim().toLowerCase());
  const text = known ?? answer(question, [...context, ...fromBases(world, baseIds, question)]);
  const promptTokens = turns.reduce((sum, { content }) => sum + words(content).length, 0);
  const completionTokens = words(text).length;
  return { text, usage: { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens } };
}

function fromBases({ state, knowledge }: World, baseIds: string[], question: string): Source[] {
  return baseIds.flatMap((id) => {
    const base = state.bases.get(id);
    if (!base) throw invalid('knowledgeBaseIds', `has no knowledge base ${id}`);
    const found = knowledge.search(base, question).slice(0, MAX_CHUNKS_PER_BASE);
    return found.map(({ chunk, document }) => ({ title: document.name, text: chunk.content }));
  });
}
