import { setTimeout as pause } from 'node:timers/promises';
import { LinktorError } from '../errors';
import type { SocketState } from '../realtime';

/** The live side, as far as the sign needs it. */
export interface TypingSource {
  /** @returns false when it cannot be sent */
  typing(conversationId: string, isTyping: boolean): boolean;
  onState(listener: (state: SocketState) => void): void;
  readonly state: SocketState;
}

/** milliseconds after which the sign fades on the other side, unless it is given again */
const REPEAT_MS = 4000;
/** milliseconds that the connection may take to open */
const OPEN_TIMEOUT_MS = 10_000;

/** Channels that have no such sign for the customer. */
const without = new Set(['whatsapp', 'whatsapp_official', 'sms', 'instagram', 'email', 'voice']);

export function hasTyping(channelType: unknown): boolean {
  return !without.has(String(channelType));
}

/** @returns why nobody can be told now, unless the connection stands or is being made */
export function typingProblem(state: SocketState): LinktorError | undefined {
  if (state.name === 'open' || state.name === 'connecting') return undefined;
  const code = state.name === 'refused' ? state.code : 'websocket';
  return new LinktorError(code, `Nobody can be told that somebody is typing: ${reasonOf(state)}.`, {
    hint: 'Typing needs the realtime connection; what came in has gone on all the same.',
  });
}

function reasonOf(state: SocketState): string {
  return 'reason' in state ? state.reason : `the realtime connection is ${state.name}`;
}

/**
 * Say that somebody is typing, again and again, until the time is over or the signal ends it.
 * @param milliseconds 0: only once
 * @throws LinktorError `websocket` when the connection does not open, or this server knows no such sign
 */
export async function keepTyping(
  line: TypingSource,
  conversationId: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  await waitForOpen(line, signal);
  const end = Date.now() + milliseconds;
  if (!signal.aborted && !line.typing(conversationId, true)) throw typingProblem({ ...line.state, name: 'closed' });
  for (let left = milliseconds; left > 0 && !signal.aborted; left = end - Date.now()) {
    await pause(Math.min(REPEAT_MS, left), undefined, { signal }).catch(ended);
    // A sign that gets lost is no failure: the next one follows.
    if (!signal.aborted && Date.now() < end) line.typing(conversationId, true);
  }
}

/** milliseconds that a letter takes to be typed, and a message at most */
const [perLetter, longest] = [40, 8000];

/** @returns milliseconds that somebody would take to type this */
export function typingTime(text: unknown): number {
  return Math.min(longest, String(text ?? '').length * perLetter);
}

/** Show the sign for a while, and take it away. It is a courtesy: where it cannot be shown, nothing waits for it. */
export async function showTyping(
  line: TypingSource,
  conversationId: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (milliseconds <= 0) return;
  try {
    await keepTyping(line, conversationId, milliseconds, signal);
    line.typing(conversationId, false);
  } catch {
    // Nobody can be told.
  }
}

/** Somebody has ended the pause, which is what the signal is for. */
function ended(): void {}

function waitForOpen(line: TypingSource, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (state: SocketState) => {
      const problem = typingProblem(state);
      if (!problem && state.name !== 'open' && !signal.aborted) return;
      clearTimeout(timer);
      signal.removeEventListener('abort', look);
      if (problem && !signal.aborted) reject(problem);
      else resolve();
    };
    const look = () => settle(line.state);
    const timer = setTimeout(() => settle({ name: 'closed', since: Date.now() }), OPEN_TIMEOUT_MS);
    signal.addEventListener('abort', look);
    line.onState(settle);
    look();
  });
}
